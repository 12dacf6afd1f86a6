//! Each rule of the scheme, with the case that breaks a naive reading of it.
//!
//! Tags are written out. Those that Exim did not make come from Python:
//! `python3 -c 'import hmac; print(hmac.new(b"secret", b"0786john@example.test", "sha1").hexdigest()[:6])'`
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../common/mod.rs"]
mod common;

mod addresses;
mod secrets;
mod signing;
mod stripping;
mod verifying;
