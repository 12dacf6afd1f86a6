//! `batv generate`: manual pages and shell completions, for packages and `make install`.

use crate::failure::Failure;
use crate::output::output;
use clap::Subcommand;
use clap_complete::Shell;
use clap_mangen::Man;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Generate manual pages and shell completions
#[derive(Subcommand)]
#[command(after_help = "Examples:\n  batv generate man pages\n  batv generate bash > batv.bash")]
pub(crate) enum Generate {
    /// Write batv(1) and a manual page for each command into a folder, which is made if it is missing
    #[command(after_help = "Examples:\n  batv generate man pages")]
    Man {
        /// The folder
        folder: PathBuf,
    },
    /// Print completions for bash
    #[command(after_help = "Examples:\n  batv generate bash > /etc/bash_completion.d/batv")]
    Bash,
    /// Print completions for zsh
    #[command(after_help = "Examples:\n  batv generate zsh > /usr/local/share/zsh/site-functions/_batv")]
    Zsh,
    /// Print completions for fish
    #[command(after_help = "Examples:\n  batv generate fish > ~/.config/fish/completions/batv.fish")]
    Fish,
}

impl Generate {
    pub(crate) fn run(self) -> Result<bool, Failure> {
        let shell = match self {
            Self::Man { folder } => {
                manual_pages(&folder).map_err(|error| Failure::Other(format!("{folder:?}: {error}")))?;
                return Ok(true);
            }
            Self::Bash => Shell::Bash,
            Self::Zsh => Shell::Zsh,
            Self::Fish => Shell::Fish,
        };
        // Into memory first: the generator panics when it cannot write.
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut crate::command(), "batv", &mut script);
        let mut out = output();
        out.write_all(&script)?;
        out.flush()?;
        Ok(true)
    }
}

/// The first page is written by hand, those of the commands are made from their help.
fn manual_pages(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let batv = include_str!("batv.1").replace("@VERSION@", env!("CARGO_PKG_VERSION"));
    std::fs::write(folder.join("batv.1"), batv)?;
    let mut command = crate::command();
    command.build();
    command.get_subcommands().try_for_each(|command| manual_page(command, folder))
}

fn manual_page(command: &clap::Command, folder: &Path) -> io::Result<()> {
    if command.is_hide_set() {
        return Ok(());
    }
    command.get_subcommands().try_for_each(|command| manual_page(command, folder))?;
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let man = Man::new(command.clone().after_help(None::<&str>));
    let name = man.get_filename();
    let title = name.trim_end_matches(".1").to_uppercase();
    let version = env!("CARGO_PKG_VERSION");
    let mut page =
        format!(".TH {title} 1 \"\" \"batv {version}\" \"Bounce Address Tag Validation\"\n").into_bytes();
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    page.extend(sections(&help).into_bytes());
    page.extend(b".SH SEE ALSO\n.BR batv (1)\n");
    std::fs::write(folder.join(name), page)
}

/// A help text in roff. A line that ends in a colon is the heading of the indented lines below it.
fn sections(help: &str) -> String {
    let blocks = help.split("\n\n").filter_map(|block| block.split_once(":\n"));
    let escape = |line: &str| {
        let line = line.trim_start().replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
        format!("\\&{line}\n")
    };
    let section = |(heading, lines): (&str, &str)| {
        let lines: String = lines.lines().map(escape).collect();
        format!(".SH {}\n.nf\n{lines}.fi\n", heading.to_uppercase())
    };
    blocks.map(section).collect()
}
