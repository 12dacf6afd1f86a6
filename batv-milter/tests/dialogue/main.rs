//! Dialogues with a mail server, octet by octet.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod garbage;
mod opensmtpd;
mod refuse_at;
mod server;
mod session;
