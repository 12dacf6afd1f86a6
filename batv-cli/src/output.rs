//! Standard output: text, and JSON.

use crate::failure::Failure;
use crate::lines::LIMIT;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use std::borrow::Cow;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

/// Where answers go.
pub(crate) type Output = BufWriter<StdoutLock<'static>>;

pub(crate) fn output() -> Output {
    BufWriter::with_capacity(LIMIT, io::stdout().lock())
}

/// The three parts of an address, for JSON.
pub(crate) fn text_of(parts: [&[u8]; 3]) -> Cow<'static, str> {
    String::from_utf8_lossy(&parts.concat()).into_owned().into()
}

/// Writes the three parts of an address.
pub(crate) fn write_parts(parts: [&[u8]; 3], out: &mut Output) -> Result<(), Failure> {
    parts.iter().try_for_each(|part| Ok(out.write_all(part)?))
}

/// Writes an object of JSON.
pub(crate) fn write_json(object: &impl Serialize, out: &mut Output) -> Result<(), Failure> {
    serde_json::to_writer(out, object).map_err(|error| Failure::Output(error.into()))
}

/// What a word means to its reader.
#[derive(Clone, Copy)]
pub(crate) enum Tone {
    Good,
    Doubtful,
    Bad,
}

/// Colours words on a terminal.
pub(crate) struct Painter {
    in_colour: bool,
}

impl Painter {
    /// A pipe or a file gets no colours, and neither does a terminal if `NO_COLOR` or `TERM=dumb` is set.
    pub(crate) fn new() -> Self {
        let stdout = io::stdout();
        Self { in_colour: stdout.is_terminal() && AutoStream::choice(&stdout) != ColorChoice::Never }
    }

    pub(crate) fn write(&self, tone: Tone, word: &str, out: &mut Output) -> Result<(), Failure> {
        if !self.in_colour {
            return Ok(out.write_all(word.as_bytes())?);
        }
        let colour = match tone {
            Tone::Good => AnsiColor::Green,
            Tone::Doubtful => AnsiColor::Yellow,
            Tone::Bad => AnsiColor::Red,
        };
        let style = Style::new().fg_color(Some(colour.into()));
        Ok(write!(out, "{style}{word}{style:#}")?)
    }
}
