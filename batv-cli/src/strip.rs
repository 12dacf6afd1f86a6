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

/// Remove tags from addresses, whoever made them
///
/// Prints the original of each address, or the input if it has no tag. One tag is removed; a tag
/// inside it stays. Text that is not an address is printed unchanged, without a message. No key is
/// needed, and a stripped address proves nothing: to know whether a tag is authentic, use verify.
///
/// With --json: {"input", "original", "dialect"}. The last two are null if there is no tag.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Strip {
    /// The addresses; if there are none, the lines of standard input
    #[arg(value_name = "ADDRESS")]
    addresses: Vec<OsString>,
    /// Print the dialect of the tag after each address
    ///
    /// A tab and one of draft, ironport, swapped, slash, sub-address, barracuda, sparkpost and none.
    #[arg(long)]
    dialect: bool,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  batv strip prvs=1786752d3a=user@example.com
  batv strip --dialect btv1==08501234bcd==user@example.com
  cut -f 3 senders.tsv | batv strip | sort | uniq -c

Exit status:
  0  every address was printed
  2  wrong usage, or failed input or output";

impl Strip {
    pub(crate) fn run(self, config: Option<&Path>) -> Result<bool, Failure> {
        // No key is needed, but a file that is named must be good.
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
