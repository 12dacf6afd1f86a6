//! Days of the calendar, which are those of UTC.

use batv_core::Day;
use std::fmt;
use time::Month;

/// The Julian day number of 1970-01-01.
const EPOCH: u32 = 2_440_588;
/// The days from 1970-01-01 to 9999-12-31. The year after has five digits.
const LAST: u32 = 2_932_896;

/// A day of the calendar, from 1970-01-01 to 9999-12-31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(u32);

impl Date {
    /// The day of a time in UNIX seconds; what is later than the last day is the last day.
    #[must_use]
    pub fn at(time: u64) -> Self {
        Self::from_days(time / Day::SECONDS)
    }

    /// The day that many days after 1970-01-01, or the last one.
    #[must_use]
    pub fn from_days(days: u64) -> Self {
        Self(u32::try_from(days).map_or(LAST, |days| days.min(LAST)))
    }

    /// The day of a date; None where there is none, or before 1970.
    #[must_use]
    pub fn from_calendar(year: u16, month: u8, day: u8) -> Option<Self> {
        let month = Month::try_from(month).ok()?;
        let date = time::Date::from_calendar_date(year.into(), month, day).ok()?;
        u32::try_from(date.to_julian_day()).ok()?.checked_sub(EPOCH).map(Self)
    }

    /// The first second of the day, in UNIX time.
    #[must_use]
    pub fn start(self) -> u64 {
        u64::from(self.0) * Day::SECONDS
    }

    /// The day that many days later, or earlier; the first or the last one where there is none.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        Self::from_days(u64::from(self.0).saturating_add_signed(days))
    }

    /// The days from another day to this one: negative when this one is earlier.
    #[must_use]
    pub fn days_since(self, other: Self) -> i64 {
        i64::from(self.0) - i64::from(other.0)
    }
}

impl fmt::Display for Date {
    /// As ISO 8601 writes it: `2026-11-22`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = i32::try_from(EPOCH + self.0).ok().and_then(|day| time::Date::from_julian_day(day).ok());
        match date {
            Some(date) => f.pad(&date.to_string()),
            None => Err(fmt::Error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        // `date -u -d @TIME +%F` of coreutils.
        for (time, shown) in [
            (0, "1970-01-01"),
            (86_399, "1970-01-01"),
            (86_400, "1970-01-02"),
            (951_782_400, "2000-02-29"),
            (1_795_348_800, "2026-11-22"),
            (253_402_300_799, "9999-12-31"),
            (u64::MAX, "9999-12-31"),
        ] {
            assert_eq!(Date::at(time).to_string(), shown);
        }
        assert_eq!(Date::from_calendar(2026, 11, 22), Some(Date::at(1_795_348_800)));
        assert_eq!(Date::from_calendar(2026, 2, 30), None);
        assert_eq!(Date::from_calendar(1969, 12, 31), None);
        let day = Date::at(1_795_348_800);
        assert_eq!(day.start(), 1_795_305_600);
        assert_eq!(day.plus(9).to_string(), "2026-12-01");
        assert_eq!(day.plus(i64::MIN).to_string(), "1970-01-01");
        assert_eq!(day.plus(-22).days_since(day), -22);
    }
}
