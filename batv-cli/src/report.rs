//! `batv report`.

mod chart;
mod decision;
mod frequent;
mod json;
mod page;
mod prefix;
mod reasons;
mod summary;
mod table;
mod tally;

use crate::failure::Failure;
use crate::lines::{Line, Lines};
use crate::output::{output, write_json};
use crate::time::TimeOption;
use batv_config::Date;
use clap::Args;
use page::Page;
#[cfg(test)]
pub(crate) use reasons::{INBOUND, OUTBOUND};
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::PathBuf;
use summary::Summary;
use tally::Tally;

/// Summarise what the logs say about BATV
///
/// Reads logs and counts the decisions in them. How many bounces were refused, or would have been
/// without monitor mode: by day, reason, recipient and client. How many genuine bounces came, and with
/// which key. What left unsigned, and why.
///
/// It reads syslog with either form of time, the output of journalctl, Exim's main log, and what a
/// program wrote on standard error. A line counts if "batv: " comes right after what the log itself
/// writes: time, host, program, Exim's message id.
///
/// Addresses are shown in lower case and without tags. Octets that are not printable ASCII are shown as
/// \xNN. Keys with the same number are counted as one. If a date has no year, it is the last such date
/// before --at, or the day after. Memory is bounded: if there are very many recipients, clients or
/// senders, the highest counts may be too low, and the report says by how much at most.
///
/// With --json, one object: {"lines", "decisions", "not_understood", "too_long", "days": [{"day",
/// "refused", "monitored", "genuine"}], "inbound": [{"reason", "refused", "monitored",
/// "accepted"}], "recipients": {"commonest": [{"value", "count"}], "others", "too_low_by"},
/// "clients": the same, "keys": [{"key_number", "signed", "last_signed", "genuine",
/// "last_genuine"}], "outbound": [{"reason", "messages"}], "senders": as recipients, each
/// with "reason"}. "monitored" counts what would have been refused.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Report {
    /// The logs; standard input if there are none, or for -
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How many recipients, clients and senders to list
    #[arg(long, value_name = "N", default_value = "10")]
    top: usize,
    /// Also write the report to this file, as a web page with charts
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    time: TimeOption,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  batv report --html batv.html /var/log/mail.log
  journalctl -o short-iso -t batv-milter | batv report
  zcat -f /var/log/exim4/mainlog* | batv report --top 20

Exit status:
  0  the logs hold decisions
  1  they hold none
  2  wrong usage, or a file that cannot be read or written";

impl Report {
    pub(crate) fn run(self) -> Result<bool, Failure> {
        let mut tally = Tally::new(Date::at(self.time.time()?));
        if self.files.is_empty() {
            read(io::stdin().lock(), &mut tally)?;
        }
        for file in &self.files {
            if file.as_os_str() == "-" {
                read(io::stdin().lock(), &mut tally)?;
                continue;
            }
            let failed = |error: io::Error| Failure::Other(format!("{}: {error}", file.display()));
            let source = File::open(file).map_err(failed)?;
            read(source, &mut tally).map_err(|failure| match failure {
                Failure::Input(error) => failed(error),
                other => other,
            })?;
        }
        let summary = Summary::new(&tally, self.top);
        if let Some(html) = &self.html {
            let page = Page { summary: &summary, tally: &tally };
            std::fs::write(html, page.to_string())
                .map_err(|error| Failure::Other(format!("{}: {error}", html.display())))?;
        }
        let mut out = output();
        if self.json {
            write_json(&json::Report::new(&tally, self.top), &mut out)?;
            out.write_all(b"\n")?;
        } else {
            table::write(&summary, io::stdout().is_terminal(), &mut out)?;
        }
        out.flush()?;
        Ok(tally.decisions > 0)
    }
}

/// Counts the lines of a log.
fn read(source: impl Read, tally: &mut Tally) -> Result<(), Failure> {
    let mut lines = Lines::new(source);
    loop {
        match lines.next() {
            Some(Line::Whole { octets, .. }) => tally.add(octets),
            Some(Line::TooLong) => {
                tally.lines += 1;
                tally.too_long += 1;
                lines.skip_line()?;
            }
            None => {
                if !lines.fill()? {
                    return Ok(());
                }
            }
        }
    }
}
