//! Verdicts: what a verifier says of an address.

use crate::address::Original;
use crate::day::Day;
use crate::hash_source::{HashCase, HashSource};
use crate::key_number::KeyNumber;
use crate::secret::Secret;
use crate::tag::{Found, Tag};
use core::fmt;
use subtle::ConstantTimeEq;

/// What a verifier says of an address. Only [`Pass`](Self::Pass) proves anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// There is no tag.
    Missing,
    /// `prvs=` and a second `=`, but what stands between is no tag value.
    Malformed,
    /// The key ring has no secret of the tag's key number.
    UnknownKey,
    /// The hash is not the one that the secret makes.
    BadSignature,
    /// Authentic, but its day has passed.
    Expired(Authentic<'a>),
    /// Authentic and in time.
    Pass(Authentic<'a>),
}

/// What an authentic tag says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authentic<'a> {
    /// The address that was signed.
    pub original: Original<'a>,
    /// The number of the key that signed it.
    pub key_number: KeyNumber,
    /// The last day on which the tag is good.
    pub expiry: Day,
    /// The days until then, 0 on the expiry day itself and when it has passed.
    pub days_left: u8,
}

impl<'a> Verdict<'a> {
    /// The verdict's word: `missing`, `malformed`, `unknown-key`, `bad-signature`, `expired`
    /// or `pass`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown-key",
            Self::BadSignature => "bad-signature",
            Self::Expired(_) => "expired",
            Self::Pass(_) => "pass",
        }
    }

    /// What the tag says, where it is authentic: for [`Pass`](Self::Pass) and
    /// [`Expired`](Self::Expired).
    #[must_use]
    pub fn authentic(&self) -> Option<&Authentic<'a>> {
        match self {
            Self::Pass(authentic) | Self::Expired(authentic) => Some(authentic),
            _ => None,
        }
    }

    /// Whether the tag is authentic and in time.
    #[must_use]
    pub fn is_pass(&self) -> bool {
        matches!(self, Self::Pass(_))
    }
}

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Judges what was found in an address, at a time; `secret_of` finds the secret of a key number.
#[inline(always)]
pub(crate) fn judge<'a, 's>(
    found: &Found<'a>,
    secret_of: impl FnOnce(KeyNumber) -> Option<&'s Secret>,
    time: u64,
) -> Verdict<'a> {
    let (tag, original) = match *found {
        Found::Nothing => return Verdict::Missing,
        Found::Malformed => return Verdict::Malformed,
        Found::Tag(tag, _, original) => (tag, original),
    };
    let Some(secret) = secret_of(tag.key_number) else {
        return Verdict::UnknownKey;
    };
    if !is_authentic(&tag, &original, secret) {
        return Verdict::BadSignature;
    }
    let days_left = tag.expiry.days_left(Day::at(time));
    let authentic = Authentic {
        original,
        key_number: tag.key_number,
        expiry: tag.expiry,
        days_left: days_left.unwrap_or(0),
    };
    match days_left {
        Some(_) => Verdict::Pass(authentic),
        None => Verdict::Expired(authentic),
    }
}

/// Whether the secret made the tag, over the address folded or, if that differs, as received.
#[inline(always)]
fn is_authentic(tag: &Tag, original: &Original<'_>, secret: &Secret) -> bool {
    let mailbox = original.mailbox();
    let matches = |case| {
        let source = HashSource { key_number: tag.key_number, expiry: tag.expiry, mailbox, case };
        bool::from(secret.hash(&source).ct_eq(&tag.hash))
    };
    let is_folded = mailbox.plain && mailbox.folded;
    matches(HashCase::Fold) || !is_folded && matches(HashCase::Exact)
}
