//! What is wrong with a text that is no address.

use crate::text::{self, CONTROL};
use core::fmt;

/// Why a text is no address. Positions count octets of that text from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// The null reverse-path, which has no address.
    Null,
    /// An opening angle bracket without the closing one.
    UnclosedBracket,
    /// A quoted string in the local-part does not end.
    UnclosedQuote,
    /// No at sign behind the local-part.
    NoAtSign,
    /// Nothing before the at sign, or only quotes.
    EmptyLocalPart,
    /// Nothing behind the at sign, or only a dot or brackets.
    EmptyDomain,
    /// A control, such as NUL, CR or LF.
    Control {
        /// The octet.
        octet: u8,
        /// Where it stands.
        position: usize,
    },
    /// An octet that no local-part has there, such as a space outside quotes.
    LocalPart {
        /// The octet.
        octet: u8,
        /// Where it stands.
        position: usize,
    },
    /// An octet that no domain has there.
    Domain {
        /// The octet.
        octet: u8,
        /// Where it stands.
        position: usize,
    },
}

impl AddressError {
    /// The error of an octet out of place: controls are named as such wherever they stand.
    pub(super) fn wrong(octet: u8, position: usize, other: Self) -> Self {
        if text::is(octet, CONTROL) { Self::Control { octet, position } } else { other }
    }

    pub(super) fn moved(mut self, by: usize) -> Self {
        if let Self::Control { position, .. }
        | Self::LocalPart { position, .. }
        | Self::Domain { position, .. } = &mut self
        {
            *position += by;
        }
        self
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut at = |what: &str, octet: u8, position: usize| {
            write!(f, "{what} '{}' at octet {position}", octet.escape_ascii())
        };
        match *self {
            Self::Null => f.write_str("null reverse-path has no address"),
            Self::UnclosedBracket => f.write_str("angle bracket is not closed"),
            Self::UnclosedQuote => f.write_str("quoted string is not closed"),
            Self::NoAtSign => f.write_str("no '@' after a local-part"),
            Self::EmptyLocalPart => f.write_str("local-part is empty"),
            Self::EmptyDomain => f.write_str("domain is empty"),
            Self::Control { octet, position } => at("control", octet, position),
            Self::LocalPart { octet, position } => at("local-part cannot have", octet, position),
            Self::Domain { octet, position } => at("domain cannot have", octet, position),
        }
    }
}

impl core::error::Error for AddressError {}
