//! `batv strip`.

use crate::answer::{Command, Input, answer_all};
use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::output::{Output, text_of, write_json, write_parts};
use batv_core::{ReversePath, strip};
use clap::Args;
use serde::Serialize;
use std::borrow::Cow;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

/// Take anybody's tag off addresses
///
/// Prints for each address the original one, or the input where there is no tag. It proves
/// nothing: only verify does. One tag comes off; what lies under it stays. What is not an address
/// comes out unchanged and without a message. Keys do not matter: --config is only checked.
///
/// With --json: {"input", "original", "dialect"}; the last two are null where there is no tag.
#[derive(Args)]
pub(crate) struct Strip {
    /// The addresses; without any, the lines of standard input
    #[arg(value_name = "ADDRESS")]
    addresses: Vec<OsString>,
    /// Print a tab and the dialect of the tag, or none, behind the address
    ///
    /// draft, ironport, swapped, slash, sub-address, barracuda or sparkpost.
    #[arg(long)]
    dialect: bool,
    /// Answer with one JSON object a line
    #[arg(long)]
    json: bool,
}

impl Strip {
    pub(crate) fn run(self, config: Option<&Path>) -> Result<bool, Failure> {
        config.map(Configuration::open).transpose()?;
        answer_all(&self.addresses, &Stripper { dialect: self.dialect, json: self.json }, self.json)
    }
}

struct Stripper {
    dialect: bool,
    json: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    input: Option<Cow<'a, str>>,
    original: Option<Cow<'a, str>>,
    dialect: Option<&'static str>,
}

impl Command for Stripper {
    fn answer(&self, input: Input<'_>, out: &mut Output) -> Result<bool, Failure> {
        let stripped = match input.read() {
            Ok(ReversePath::Address(address)) => strip(&address),
            _ => None,
        };
        let dialect = stripped.map(|stripped| stripped.dialect.as_str());
        if self.json {
            let original = stripped.map(|stripped| text_of(stripped.original.parts()));
            write_json(&Answer { input: input.to_text(), original, dialect }, out)?;
            return Ok(true);
        }
        match stripped {
            Some(stripped) => write_parts(stripped.original.parts(), out)?,
            None => input.copy(out)?,
        }
        if self.dialect {
            write!(out, "\t{}", dialect.unwrap_or("none"))?;
        }
        Ok(true)
    }
}
