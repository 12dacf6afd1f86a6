//! Bounce Address Tag Validation (BATV): signed envelope senders, by which a genuine bounce is
//! told from the backscatter of forged mail.
//!
//! A [`KeyRing`] holds the secrets of a domain. It [signs](KeyRing::sign) the reverse-path of
//! mail that leaves, and [verifies](KeyRing::verify) the address that a bounce comes to: the
//! [`Verdict`] is one of six. [`strip`] takes anybody's tag off an address for those who cannot
//! verify it: greylisters, list managers, statistics.
//!
//! ```
//! use batv_core::{Address, KeyNumber, KeyRing, Secret, Settings, Verdict};
//!
//! let number = KeyNumber::new(1)?;
//! let mut keys = KeyRing::new(Settings::default());
//! keys.add(number, Secret::new(b"a secret of 16 octets or more")?);
//! keys.sign_with(number)?;
//!
//! let received = 1_795_348_800; // UNIX seconds
//! let signed = keys.sign(&Address::parse(b"user@example.com")?, received)?.to_vec();
//!
//! // Three days later a bounce comes back.
//! let recipient = Address::parse(&signed)?;
//! let Verdict::Pass(authentic) = keys.verify(&recipient, received + 3 * 86_400) else {
//!     panic!("refuse with 550 5.7.1");
//! };
//! assert_eq!(authentic.original.to_vec(), b"user@example.com");
//! assert_eq!(authentic.days_left, 4);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The scheme is that of draft-levine-smtp-batv-01. The crate does no I/O and reads no clock:
//! times are arguments, in UNIX seconds.

#![no_std]
#![forbid(unsafe_code)]
// Measured: what is called for each address is faster as one function (see tests/bench/core.rs).
#![allow(clippy::inline_always)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

extern crate alloc;
#[cfg(test)]
extern crate std;

// The order of the modules is the law: each uses only those that stand before it.

mod text;

mod address;

mod day;
mod key_number;
mod syntax;
mod tag;

mod strip;

mod report;

mod secret;

mod hash_source;
mod verdict;

mod key_ring;

mod policy;

pub use address::{Address, AddressError, Original, ReversePath};
pub use day::{Day, Lifetime, LifetimeError};
pub use hash_source::HashCase;
pub use key_number::{KeyNumber, KeyNumberError};
pub use key_ring::{KeyRing, Settings, SignError, Signed, UnknownKeyError};
pub use policy::{
    Action, InboundDecision, InboundReason, Message, Monitor, OutboundDecision, OutboundReason, Pattern,
    PatternError, Patterns, Policy, Recipient, Reply, ReplyText, ReplyTextError, log_line_with_queue,
};
pub use report::is_delivery_report;
pub use secret::{Fingerprint, Secret, SecretError};
pub use strip::{Dialect, Stripped, strip};
pub use syntax::{Delimiter, DelimiterError, Syntax};
pub use tag::Tag;
pub use verdict::{Authentic, Verdict};
