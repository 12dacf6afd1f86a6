//! The two syntaxes of a tag: before the local-part, or as a sub-address behind it.

use crate::text;
use core::fmt;

/// How a tag is written into the local-part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// `prvs=KDDDSSSSSS=user@domain`, the draft's, and what every peer reads.
    #[default]
    Prefix,
    /// `user+prvs=KDDDSSSSSS@domain`, which servers with sub-addresses deliver untaught. An SRS address
    /// ends in another one, whose tag it would be: it is signed in the draft's syntax.
    SubAddress,
}

/// The octet that stands before the tag in the sub-address syntax; `+` unless set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Delimiter(u8);

impl Delimiter {
    /// A delimiter.
    ///
    /// # Errors
    /// [`DelimiterError`] for letters, digits, `=`, what no local-part has without quotes, and `%` and `!`:
    /// servers read `user!tag@domain` as another address.
    pub fn new(octet: u8) -> Result<Self, DelimiterError> {
        let is_mark = octet.is_ascii_punctuation() && text::is(octet, text::LOCAL_PART);
        let is_taken = matches!(octet, b'=' | b'%' | b'!');
        if is_mark && !is_taken { Ok(Self(octet)) } else { Err(DelimiterError(octet)) }
    }

    /// The octet.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

impl Default for Delimiter {
    fn default() -> Self {
        Self(b'+')
    }
}

/// An octet that cannot separate a sub-address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DelimiterError(u8);

impl fmt::Display for DelimiterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' cannot be a sub-address delimiter", self.0.escape_ascii())
    }
}

impl core::error::Error for DelimiterError {}
