//! Answers to addresses: one for each argument or each line of standard input.

use crate::failure::{Failure, warn};
use crate::lines::{LIMIT, Line, Lines};
use crate::output::{Output, output};
use batv_core::{AddressError, ReversePath};
use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, StdinLock, Write};

/// What a command says to one address.
pub(crate) trait Command {
    /// Writes the answer, without a line's end. False when the address makes the exit status 1.
    fn answer(&self, input: Input<'_>, out: &mut Output) -> Result<bool, Failure>;
}

/// Answers the addresses, or without any the lines of standard input. False when an answer was.
///
/// JSON answers end their line whether or not the line that is answered did.
pub(crate) fn answer_all(
    addresses: &[OsString],
    command: &impl Command,
    json: bool,
) -> Result<bool, Failure> {
    let mut out = output();
    let good = if addresses.is_empty() {
        answer_lines(command, json, &mut out)?
    } else {
        addresses.iter().try_fold(true, |good, address| {
            let input =
                Input { text: Text::Whole(address.as_encoded_bytes()), place: Place::Argument(address) };
            let answered = command.answer(input, &mut out)?;
            out.write_all(b"\n")?;
            Ok::<_, Failure>(good & answered)
        })?
    };
    out.flush()?;
    Ok(good)
}

fn answer_lines(command: &impl Command, json: bool, out: &mut Output) -> Result<bool, Failure> {
    let mut lines = Lines::new(io::stdin().lock());
    let mut good = true;
    let mut number = 1;
    loop {
        let place = Place::Line(number);
        match lines.next() {
            Some(Line::Whole { octets, ending }) => {
                good &= command.answer(Input { text: Text::Whole(octets), place }, out)?;
                out.write_all(if json { b"\n" } else { ending })?;
            }
            Some(Line::TooLong) => {
                good &= command.answer(Input { text: Text::TooLong(&mut lines), place }, out)?;
                let ending = lines.skip_line()?;
                out.write_all(if json { b"\n" } else { ending })?;
            }
            None => {
                // Whoever wrote the lines so far may wait for their answers before writing on.
                out.flush()?;
                if !lines.fill()? {
                    return Ok(good);
                }
                continue;
            }
        }
        number += 1;
    }
}

/// What is taken for an address.
pub(crate) struct Input<'a> {
    text: Text<'a>,
    place: Place<'a>,
}

enum Text<'a> {
    Whole(&'a [u8]),
    TooLong(&'a mut Lines<StdinLock<'static>>),
}

enum Place<'a> {
    Argument(&'a OsString),
    /// Counted from 1.
    Line(u64),
}

impl<'a> Input<'a> {
    /// Reads it as a reverse-path.
    pub(crate) fn read(&self) -> Result<ReversePath<'a>, Unreadable> {
        match self.text {
            Text::Whole(octets) => ReversePath::parse(octets).map_err(Unreadable::Address),
            Text::TooLong(_) => Err(Unreadable::TooLong),
        }
    }

    /// Copies it to the output as it is.
    pub(crate) fn copy(self, out: &mut Output) -> Result<(), Failure> {
        match self.text {
            Text::Whole(octets) => Ok(out.write_all(octets)?),
            Text::TooLong(lines) => lines.copy_line(out),
        }
    }

    /// Its octets; None when it is too long.
    pub(crate) fn octets(&self) -> Option<&'a [u8]> {
        match self.text {
            Text::Whole(octets) => Some(octets),
            Text::TooLong(_) => None,
        }
    }

    /// The text for JSON; None when it is too long.
    pub(crate) fn to_text(&self) -> Option<Cow<'a, str>> {
        match self.text {
            Text::Whole(octets) => Some(String::from_utf8_lossy(octets)),
            Text::TooLong(_) => None,
        }
    }

    /// Says on standard error what is wrong with it.
    pub(crate) fn warn(&self, reason: &dyn fmt::Display) {
        match self.place {
            Place::Argument(address) => warn(format_args!("{address:?}: {reason}")),
            Place::Line(number) => warn(format_args!("line {number}: {reason}")),
        }
    }
}

/// Why a text is not a reverse-path.
pub(crate) enum Unreadable {
    Address(AddressError),
    TooLong,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(error) => error.fmt(f),
            Self::TooLong => write!(f, "line is longer than {LIMIT} octets"),
        }
    }
}
