//! Verdicts: what a verifier says of the address that a bounce comes to.

use crate::enumeration::{word_of, words};
use crate::output::{Buffer, Output};
use crate::status::Failure;
use batv_core::Verdict;
use std::ffi::{CStr, c_char, c_int};
use std::mem::MaybeUninit;

/// What batv_keyring_verify and batv_config_verify say about an address: the first of these that
/// applies, in this order.
///
/// Only BATV_VERDICT_PASS proves anything, and it is not 0.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum batv_verdict {
    /// There is no tag.
    Missing = 0,
    /// "prvs=" and a second "=", but what is between them is not KDDDSSSSSS.
    Malformed = 1,
    /// There is no secret with the tag's key number.
    UnknownKey = 2,
    /// The hash is not the one that the secret makes.
    BadSignature = 3,
    /// Authentic, but its day has passed.
    Expired = 4,
    /// Authentic and in time.
    Pass = 5,
}

impl From<&Verdict<'_>> for batv_verdict {
    fn from(verdict: &Verdict<'_>) -> Self {
        match verdict {
            Verdict::Missing => Self::Missing,
            Verdict::Malformed => Self::Malformed,
            Verdict::UnknownKey => Self::UnknownKey,
            Verdict::BadSignature => Self::BadSignature,
            Verdict::Expired(_) => Self::Expired,
            Verdict::Pass(_) => Self::Pass,
        }
    }
}

words!(batv_verdict {
    Missing => c"missing",
    Malformed => c"malformed",
    UnknownKey => c"unknown-key",
    BadSignature => c"bad-signature",
    Expired => c"expired",
    Pass => c"pass",
});

/// Where the parts of a verdict go.
pub(crate) struct VerdictOutput {
    verdict: Output<batv_verdict>,
    buffer: Buffer,
    key_number: Output<c_int>,
    days_left: Output<c_int>,
}

impl VerdictOutput {
    /// # Safety
    /// Each place is NULL or valid for writing for the time of the call.
    pub(crate) unsafe fn new(
        verdict: *mut batv_verdict,
        buffer: Buffer,
        key_number: *mut c_int,
        days_left: *mut c_int,
    ) -> Result<Self, Failure> {
        // SAFETY: NULL or valid for writing, as the caller promises.
        let verdict = unsafe { Output::required(verdict, "verdict") }?;
        // SAFETY: NULL or valid for writing, as the caller promises.
        let (key_number, days_left) = unsafe { (Output::optional(key_number), Output::optional(days_left)) };
        Ok(Self { verdict, buffer, key_number, days_left })
    }

    /// Writes a verdict, with the original address, the key number and the days left of an
    /// authentic tag.
    pub(crate) fn write(&self, verdict: &Verdict<'_>) -> Result<(), Failure> {
        let (parts, number, days) = match verdict.authentic() {
            Some(tag) => (tag.original.parts(), tag.key_number.get().into(), tag.days_left.into()),
            None => ([&b""[..]; 3], -1, -1),
        };
        self.buffer.write(parts)?;
        self.verdict.write(verdict.into());
        self.key_number.write(number);
        self.days_left.write(days);
        Ok(())
    }
}

/// The word of a verdict for logs: "missing", "malformed", "unknown-key", "bad-signature",
/// "expired" or "pass". These do not change.
///
/// Returns a static string, "unknown" for a number that is not a verdict; never NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_verdict_text(verdict: MaybeUninit<batv_verdict>) -> *const c_char {
    // SAFETY: C passes a number.
    unsafe { word_of(verdict, c"unknown") }
}
