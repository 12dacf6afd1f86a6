//! A milter that signs envelope senders and refuses forged bounces (Bounce Address Tag Validation).
//!
//! What a tag means and which bounce is refused is the business of `batv-core`, what a file says that
//! of `batv-config`. Here is how a mail server asks: the [`protocol`] and the [`session`], for OpenSMTPD
//! a filter instead ([`opensmtpd`]), and what is counted, the [`metrics`], all without I/O and without a
//! clock, and the [`daemon`] around them.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod daemon;
pub mod log;
pub mod metrics;
pub mod opensmtpd;
pub mod protocol;
pub mod session;
