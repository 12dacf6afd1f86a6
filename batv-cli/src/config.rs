//! The configuration file: what signs and verifies by it, and `batv config`.

use crate::answer::{Failure, output};
use crate::options::TimeOption;
use crate::warn;
use batv_core::Config;
use batv_store::Store;
use clap::{Args, Subcommand};
use std::cell::Cell;
use std::io::Write;
use std::ops::Deref;
use std::path::{Path, PathBuf};

/// A configuration file that is looked at again while a stream lasts.
pub(crate) struct Configuration {
    store: Store,
    /// The second at which it was last looked at.
    looked_at: Cell<u64>,
}

impl Configuration {
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let store = Store::open(path).map_err(Failure::Configuration)?;
        Ok(Self { store, looked_at: Cell::new(0) })
    }

    /// What it says at a time. Keys may be rotated while a co-process lasts for days, so a file
    /// that has changed is loaded again, and when it is bad now, what it said before stays.
    pub(crate) fn at(&self, time: u64) -> impl Deref<Target = Config> {
        if self.looked_at.replace(time) != time
            && let Err(error) = self.store.refresh()
        {
            warn(format_args!("the configuration has changed and is bad, so the old one stays\n{error}"));
        }
        self.store.config()
    }
}

/// Check configuration files
#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    Check(Check),
}

/// Check a configuration file
///
/// Prints everything that is wrong with the file on standard error, one fault a line, as
/// "FILE:LINE: KEY: MESSAGE", and makes the exit status 2. Without faults it prints on standard
/// output what should be looked at: secrets of fewer than 16 octets, secrets made more than 900
/// days ago, domains that no key signs for, monitor mode; the exit status is then 1. A file with
/// nothing to say about makes it 0. Secrets are never printed.
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
        let config = Configuration::open(&file)?;
        let time = time.time()?;
        let warnings = config.at(time).warnings(time);
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
