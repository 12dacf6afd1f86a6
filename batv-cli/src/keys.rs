//! `batv keys`: the keys of a configuration file over the years.

use crate::configuration::named;
use crate::failure::{Failure, warn};
use crate::options::{parse_key_number, read_secret};
use crate::output::{Output, output, write_json};
use crate::time::TimeOption;
use batv_config::edit::{EditError, Editor, Keys, for_patterns};
use batv_config::{Date, Key, Use, parse_key_pattern};
use batv_core::{KeyNumber, Pattern};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long to wait for another editor of the file.
const PATIENCE: Duration = Duration::from_secs(30);

/// Make, rotate, list and remove keys
///
/// These commands change the configuration file. Comments, order, owner, mode and access control list stay
/// as they are. The file is replaced in one step, so that a reader sees either the old text or the new one,
/// even after a crash. If another command is changing the file, they wait for it, for half a minute at most.
/// A change that would break the file, or lose bounces, is refused.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  batv keys new --for example.com '*.example.com'
  batv keys list
  batv keys rotate")]
pub(crate) enum KeysCommand {
    List(List),
    New(New),
    Rotate(Rotate),
    Retire(Retire),
    Prune(Prune),
    Show(Show),
    Export(Export),
    Fingerprint(Fingerprint),
}

/// List the keys
///
/// Prints one line per key, in the order of the file: its number; its use, which is "sign", "verify",
/// "verify until" and a date (the last day), or "spent" if it can be pruned; the date on which its secret
/// was created; the fingerprint of the secret; and the domains and addresses it is for. Secrets are not
/// printed.
///
/// With --json, one object per line: {"number", "use", "verify_until", "spent", "created",
/// "fingerprint", "for", "line"}.
#[derive(Args)]
#[command(after_help = "Examples:\n  batv keys list\n  batv keys list --json")]
pub(crate) struct List {
    #[command(flatten)]
    time: TimeOption,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

/// Add a key with a new secret
///
/// The key gets the first number that is free for its domains. It signs if no key signs for them yet.
/// Otherwise it only verifies, so that you can copy it to all servers first; "batv keys rotate --to N"
/// then makes it sign. The secret goes into the configuration file, or into a new file beside it if the
/// last key has a secret file.
#[derive(Args)]
#[command(after_help = "Examples:\n  batv keys new --for example.com '*.example.com'")]
pub(crate) struct New {
    #[command(flatten)]
    time: TimeOption,
    /// What the key is for: example.com, *.example.com, user@example.com, or * for every domain
    #[arg(long = "for", value_name = "DOMAIN", required = true, num_args = 1.., value_parser = parse_pattern)]
    patterns: Vec<Pattern>,
}

/// Replace the keys that sign
///
/// Each key that signs is replaced by one with a new secret, which signs for the same domains. The old
/// key goes on verifying until its last tag has expired, and one day longer. The new key gets the next
/// number that is free; 0 follows 9.
#[derive(Args)]
#[command(after_help = "\
Examples:
  batv keys rotate
  batv keys rotate --for example.com
  batv keys rotate --to 2")]
pub(crate) struct Rotate {
    #[command(flatten)]
    time: TimeOption,
    /// Rotate only the keys that sign for one of these
    #[arg(long = "for", value_name = "DOMAIN", num_args = 1.., value_parser = parse_pattern)]
    patterns: Vec<Pattern>,
    /// Make no new key; let the key with this number sign, which has only verified so far
    #[arg(long, value_name = "N", value_parser = parse_key_number)]
    to: Option<KeyNumber>,
}

/// Stop using a key
///
/// The key only verifies from now on, until its last tag has expired, and one day longer. A key that
/// signs cannot be retired without --force, because mail would leave unsigned: rotate it instead.
#[derive(Args)]
#[command(after_help = "Examples:\n  batv keys retire 2")]
pub(crate) struct Retire {
    #[command(flatten)]
    time: TimeOption,
    /// The number of the key
    #[arg(value_name = "N", value_parser = parse_key_number)]
    number: KeyNumber,
    /// A domain of the key, if several keys have the number
    #[arg(long = "for", value_name = "DOMAIN", value_parser = parse_pattern)]
    patterns: Vec<Pattern>,
    /// Retire it even if no key will sign then, to switch BATV off
    #[arg(long)]
    force: bool,
}

/// Remove keys that are no longer needed
///
/// These are the keys whose last day of verifying has passed. Their comments are removed too; their
/// secret files stay.
#[derive(Args)]
#[command(after_help = "Examples:\n  batv keys prune")]
pub(crate) struct Prune {
    #[command(flatten)]
    time: TimeOption,
}

/// Print the secret of a key
///
/// On a terminal a newline follows. In a file there is none, so that the file can be used with
/// --secret-file.
#[derive(Args)]
#[command(after_help = "Examples:\n  (umask 077; batv keys show 1 > secret)")]
pub(crate) struct Show {
    /// The number of the key
    #[arg(value_name = "N", value_parser = parse_key_number)]
    number: KeyNumber,
    /// A domain of the key, if several keys have the number
    #[arg(long = "for", value_name = "DOMAIN", value_parser = parse_pattern)]
    patterns: Vec<Pattern>,
}

/// Print the keys as a table that a mail server looks up by domain
///
/// Prints one line per domain, "example.com: 2:SECRET 1:SECRET": the key that signs, then the keys that
/// verify, without those that are spent. Exim's lsearch reads the table as it is, and the functions of
/// libbatv take what it finds. A secret that is not plain text is written as base64:TEXT. Keys for
/// single addresses are refused, and so are domains for which no key signs.
#[derive(Args)]
#[command(after_help = "Examples:\n  (umask 077; batv keys export > keys)")]
pub(crate) struct Export {
    #[command(flatten)]
    time: TimeOption,
}

/// Print the fingerprint of a secret file
///
/// Two servers have the same secret if its fingerprint, 16 hexadecimal digits, is the same. The
/// fingerprint of a random secret, such as keygen makes, gives nothing away. A short or common word can be
/// guessed from it.
#[derive(Args)]
#[command(after_help = "Examples:\n  batv keys fingerprint secret")]
pub(crate) struct Fingerprint {
    /// The secret file; every octet counts, including a final newline
    file: PathBuf,
}

fn parse_pattern(text: &str) -> Result<Pattern, String> {
    parse_key_pattern(text).map_err(|error| error.to_string())
}

impl KeysCommand {
    pub(crate) fn run(self, config: Option<&Path>) -> Result<bool, Failure> {
        if let Self::Fingerprint(fingerprint) = self {
            return fingerprint.run();
        }
        let path = named(config, "")?;
        match self {
            Self::List(list) => list.run(path),
            Self::New(New { time, patterns }) => change(path, &time, false, |keys| keys.add(&patterns)),
            Self::Rotate(Rotate { time, patterns, to }) => {
                change(path, &time, false, |keys| keys.rotate(&patterns, to))
            }
            Self::Retire(Retire { time, number, patterns, force }) => {
                change(path, &time, force, |keys| keys.retire(number, &patterns, force))
            }
            Self::Prune(Prune { time }) => change(path, &time, false, |keys| {
                keys.prune();
                Ok(())
            }),
            Self::Show(show) => show.run(path),
            Self::Export(export) => export.run(path),
            Self::Fingerprint(fingerprint) => fingerprint.run(),
        }
    }
}

/// Changes the file, and prints what became of the keys.
fn change(
    path: &Path,
    time: &TimeOption,
    may_stop: bool,
    change: impl FnOnce(&mut Keys) -> Result<(), EditError>,
) -> Result<bool, Failure> {
    let waiting =
        || warn(format_args!("{}: waiting for another program that is changing it", path.display()));
    let today = Date::at(time.time()?);
    let changes = Editor { path, today, may_stop, patience: PATIENCE, waiting: &waiting }.change(change)?;
    if changes.is_empty() {
        // Only pruning finds nothing to do.
        return print(&["no key is spent"]);
    }
    print(&changes).map_err(|failure| match failure {
        // Who takes it for a change that failed makes it again.
        Failure::Output(error) if error.kind() != ErrorKind::BrokenPipe => {
            Failure::Other(format!("{}: changed, but standard output: {error}", path.display()))
        }
        failure => failure,
    })
}

fn print(lines: &[impl Display]) -> Result<bool, Failure> {
    let mut out = output();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    Ok(true)
}

#[derive(Serialize)]
struct Listed {
    number: u8,
    r#use: &'static str,
    verify_until: Option<String>,
    spent: bool,
    created: Option<String>,
    fingerprint: String,
    r#for: Vec<String>,
    line: usize,
}

impl List {
    fn run(self, config: &Path) -> Result<bool, Failure> {
        let time = self.time.time()?;
        let keys = Keys::read(config)?;
        let mut out = output();
        if !self.json {
            writeln!(out, "key  use                      created     fingerprint       for")?;
        }
        for key in keys.as_slice() {
            let listed = Listed::new(key, time);
            if self.json {
                write_json(&listed, &mut out)?;
                out.write_all(b"\n")?;
            } else {
                listed.describe(&key.patterns, &mut out)?;
            }
        }
        out.flush()?;
        Ok(true)
    }
}

impl Listed {
    fn new(key: &Key, time: u64) -> Self {
        Self {
            number: key.number.get(),
            r#use: key.r#use.as_str(),
            verify_until: key.verify_until.map(|date| date.to_string()),
            spent: key.is_spent(time),
            created: key.created.map(|date| date.to_string()),
            fingerprint: key.fingerprint().to_string(),
            r#for: key.patterns.iter().map(ToString::to_string).collect(),
            line: key.line,
        }
    }

    fn describe(&self, patterns: &[Pattern], out: &mut Output) -> Result<(), Failure> {
        let used = match &self.verify_until {
            _ if self.spent => "spent".to_owned(),
            Some(date) if self.r#use == Use::Verify.as_str() => format!("verify until {date}"),
            _ => self.r#use.to_owned(),
        };
        let (number, created) = (self.number, self.created.as_deref().unwrap_or("-"));
        let fingerprint = &self.fingerprint;
        let patterns = for_patterns(patterns);
        let patterns = patterns.strip_prefix(" for ").unwrap_or("-");
        Ok(writeln!(out, "{number:<3}  {used:<23}  {created:<10}  {fingerprint}  {patterns}")?)
    }
}

impl Show {
    fn run(self, config: &Path) -> Result<bool, Failure> {
        let secret = Keys::read(config)?.secret(self.number, &self.patterns)?;
        let mut out = output();
        out.write_all(&secret)?;
        if std::io::stdout().is_terminal() {
            out.write_all(b"\n")?;
        }
        out.flush()?;
        Ok(true)
    }
}

impl Export {
    fn run(self, config: &Path) -> Result<bool, Failure> {
        let table = Keys::read(config)?.table(self.time.time()?)?;
        print(&table.iter().map(|line| &**line).collect::<Vec<_>>())
    }
}

impl Fingerprint {
    fn run(self) -> Result<bool, Failure> {
        print(&[read_secret(&self.file)?.fingerprint()])
    }
}
