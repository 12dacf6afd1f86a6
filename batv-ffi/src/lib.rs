//! libbatv: the C ABI of `batv-core`.
//!
//! Each function checks its pointers, turns integers into types, calls the core and writes the
//! results. The rules of BATV are the core's; the documentation of the functions is written for
//! C programmers and goes into `include/batv.h`.

#![allow(unsafe_code)] // the one crate that talks to C
#![allow(clippy::missing_safety_doc, clippy::doc_markdown)] // the documentation speaks C
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod guard;
mod memory;
mod status;

mod keyring;
mod strip;

mod config;
mod decision;

mod exim;
mod version;

#[cfg(test)]
mod tests;
