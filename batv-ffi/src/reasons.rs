//! Why a message is signed or not, and why a recipient is accepted or refused.

use crate::enumeration::{without_number, word_of, words};
use crate::status::Failure;
use batv_core::{InboundReason, OutboundReason};
use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;

/// Implements the way from a reason of the core to its number and its word, and back.
macro_rules! reasons {
    ($c:ident, $core:ident { $($value:ident => $word:expr),+ $(,)? }) => {
        words!($c { $($value => $word),+ });

        impl $c {
            pub(crate) fn of(reason: $core) -> Result<Self, Failure> {
                match reason {
                    $($core::$value => Ok(Self::$value),)+
                    _ => Err(without_number("reason", reason.as_str())),
                }
            }

            pub(crate) fn core(self) -> $core {
                match self {
                    $(Self::$value => $core::$value),+
                }
            }
        }
    };
}

/// Why the sender of a message is signed or stays as it is. None of them is 0.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum batv_outbound_reason {
    /// It is signed.
    Signed = 1,
    /// The null sender is never signed.
    NullSender = 2,
    /// It is not an address.
    Unreadable = 3,
    /// No key is for it.
    NotOurs = 4,
    /// It is exempt.
    Exempt = 5,
    /// The client is known, and neither trusted nor in the internal networks.
    NotInternal = 6,
    /// Every recipient is ours, and such mail is left as it is.
    Local = 7,
    /// A recipient's domain cannot bear tags.
    UntaggedDestination = 8,
    /// It carries a tag already.
    Tagged = 9,
    /// The local-part would be longer than 64 octets. See BATV_SETTING_LONG_LOCAL_PARTS.
    TooLong = 10,
    /// No key that is for it signs.
    NoSigningKey = 11,
}

reasons!(batv_outbound_reason, OutboundReason {
    Signed => c"signed",
    NullSender => c"null-sender",
    Unreadable => c"unreadable",
    NotOurs => c"not-ours",
    Exempt => c"exempt",
    NotInternal => c"not-internal",
    Local => c"local",
    UntaggedDestination => c"untagged-destination",
    Tagged => c"tagged",
    TooLong => c"too-long",
    NoSigningKey => c"no-signing-key",
});

/// Why a recipient is accepted or refused. None of them is 0.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum batv_inbound_reason {
    /// Refused: a bounce to what is not an address.
    Unreadable = 1,
    /// Accepted: no key is for the recipient.
    NotOurs = 2,
    /// Accepted: the client is trusted, internal or listed.
    Client = 3,
    /// Accepted: the recipient is exempt.
    Exempt = 4,
    /// Accepted: not a bounce.
    NotABounce = 5,
    /// Accepted: the tag is authentic and in time.
    Pass = 6,
    /// Accepted: the recipient is too long to have been signed.
    TooLong = 7,
    /// Refused: a bounce without a tag.
    Missing = 8,
    /// Refused: a bounce with a malformed tag.
    Malformed = 9,
    /// Refused: a bounce with a tag of an unknown key.
    UnknownKey = 10,
    /// Refused: a bounce with a tag that the key did not make.
    BadSignature = 11,
    /// Refused: a bounce with a tag whose day has passed.
    Expired = 12,
    /// Refused: a further recipient of a bounce.
    SecondRecipient = 13,
    /// Refused: ordinary mail to a tagged address.
    TaggedMail = 14,
    /// Accepted: a bounce that would be refused, but does not say that it is a delivery report.
    NotAReport = 15,
}

reasons!(batv_inbound_reason, InboundReason {
    Unreadable => c"unreadable",
    NotOurs => c"not-ours",
    Client => c"client",
    Exempt => c"exempt",
    NotABounce => c"not-a-bounce",
    Pass => c"pass",
    TooLong => c"too-long",
    Missing => c"missing",
    Malformed => c"malformed",
    UnknownKey => c"unknown-key",
    BadSignature => c"bad-signature",
    Expired => c"expired",
    SecondRecipient => c"second-recipient",
    TaggedMail => c"tagged-mail",
    NotAReport => c"not-a-report",
});

/// The word of an outbound reason for logs, such as "not-ours" for BATV_OUTBOUND_REASON_NOT_OURS.
/// These do not change.
///
/// Returns a static string, "unknown" for a number that is not a reason; never NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_outbound_reason_text(
    reason: MaybeUninit<batv_outbound_reason>,
) -> *const c_char {
    // SAFETY: C passes a number.
    unsafe { word_of(reason, c"unknown") }
}

/// The word of an inbound reason for logs, such as "not-a-bounce" for
/// BATV_INBOUND_REASON_NOT_A_BOUNCE. These do not change.
///
/// Returns a static string, "unknown" for a number that is not a reason; never NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_inbound_reason_text(reason: MaybeUninit<batv_inbound_reason>) -> *const c_char {
    // SAFETY: C passes a number.
    unsafe { word_of(reason, c"unknown") }
}
