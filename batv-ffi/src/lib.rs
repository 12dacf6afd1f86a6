//! libbatv: the C ABI of `batv-core`.
//!
//! Each function checks its pointers, turns integers into types, calls the core and writes the
//! results. The rules of BATV are the core's; the documentation of the functions is written for
//! C programmers and goes into `include/batv.h`.

#![allow(unsafe_code)] // the one crate that talks to C
#![allow(non_camel_case_types)] // types have the names that C gives them
#![allow(clippy::missing_safety_doc, clippy::doc_markdown)] // the documentation speaks C
#![allow(clippy::similar_names)] // argc and argv, config and given are what they are called
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

// The order of the modules is that of the header.

mod enumeration;
mod guard;
mod memory;
mod output;
mod text;

mod status;

mod settings;
mod verdict;

mod reasons;

mod keyring;
mod strip;

mod log;

mod config;

mod outbound;

mod inbound;

mod delivery;

mod exim;
mod version;

#[cfg(test)]
mod tests;
