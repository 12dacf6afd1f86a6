//! Key numbers: the digit by which a verifier finds the secret.

use core::fmt;

/// The number of a key, 0 to 9, by which a verifier finds the secret that signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyNumber(u8);

impl KeyNumber {
    /// All ten, in ascending order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..10).map(Self)
    }

    /// A key number.
    ///
    /// # Errors
    /// [`KeyNumberError`] for a number above 9: the tag has one digit for it.
    pub fn new(number: u8) -> Result<Self, KeyNumberError> {
        if number < 10 { Ok(Self(number)) } else { Err(KeyNumberError(number)) }
    }

    /// The number that a digit stands for.
    pub(crate) fn from_digit(digit: u8) -> Option<Self> {
        digit.is_ascii_digit().then(|| Self(digit - b'0'))
    }

    pub(crate) fn digit(self) -> u8 {
        b'0' + self.0
    }

    /// The number itself.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for KeyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A key number above 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyNumberError(u8);

impl fmt::Display for KeyNumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key number {} is not one of 0 to 9", self.0)
    }
}

impl core::error::Error for KeyNumberError {}
