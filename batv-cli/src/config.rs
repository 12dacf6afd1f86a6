//! `batv config`.

use crate::failure::Failure;
use crate::output::output;
use crate::time::TimeOption;
use batv_config::Store;
use clap::{Args, Subcommand};
use std::io::Write;
use std::path::PathBuf;

/// Check configuration files
#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    Check(Check),
}

/// Check a configuration file
///
/// Prints everything that is wrong with the file on standard error, one fault a line, as
/// "FILE:LINE: SETTING: MESSAGE", and makes the exit status 2. Without faults it prints on standard
/// output what works and may lose bounces, each with its cure: weak and old secrets, secret files
/// that end in a line break, keys that are out of use while their tags are under way, domains that no
/// key signs for, lists that hold everybody, names without domain that are not judged, monitor mode.
/// The exit status is then 1. A file with nothing to say about makes it 0. Secrets are never printed.
#[derive(Args)]
pub(crate) struct Check {
    /// The configuration file
    file: PathBuf,
    #[command(flatten)]
    time: TimeOption,
}

impl ConfigCommand {
    pub(crate) fn run(self) -> Result<bool, Failure> {
        let Self::Check(Check { file, time }) = self;
        let store = Store::open(&file).map_err(Failure::Configuration)?;
        let warnings = store.config().warnings(time.time()?);
        let mut out = output();
        for warning in &warnings {
            writeln!(out, "{}: warning: {warning}", file.display())?;
        }
        if warnings.is_empty() {
            writeln!(out, "{}: good", file.display())?;
        }
        out.flush()?;
        Ok(warnings.is_empty())
    }
}
