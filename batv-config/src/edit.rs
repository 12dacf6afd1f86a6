//! Changes of the keys in a configuration file, after which no bounce of mail that was sent is lost.
//!
//! The file is changed in place: comments, order, owner, mode and access control list stay. It is replaced
//! in one step, so that whoever reads it sees the old text or the new one, and an interruption leaves one of
//! the two. One editor changes a file at a time.

mod access;
mod change;
mod document;
mod error;
mod keys;
mod locked_file;
mod table;

pub use change::{Change, What, for_patterns};
pub use error::EditError;
pub use keys::{Editor, Keys};
