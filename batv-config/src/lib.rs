//! The configuration file of BATV, `batv.toml`: what an administrator writes, in one place.
//!
//! [`Config::parse`] reads its text, and says everything that is wrong with it at once. A
//! [`Store`] keeps a file and its secret files for a long-lived process: it answers many threads
//! without locking one out, and loads again when a file has changed; when the new file is bad it
//! keeps the old configuration and says so. [`Config::warnings`] names what works, but loses
//! bounces. With the feature `edit`, [`edit`] adds, rotates and retires keys in the file. With the
//! feature `milter` it reads the section of the daemon batv-milter, over which others pass.
//!
//! What the settings mean is the business of [`batv_core`].

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod config;
mod date;
#[cfg(feature = "edit")]
pub mod edit;
mod fault;
mod file;
mod key_text;
mod rotation;
mod secret;
mod store;
mod warning;

pub use config::{Config, Key, KeyPatternError, Use, parse_key_pattern};
#[cfg(feature = "milter")]
pub use config::{Milter, RefuseAt, Socket};
pub use date::Date;
pub use fault::{ConfigError, Fault};
pub use file::ReadError;
pub use key_text::{KeyTextError, parse_key_text};
#[cfg(feature = "edit")]
pub use secret::new_secret;
pub use secret::{ends_in_line_break, read_secret_file};
pub use store::Store;
pub use warning::{KeyWarning, Warning};
