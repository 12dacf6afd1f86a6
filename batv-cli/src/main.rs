//! The command `batv`: signs, verifies and strips envelope senders (Bounce Address Tag
//! Validation) from arguments or, line by line, from standard input.
//!
//! `batv-core` knows what a tag is and means, and `batv-config` what a configuration file says. This
//! program reads options and addresses, asks those two, and prints their answers as text or JSON.

#![forbid(unsafe_code)]
// Doc comments of options are help texts, not Markdown.
#![allow(clippy::doc_markdown)]
// Messages show names and arguments with control characters escaped.
#![allow(clippy::unnecessary_debug_formatting)]

mod answer;
mod calendar;
mod check;
mod config;
mod configuration;
mod failure;
mod generate;
mod inspect;
mod keygen;
mod keys;
mod lines;
mod options;
mod output;
mod report;
mod sign;
mod strip;
mod time;
mod verify;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand, value_parser};
use failure::{Failure, warn};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Sign, verify and strip envelope senders (Bounce Address Tag Validation)
#[derive(Parser)]
#[command(name = "batv", version, after_help = EXAMPLES)]
#[command(disable_help_subcommand = true, max_term_width = 100)]
struct Cli {
    /// The configuration file [default: /etc/batv/batv.toml]
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

/// With it, `batv --help` and the next prompt fit a terminal of 24 lines.
const EXAMPLES: &str = "\
Examples:
  batv keys new --for example.com
  batv check --from '<>' --to user@example.com";

/// Those that people need most come first.
#[derive(Subcommand)]
enum Command {
    Sign(sign::Sign),
    Verify(verify::Verify),
    Check(check::Check),
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    #[command(subcommand)]
    Config(config::ConfigCommand),
    Report(report::Report),
    Strip(strip::Strip),
    Inspect(inspect::Inspect),
    Keygen(keygen::Keygen),
    #[command(subcommand, hide = true)]
    Generate(generate::Generate),
}

/// Settings of a configuration file, and the options that set them for a single key.
const OF_ONE_KEY: [&str; 6] = ["secret_file", "key_number", "delimiter", "lifetime", "hash_case", "syntax"];

/// Commands that refuse --config.
const WITHOUT_CONFIG: [&str; 5] = ["config", "report", "inspect", "keygen", "generate"];

/// The command line. The help of commands that have no use for --config does not show it.
fn command() -> clap::Command {
    let hidden = || {
        let config = Arg::new("config").long("config").value_name("FILE");
        config.value_parser(value_parser!(PathBuf)).global(true).hide(true)
    };
    let hide = |command: clap::Command, name| command.mut_subcommand(name, |command| command.arg(hidden()));
    WITHOUT_CONFIG.into_iter().chain(["strip"]).fold(Cli::command(), hide)
}

fn main() -> ExitCode {
    let matches = command().get_matches();
    let Cli { config, command } = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if config.is_some() {
        refuse_contradiction(&matches);
    }
    let config = config.as_deref();
    let result = match command {
        Command::Sign(sign) => sign.run(config),
        Command::Verify(verify) => verify.run(config),
        Command::Strip(strip) => strip.run(config),
        Command::Inspect(inspect) => inspect.run(),
        Command::Keygen(keygen) => keygen.run(),
        Command::Check(check) => check.run(config),
        Command::Report(report) => report.run(),
        Command::Config(config) => config.run(),
        Command::Keys(keys) => keys.run(config),
        Command::Generate(generate) => generate.run(),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        // As a shell reports the end by SIGPIPE.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(141),
        // Its lines begin with the file's name, as those of a compiler.
        Err(failure @ Failure::Configuration(_)) => {
            let _ = io::stderr().write_all(format!("{failure}\n").as_bytes());
            ExitCode::from(2)
        }
        Err(failure) => {
            warn(format_args!("{failure}"));
            ExitCode::from(2)
        }
    }
}

/// Ends with a usage error where --config stands with an option or command that it is not for.
fn refuse_contradiction(matches: &ArgMatches) {
    let Some((name, matches)) = matches.subcommand() else { return };
    let given = |id: &&&str| {
        matches.ids().any(|known| known == **id) && matches.value_source(id) == Some(ValueSource::CommandLine)
    };
    let other = match name {
        name if WITHOUT_CONFIG.contains(&name) => name.to_owned(),
        _ => match OF_ONE_KEY.iter().find(given) {
            Some(id) => format!("--{}", id.replace('_', "-")),
            None => return,
        },
    };
    let message = format!("'--config <FILE>' cannot be used with '{other}'");
    command().error(ErrorKind::ArgumentConflict, message).exit();
}
