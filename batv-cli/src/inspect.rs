//! `batv inspect`.

use crate::calendar;
use crate::failure::{Failure, warn};
use crate::output::{Output, output, text_of, write_json, write_parts};
use crate::time::TimeOption;
use batv_config::Date;
use batv_core::{Address, AddressError, Dialect, KeyRing, Stripped, Verdict, strip};
use clap::Args;
use serde::Serialize;
use std::borrow::Cow;
use std::ffi::OsString;
use std::io::Write;

/// Show what the tag of an address says
///
/// Prints the dialect, the key number, the day of expiry and the original address. Nothing is
/// verified.
///
/// A tag holds only the last three digits of a day. Of all the days that it can mean, the one nearest
/// to --at is printed. Some products write another day instead: ironport writes the day of sending. What
/// day barracuda, sparkpost and swapped tags of nine digits hold is not documented.
///
/// With --json: {"input", "dialect", "original", "key_number", "expires", "days_left", "sent",
/// "day", "error"}.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Inspect {
    /// The address
    address: OsString,
    #[command(flatten)]
    time: TimeOption,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  batv inspect prvs=1786752d3a=user@example.com

Exit status:
  0  the address has a tag
  1  it has no tag, or it is not an address
  2  wrong usage";

/// What the tag says, in JSON's words.
#[derive(Default, Serialize)]
struct Answer<'a> {
    input: Cow<'a, str>,
    dialect: Option<&'static str>,
    original: Option<Cow<'a, str>>,
    key_number: Option<u8>,
    expires: Option<String>,
    days_left: Option<i64>,
    sent: Option<String>,
    day: Option<u32>,
    error: Option<String>,
}

impl Inspect {
    pub(crate) fn run(self) -> Result<bool, Failure> {
        let time = self.time.time()?;
        let input = self.address.as_encoded_bytes();
        let found = match Address::parse(input) {
            Ok(address) => match strip(&address) {
                Some(stripped) => Ok(stripped),
                None => Err(no_tag(&address, time).to_owned()),
            },
            Err(AddressError::Null) => Err("no tag: null sender".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(reason) = &found {
            warn(format_args!("{:?}: {reason}", self.address));
        }
        let tagged = found.is_ok();
        let mut out = output();
        if self.json {
            let input = String::from_utf8_lossy(input);
            let answer = match found {
                Ok(stripped) => Answer { input, ..Answer::new(&stripped, time) },
                Err(reason) => Answer { input, error: Some(reason), ..Answer::default() },
            };
            write_json(&answer, &mut out)?;
            out.write_all(b"\n")?;
        } else if let Ok(stripped) = found {
            describe(&stripped, time, &mut out)?;
        }
        out.flush()?;
        Ok(tagged)
    }
}

/// Why an address has no tag. A key ring without keys recognises what only looks like one.
fn no_tag(address: &Address<'_>, time: u64) -> &'static str {
    match KeyRing::default().verify(address, time) {
        Verdict::Malformed => "no tag: what follows prvs= is not a tag value",
        _ => "no tag",
    }
}

impl Answer<'_> {
    fn new(stripped: &Stripped<'_>, time: u64) -> Self {
        let days_left = stripped.tag.map(|tag| calendar::days_until_expiry(tag.expiry(), time));
        let day = stripped.tag.is_none().then_some(stripped.day);
        let sent = day.filter(|_| stripped.dialect == Dialect::Ironport);
        Self {
            dialect: Some(stripped.dialect.as_str()),
            original: Some(text_of(stripped.original.parts())),
            key_number: stripped.tag.map(|tag| tag.key_number().get()),
            expires: days_left.map(|days| Date::at(time).plus(days).to_string()),
            days_left: days_left.filter(|days| *days >= 0),
            sent: sent.map(|number| {
                Date::at(time).plus(calendar::days_until_sending(number.into(), time)).to_string()
            }),
            day,
            ..Self::default()
        }
    }
}

/// Writes what the tag says in words.
fn describe(stripped: &Stripped<'_>, time: u64, out: &mut Output) -> Result<(), Failure> {
    let date = |days| Date::at(time).plus(days);
    writeln!(out, "dialect:     {}", stripped.dialect)?;
    if let Some(tag) = stripped.tag {
        let days = calendar::days_until_expiry(tag.expiry(), time);
        let verb = if days < 0 { "expired:    " } else { "expires:    " };
        writeln!(out, "key number:  {}", tag.key_number())?;
        writeln!(out, "{verb} {}, {}", date(days), calendar::distance(days))?;
    }
    let number = u64::from(stripped.day);
    match stripped.dialect {
        Dialect::Ironport => {
            let days = calendar::days_until_sending(number, time);
            writeln!(out, "sent:        {}, {}", date(days), calendar::distance(days))?;
        }
        Dialect::Sparkpost => {
            writeln!(out, "day:         {}", Date::from_days(number))?;
        }
        _ if stripped.tag.is_none() => writeln!(out, "day:         {number} of 1000")?,
        _ => {}
    }
    out.write_all(b"original:    ")?;
    write_parts(stripped.original.parts(), out)?;
    Ok(out.write_all(b"\n")?)
}
