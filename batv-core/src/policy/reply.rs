//! The SMTP reply of a refusal.

use super::inbound::InboundReason;
use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use core::fmt;

/// The SMTP reply of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// The reply code, 550 (RFC 5321 section 4.2.3).
    pub code: u16,
    /// The enhanced status code, 5.7.1 (RFC 3463).
    pub enhanced: &'static str,
    /// What a human reads: printable ASCII without `%`, at most 400 octets.
    pub text: Cow<'static, str>,
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.code, self.enhanced, self.text)
    }
}

/// The text of refusals: that of each reason unless a site has its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplyText(Option<String>);

/// What stands for the reason in a text.
const PLACEHOLDER: &str = "{reason}";
/// The longest word of a reason.
const LONGEST_REASON: usize = "second-recipient".len();
/// RFC 5321 section 4.5.3.1.5 allows 512 octets for a line with its codes.
const LIMIT: usize = 400;

impl ReplyText {
    /// A text of a site's own, in which `{reason}` stands for the word of the reason.
    ///
    /// # Errors
    /// [`ReplyTextError`] for a text that is empty, longer than 400 octets, or not printable ASCII.
    /// A `%` would be taken for a format by libmilter (`smfi_setreply`).
    pub fn new(text: &str) -> Result<Self, ReplyTextError> {
        let wrong = |octet: u8| !(octet == b' ' || octet.is_ascii_graphic()) || octet == b'%';
        if let Some((position, octet)) = text.bytes().enumerate().find(|(_, octet)| wrong(*octet)) {
            return Err(ReplyTextError::Octet { octet, position });
        }
        let placeholders = text.matches(PLACEHOLDER).count();
        let octets = text.len() + placeholders * (LONGEST_REASON - PLACEHOLDER.len());
        match octets {
            0 => Err(ReplyTextError::Empty),
            1..=LIMIT => Ok(Self(Some(text.to_owned()))),
            _ => Err(ReplyTextError::TooLong { octets }),
        }
    }

    /// The reply that refuses for a reason.
    #[must_use]
    pub fn reply(&self, reason: InboundReason) -> Reply {
        let text = match &self.0 {
            Some(text) => Cow::Owned(text.replace(PLACEHOLDER, reason.as_str())),
            None => Cow::Borrowed(text_of(reason)),
        };
        Reply { code: 550, enhanced: "5.7.1", text }
    }
}

fn text_of(reason: InboundReason) -> &'static str {
    match reason {
        InboundReason::Unreadable => "Not a bounce of mail sent from here (BATV: the address is unreadable)",
        InboundReason::Malformed => "Not a bounce of mail sent from here (BATV: the tag is malformed)",
        InboundReason::UnknownKey => "Not a bounce of mail sent from here (BATV: the tag has an unknown key)",
        InboundReason::BadSignature => "Not a bounce of mail sent from here (BATV: the tag is forged)",
        InboundReason::Expired => "This bounce comes too late (BATV: the tag has expired)",
        InboundReason::SecondRecipient => "A bounce has exactly one recipient",
        InboundReason::TaggedMail => "This address receives bounces only",
        _ => "Not a bounce of mail sent from here (BATV: the address has no tag)",
    }
}

/// Why a text cannot be that of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyTextError {
    /// It is empty.
    Empty,
    /// It has more than 400 octets, each `{reason}` counted as the longest.
    TooLong {
        /// The octets it has.
        octets: usize,
    },
    /// An octet that is not printable ASCII, or is `%`.
    Octet {
        /// The octet.
        octet: u8,
        /// Where it stands, counted from 0.
        position: usize,
    },
}

impl fmt::Display for ReplyTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty => f.write_str("reply is empty"),
            Self::TooLong { octets } => write!(f, "reply may have {octets} octets, but {LIMIT} are allowed"),
            Self::Octet { octet, position } => {
                write!(f, "reply cannot have '{}' at octet {position}", octet.escape_ascii())
            }
        }
    }
}

impl core::error::Error for ReplyTextError {}
