//! `batv verify`.

use crate::answer::{Command, Input, answer_all};
use crate::calendar;
use crate::failure::Failure;
use crate::options::{KeyOptions, Keys};
use crate::output::{Output, Painter, Tone, text_of, write_json, write_parts};
use crate::time::TimeOption;
use batv_config::Date;
use batv_core::{Address, ReversePath, Settings, Verdict};
use clap::Args;
use serde::Serialize;
use std::borrow::Cow;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

/// Verify addresses that bounces come to
///
/// Prints for each address a verdict, a tab and an address. The address is the original one if the
/// verdict is pass or expired, else the input.
///
/// The verdicts: "pass" is an authentic tag in time. "expired" is an authentic tag that is too old.
/// "bad-signature" is a tag that our key did not make. "unknown-key" is a tag with a key number that we
/// do not have. "malformed" is prvs= without a valid tag, or a text that is not an address; a message on
/// standard error says which. "missing" is an address without a tag, or the null sender.
///
/// With --json: {"rcpt_to", "verdict", "original", "key_number", "expires", "days_left", "error"}.
/// "original" is null unless the tag is authentic.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Verify {
    /// The addresses; if there are none, the lines of standard input
    #[arg(value_name = "ADDRESS")]
    addresses: Vec<OsString>,
    #[command(flatten)]
    key: KeyOptions,
    #[command(flatten)]
    time: TimeOption,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  batv verify prvs=1786752d3a=user@example.com
  batv verify --json < addresses

Exit status:
  0  every address passed
  1  an address did not pass
  2  wrong usage, or a file that cannot be used";

impl Verify {
    pub(crate) fn run(self, config: Option<&Path>) -> Result<bool, Failure> {
        let mut settings = Settings::default();
        settings.delimiter = self.key.delimiter;
        let keys = self.key.keys(config, settings)?;
        let verifier = Verifier { keys, time: self.time, json: self.json, painter: Painter::new() };
        answer_all(&self.addresses, &verifier, self.json)
    }
}

struct Verifier {
    keys: Keys,
    time: TimeOption,
    json: bool,
    painter: Painter,
}

#[derive(Serialize)]
struct Answer<'a> {
    rcpt_to: Option<Cow<'a, str>>,
    verdict: &'static str,
    original: Option<Cow<'a, str>>,
    key_number: Option<u8>,
    expires: Option<String>,
    days_left: Option<u8>,
    error: Option<String>,
}

impl<'a> Answer<'a> {
    fn new(input: &Input<'a>, verdict: &Verdict<'a>, time: u64, error: Option<String>) -> Self {
        let authentic = verdict.authentic();
        Self {
            rcpt_to: input.to_text(),
            verdict: verdict.as_str(),
            original: authentic.map(|found| text_of(found.original.parts())),
            key_number: authentic.map(|found| found.key_number.get()),
            expires: authentic.map(|found| {
                Date::at(time).plus(calendar::days_until_expiry(found.expiry, time)).to_string()
            }),
            days_left: authentic.filter(|_| verdict.is_pass()).map(|found| found.days_left),
            error,
        }
    }
}

impl Verifier {
    fn verify<'a>(&self, address: &Address<'a>, time: u64) -> Verdict<'a> {
        match &self.keys {
            Keys::Configured(configuration) => configuration.now().policy.verify(address, time),
            Keys::One(keys) => keys.verify(address, time),
        }
    }
}

impl Command for Verifier {
    fn answer(&self, input: Input<'_>, out: &mut Output) -> Result<bool, Failure> {
        let time = self.time.time()?;
        let (verdict, error) = match input.read() {
            Ok(ReversePath::Address(address)) => (self.verify(&address, time), None),
            Ok(ReversePath::Null) => (Verdict::Missing, None),
            Err(unreadable) => (Verdict::Malformed, Some(unreadable.to_string())),
        };
        if let Some(reason) = &error {
            input.warn(reason);
        }
        if self.json {
            write_json(&Answer::new(&input, &verdict, time, error), out)?;
        } else {
            self.painter.write(tone(&verdict), verdict.as_str(), out)?;
            out.write_all(b"\t")?;
            match verdict.authentic() {
                Some(authentic) => write_parts(authentic.original.parts(), out)?,
                None => input.copy(out)?,
            }
        }
        Ok(verdict.is_pass())
    }
}

fn tone(verdict: &Verdict<'_>) -> Tone {
    match verdict {
        Verdict::Pass(_) => Tone::Good,
        Verdict::Expired(_) => Tone::Doubtful,
        _ => Tone::Bad,
    }
}
