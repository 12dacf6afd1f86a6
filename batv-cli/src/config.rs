//! `batv config`.

use crate::configuration::DEFAULT;
use crate::failure::Failure;
use crate::output::{Painter, Tone, output};
use crate::time::TimeOption;
use batv_config::Store;
use clap::{Args, Subcommand};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Check a configuration file
#[derive(Subcommand)]
#[command(after_help = "Examples:\n  batv config check batv.toml")]
pub(crate) enum ConfigCommand {
    Check(Check),
}

/// Check a configuration file
///
/// Prints everything that is wrong with the file on standard error, one fault per line, as
/// "FILE:LINE: SETTING: MESSAGE".
///
/// If the file can be used, it prints a warning for everything that may lose bounces, with the cure: weak
/// and old secrets, secret files that end in a line break, keys that no longer verify tags they made,
/// domains without a signing key, untagged destinations that cannot bounce, lists that hold everybody, names
/// without a domain that are not judged, and monitor mode. Secrets are never printed.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Check {
    /// The configuration file [default: /etc/batv/batv.toml]
    file: Option<PathBuf>,
    #[command(flatten)]
    time: TimeOption,
}

const EXAMPLES: &str = "\
Examples:
  batv config check
  batv config check batv.toml.new && mv batv.toml.new batv.toml

Exit status:
  0  the file is good
  1  there are warnings
  2  the file cannot be used, or wrong usage";

impl ConfigCommand {
    pub(crate) fn run(self) -> Result<bool, Failure> {
        let Self::Check(Check { file, time }) = self;
        let file = file.as_deref().unwrap_or(Path::new(DEFAULT));
        let store = Store::open(file).map_err(Failure::Configuration)?;
        let warnings = store.config().warnings(time.time()?);
        let (mut out, painter) = (output(), Painter::new());
        for warning in &warnings {
            write!(out, "{}: ", file.display())?;
            painter.write(Tone::Doubtful, "warning", &mut out)?;
            writeln!(out, ": {warning}")?;
        }
        if warnings.is_empty() {
            write!(out, "{}: ", file.display())?;
            painter.write(Tone::Good, "good", &mut out)?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
        Ok(warnings.is_empty())
    }
}
