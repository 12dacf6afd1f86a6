//! `batv keys`: the keys of a configuration file over the years.

mod change;
mod document;
mod file;

use crate::answer::{Failure, Output, output, write_json};
use crate::options::{TimeOption, parse_key_number};
use batv_core::{Key, KeyNumber, Pattern};
use change::{Keys, date_before, for_patterns};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::io::{IsTerminal, Write};
use std::path::Path;

/// List, make, rotate, retire and remove the keys of a configuration file
///
/// The file is changed in place: comments, order, owner and mode stay. It is replaced in one step,
/// so that whoever reads it sees the old text or the new one, and an interruption leaves one of
/// the two. Editors wait for each other. A change that would make the file bad is not made, nor one
/// after which mail that was signed before could not be verified.
#[derive(Subcommand)]
pub(crate) enum KeysCommand {
    List(List),
    New(New),
    Rotate(Rotate),
    Retire(Retire),
    Prune(Prune),
    Show(Show),
}

/// List the keys
///
/// In the order of the file: the number; what the key does, which is "signs", "verifies",
/// "verifies until" a date, that day included, or "spent" when it may be pruned; the date on which
/// its secret was made; and the domains and addresses it is for. No secrets.
///
/// With --json, one object a line: {"number", "signs", "verify_until", "spent", "created", "for",
/// "line"}.
#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    time: TimeOption,
    /// Answer with one JSON object a line
    #[arg(long)]
    json: bool,
}

/// Add a key with a new secret
///
/// It gets the first number that is free for its domains. It signs if no key does there yet;
/// otherwise it verifies only, so that several servers can get it before it signs: let it sign with
/// "batv keys rotate --to N". The secret stands in the file, or in a new file beside it where that
/// of the last key does.
#[derive(Args)]
pub(crate) struct New {
    #[command(flatten)]
    time: TimeOption,
    /// What it is for: example.com, *.example.com, user@example.com or * for every domain
    #[arg(long = "for", value_name = "DOMAIN", required = true, num_args = 1.., value_parser = parse_pattern)]
    patterns: Vec<Pattern>,
}

/// Let new keys sign
///
/// For each key that signs, a key with a new secret signs for the same domains from now on, and
/// the old one verifies for as long as its last tags are good and a day more. Behind number 9 comes
/// 0; a number that still verifies is not used again.
#[derive(Args)]
pub(crate) struct Rotate {
    #[command(flatten)]
    time: TimeOption,
    /// Rotate only the keys that sign for one of these
    #[arg(long = "for", value_name = "DOMAIN", num_args = 1.., value_parser = parse_pattern)]
    patterns: Vec<Pattern>,
    /// Make no new key, but let the key of this number sign, which verifies so far
    #[arg(long, value_name = "N", value_parser = parse_key_number)]
    to: Option<KeyNumber>,
}

/// Let a key only verify, and not for ever
///
/// It verifies for as long as its last tags are good and a day more. A key that signs is refused,
/// since the domain's mail would leave unsigned: rotate it.
#[derive(Args)]
pub(crate) struct Retire {
    #[command(flatten)]
    time: TimeOption,
    /// The number of the key
    #[arg(value_name = "N", value_parser = parse_key_number)]
    number: KeyNumber,
    /// The domains of the key, where several have the number
    #[arg(long = "for", value_name = "DOMAIN", value_parser = parse_pattern)]
    patterns: Vec<Pattern>,
    /// Retire it though no key will sign then: to switch BATV off
    #[arg(long)]
    force: bool,
}

/// Remove the keys that are spent
///
/// Those that verified until a day that has passed. Their comments go with them, their secret files
/// stay.
#[derive(Args)]
pub(crate) struct Prune {
    #[command(flatten)]
    time: TimeOption,
}

/// Print the secret of a key
///
/// All its octets, and nothing else: a newline follows on a terminal only, so that
/// "batv keys show N --config FILE > SECRET" makes a file for --secret-file.
#[derive(Args)]
pub(crate) struct Show {
    /// The number of the key
    #[arg(value_name = "N", value_parser = parse_key_number)]
    number: KeyNumber,
    /// The domains of the key, where several have the number
    #[arg(long = "for", value_name = "DOMAIN", value_parser = parse_pattern)]
    patterns: Vec<Pattern>,
}

/// What a key can be for.
fn parse_pattern(text: &str) -> Result<Pattern, String> {
    match Pattern::parse(text) {
        Ok(pattern) if pattern.is_local_part() => Err("it names no domain".to_owned()),
        Ok(pattern) => Ok(pattern),
        Err(error) => Err(error.to_string()),
    }
}

impl KeysCommand {
    pub(crate) fn run(self, config: &Path) -> Result<bool, Failure> {
        let said = match self {
            Self::List(list) => return list.run(config),
            Self::Show(show) => return show.run(config),
            Self::New(New { time, patterns }) => {
                Keys::change(config, time.time()?, false, |keys| keys.add(&patterns))
            }
            Self::Rotate(Rotate { time, patterns, to }) => {
                Keys::change(config, time.time()?, false, |keys| keys.rotate(&patterns, to))
            }
            Self::Retire(Retire { time, number, patterns, force }) => {
                Keys::change(config, time.time()?, force, |keys| {
                    let index = keys.find(number, &patterns)?;
                    if keys.config.keys.get(index).is_some_and(|key| key.signs) && !force {
                        let message = format!("key {number} signs: rotate it, or --force if none shall sign");
                        return Err(Failure::Other(message));
                    }
                    keys.retire(index)
                })
            }
            Self::Prune(Prune { time }) => Keys::change(config, time.time()?, false, |keys| {
                keys.prune();
                Ok(())
            }),
        }?;
        let mut out = output();
        for line in said {
            writeln!(out, "{line}")?;
        }
        out.flush()?;
        Ok(true)
    }
}

#[derive(Serialize)]
struct Listed {
    number: u8,
    signs: bool,
    verify_until: Option<String>,
    spent: bool,
    created: Option<String>,
    r#for: Vec<String>,
    line: usize,
}

impl List {
    fn run(self, config: &Path) -> Result<bool, Failure> {
        let time = self.time.time()?;
        let keys = Keys::read(config, time)?;
        let mut out = output();
        if !self.json {
            writeln!(out, "key  does                       made        for")?;
        }
        for (_, key, patterns) in keys.entries() {
            let listed = Listed::new(key, &patterns, time)?;
            if self.json {
                write_json(&listed, &mut out)?;
                out.write_all(b"\n")?;
            } else {
                listed.describe(&patterns, &mut out)?;
            }
        }
        out.flush()?;
        Ok(true)
    }
}

impl Listed {
    fn new(key: &Key, patterns: &[Pattern], time: u64) -> Result<Self, Failure> {
        let verify_until = key.verify_until.map(date_before).transpose()?;
        let created = key.created.map(|time| date_before(time + 1)).transpose()?;
        Ok(Self {
            number: key.number.get(),
            signs: key.signs,
            verify_until: verify_until.map(|date| date.to_string()),
            spent: key.is_spent(time),
            created: created.map(|date| date.to_string()),
            r#for: patterns.iter().map(ToString::to_string).collect(),
            line: key.line,
        })
    }

    fn describe(&self, patterns: &[Pattern], out: &mut Output) -> Result<(), Failure> {
        let does = match &self.verify_until {
            _ if self.signs => "signs".to_owned(),
            _ if self.spent => "spent".to_owned(),
            Some(date) => format!("verifies until {date}"),
            None => "verifies".to_owned(),
        };
        let made = self.created.as_deref().unwrap_or("-");
        let patterns = for_patterns(patterns);
        let patterns = patterns.strip_prefix(" for ").unwrap_or("-");
        Ok(writeln!(out, "{:<3}  {does:<25}  {made:<10}  {patterns}", self.number)?)
    }
}

impl Show {
    fn run(self, config: &Path) -> Result<bool, Failure> {
        let keys = Keys::read(config, 0)?;
        let secret = keys.secret(keys.find(self.number, &self.patterns)?)?;
        let mut out = output();
        out.write_all(&secret)?;
        if std::io::stdout().is_terminal() {
            out.write_all(b"\n")?;
        }
        out.flush()?;
        Ok(true)
    }
}
