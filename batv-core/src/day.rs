//! Days as tags count them, and how many of them a tag is good for.

use core::fmt;

/// How many days ahead an expiry day may lie; what lies further ahead has passed.
const DAYS_AHEAD: u16 = 100;

/// How many days a tag is good for after the day it is made, 1 to 99; 7 unless set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lifetime(u8);

impl Lifetime {
    /// A lifetime in days.
    ///
    /// # Errors
    /// [`LifetimeError`] for anything but 1 to 99.
    pub fn from_days(days: u8) -> Result<Self, LifetimeError> {
        match days {
            1..=99 => Ok(Self(days)),
            _ => Err(LifetimeError(days)),
        }
    }

    /// The days.
    #[must_use]
    pub fn days(self) -> u8 {
        self.0
    }
}

impl Default for Lifetime {
    fn default() -> Self {
        Self(7)
    }
}

/// A lifetime of no days, or of more than 99.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifetimeError(u8);

impl fmt::Display for LifetimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lifetime of {} days is not one of 1 to 99", self.0)
    }
}

impl core::error::Error for LifetimeError {}

/// A day as tags have it: days since 1970-01-01 UTC, modulo 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Day(u16);

impl Day {
    /// The seconds of a day.
    pub const SECONDS: u64 = 86_400;

    /// The day of a time in UNIX seconds.
    #[must_use]
    pub fn at(time: u64) -> Self {
        // Below 1000, so the conversion never fails.
        Self(u16::try_from(time / Self::SECONDS % 1000).unwrap_or_default())
    }

    /// The day that many days later.
    #[must_use]
    pub fn plus(self, days: Lifetime) -> Self {
        Self((self.0 + u16::from(days.0)) % 1000)
    }

    /// The days from `today` to this expiry day, 0 to 100, or None when it has passed.
    ///
    /// Days are compared modulo 1000 (the draft's MUST), and no lifetime is asked for: the tag
    /// says itself when it expires.
    #[must_use]
    pub fn days_left(self, today: Self) -> Option<u8> {
        let left = (self.0 + 1000 - today.0) % 1000;
        if left <= DAYS_AHEAD { u8::try_from(left).ok() } else { None }
    }

    /// The day's number, 0 to 999.
    #[must_use]
    pub fn get(self) -> u16 {
        self.0
    }

    /// The day that three digits stand for.
    pub(crate) fn from_digits(digits: [u8; 3]) -> Option<Self> {
        let number = digits.iter().fold(0, |number, digit| number * 10 + u16::from(digit & 15));
        digits.iter().all(u8::is_ascii_digit).then_some(Self(number))
    }

    pub(crate) fn digits(self) -> [u8; 3] {
        let digit = |value: u16| b'0' + (value % 10) as u8;
        [digit(self.0 / 100), digit(self.0 / 10), digit(self.0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_of_a_thousand() {
        let week = Lifetime::default();
        assert_eq!(Day(992).plus(week).get(), 999);
        assert_eq!(Day(993).plus(week).get(), 0);
        assert_eq!(Day(999).plus(week).get(), 6);
    }
}
