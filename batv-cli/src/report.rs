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
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::PathBuf;
use summary::Summary;
use tally::Tally;

/// Sum up what the logs say of BATV
///
/// Reads logs and counts the lines in them that describe a decision: how many bounces were
/// refused, or would have been but for monitor mode, day by day, for which reason, for whom and
/// from where; how many genuine ones came, and by which key; what left unsigned, and why.
/// The exit status is 1 when there is no such line.
///
/// Any log will do: syslog's in both forms of time, what journalctl prints, Exim's main log,
/// or what a program wrote on standard error. A line counts only if "batv: " stands right behind
/// what the log itself writes: time, host, program, Exim's message id.
///
/// Addresses are shown in lower case and without tags, and with octets that are not printable
/// ASCII as \xNN. All keys with one number are counted as one. A date without a year is the last
/// one before --at or on the day after. Memory is bounded: when there are very many recipients,
/// clients or senders, the counts of the commonest may be too low, and the report says by how
/// much at most.
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
    /// The logs; - or none: standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How many recipients, clients and senders to show; the others are one line
    #[arg(long, value_name = "N", default_value = "10")]
    top: usize,
    /// Also write the report, as a page with pictures and without script, to this file
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
  zcat -f /var/log/exim4/mainlog* | batv report --top 20";

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
