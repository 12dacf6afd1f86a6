//! `batv generate`: manual pages and shell completions, for packages and `make install`.

use crate::Cli;
use crate::failure::Failure;
use crate::output::output;
use clap::{CommandFactory, Subcommand};
use clap_complete::Shell;
use std::io::Write;
use std::path::PathBuf;

/// Generate manual pages and shell completions
#[derive(Subcommand)]
pub(crate) enum Generate {
    /// Write the manual pages, batv.1 and one of each command, into a folder, which is made
    Man {
        /// The folder
        folder: PathBuf,
    },
    /// Print completions for bash
    Bash,
    /// Print completions for zsh
    Zsh,
    /// Print completions for fish
    Fish,
}

impl Generate {
    pub(crate) fn run(self) -> Result<bool, Failure> {
        let shell = match self {
            Self::Man { folder } => {
                std::fs::create_dir_all(&folder)
                    .and_then(|()| clap_mangen::generate_to(Cli::command(), &folder))
                    .map_err(|error| Failure::Other(format!("{folder:?}: {error}")))?;
                return Ok(true);
            }
            Self::Bash => Shell::Bash,
            Self::Zsh => Shell::Zsh,
            Self::Fish => Shell::Fish,
        };
        // Into memory first: the generator panics when it cannot write.
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "batv", &mut script);
        let mut out = output();
        out.write_all(&script)?;
        out.flush()?;
        Ok(true)
    }
}
