//! The command `batv`: signs, verifies and strips envelope senders (Bounce Address Tag
//! Validation) from arguments or, line by line, from standard input.
//!
//! What a tag is and means is the business of `batv-core`, and what a configuration file says that of
//! `batv-config`. This program reads options and addresses, asks them and prints their answers, as
//! text or as JSON.

#![forbid(unsafe_code)]
// Doc comments of options are help texts, not Markdown.
#![allow(clippy::doc_markdown)]
// Messages show names and arguments with their controls escaped.
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
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use failure::{Failure, warn};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Sign, verify and strip envelope senders (Bounce Address Tag Validation)
///
/// Mail that leaves gets a signed reverse-path, prvs=KDDDSSSSSS=user@domain. A bounce that comes
/// back to such an address is genuine; one to the bare address answers a forgery.
///
/// sign, verify and strip take addresses as arguments. Without any they read standard input,
/// one address a line, and answer each line with one line, in order and at once: as a
/// co-process, write a line and read a line. An address may stand in angle brackets, which are
/// kept; an empty line or <> is the null sender. Octets that are not UTF-8 are kept in text, and
/// become U+FFFD in JSON. A line may end in CRLF; a line of more than 65536 octets is not read
/// as an address, but comes out whole.
#[derive(Parser)]
#[command(name = "batv", version, after_help = EXIT_STATUS, disable_help_subcommand = true)]
struct Cli {
    /// The configuration file: for sign, verify and strip instead of --secret-file; for check and keys
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

const EXIT_STATUS: &str = "\
Exit status:
  0    every address was signed, passed or was stripped
  1    an address could not be signed, did not pass, or has no tag to inspect;
       check: a recipient is refused; config check: there are warnings;
       report: the logs hold no line of BATV
  2    wrong usage, a configuration or secret file that cannot be used, a
       change of keys that is refused, failed input or output
  141  nobody reads standard output any more";

#[derive(Subcommand)]
enum Command {
    Sign(sign::Sign),
    Verify(verify::Verify),
    Strip(strip::Strip),
    Inspect(inspect::Inspect),
    Keygen(keygen::Keygen),
    Check(check::Check),
    Report(report::Report),
    #[command(subcommand)]
    Config(config::ConfigCommand),
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    #[command(subcommand, hide = true)]
    Generate(generate::Generate),
}

/// What a configuration file says, and an option may say of one key.
const OF_ONE_KEY: [&str; 6] = ["secret_file", "key_number", "delimiter", "lifetime", "hash_case", "syntax"];

fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let Cli { config, command } = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if config.is_some() {
        refuse_contradiction(&matches);
    }
    let config = config.as_deref();
    let needed = || config.ok_or_else(|| Failure::Other("--config FILE is missing".into()));
    let result = match command {
        Command::Sign(sign) => sign.run(config),
        Command::Verify(verify) => verify.run(config),
        Command::Strip(strip) => strip.run(config),
        Command::Inspect(inspect) => inspect.run(),
        Command::Keygen(keygen) => keygen.run(),
        Command::Check(check) => needed().and_then(|config| check.run(config)),
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
        "inspect" | "keygen" | "report" | "config" | "generate" => name.to_owned(),
        _ => match OF_ONE_KEY.iter().find(given) {
            Some(id) => format!("--{}", id.replace('_', "-")),
            None => return,
        },
    };
    let message = format!("'--config <FILE>' cannot be used with '{other}'");
    Cli::command().error(ErrorKind::ArgumentConflict, message).exit();
}
