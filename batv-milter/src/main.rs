//! batv-milter: a daemon that a mail server asks, by the milter protocol, which senders to sign and
//! which bounces to refuse.

#![forbid(unsafe_code)]
// Doc comments of options are help texts, not Markdown.
#![allow(clippy::doc_markdown)]

use batv_config::{Config, Milter, Socket, Store};
use batv_milter::daemon::{self, Files, Signals, socket};
use batv_milter::log::{Level, Log};
use batv_milter::opensmtpd;
use clap::Parser;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use sd_notify::NotifyState;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Sign envelope senders and refuse forged bounces, for Postfix, Sendmail and OpenSMTPD (Bounce Address Tag Validation)
///
/// Runs in the foreground and logs to standard error. SIGHUP reloads the configuration; SIGTERM stops the
/// daemon when messages in progress have ended.
#[derive(Parser)]
#[command(name = "batv-milter", version)]
struct Options {
    /// The configuration file, with a section [milter]
    #[arg(long, value_name = "FILE", default_value = "/etc/batv/batv.toml")]
    config: PathBuf,
    /// Report what is wrong with the configuration and the socket, then exit
    #[arg(long)]
    check: bool,
    /// Be a filter, which OpenSMTPD runs itself; no section [milter] is needed
    #[arg(long)]
    opensmtpd: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    // OpenSMTPD reads what its filter writes, even if systemd has started it.
    let log = if options.opensmtpd { Log::default() } else { Log::of_this_process() };
    match run(&options, log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.write(Level::Error, error);
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options, log: Log) -> Result<(), String> {
    let store = Store::open(&options.config).map_err(|error| error.to_string())?;
    let files = Arc::new(Files::new(store, log));
    let config = files.config();
    if options.opensmtpd {
        opensmtpd::check(&config)?;
        let run = if options.check { Ok(()) } else { daemon::filter::run(&files) };
        return run.map_err(|error| format!("OpenSMTPD: {error}"));
    }
    let milter = milter(&options.config, &config)?;
    let failed = |socket: &Socket, error| format!("{socket}: {error}");
    let (socket, group, metrics) = (&milter.socket, milter.group.as_deref(), milter.metrics.as_ref());
    if options.check {
        let check = |socket, group| match socket::check(socket, group) {
            // It may be the very daemon that is to read the new file.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                log.write(Level::Notice, format_args!("{socket}: in use, so not tested"));
                Ok(())
            }
            result => result.map_err(|error| failed(socket, error)),
        };
        check(socket, group)?;
        return metrics.map_or(Ok(()), |metrics| check(metrics, None));
    }
    raise_limit();
    let signals = Signals::catch().map_err(|error| error.to_string())?;
    let bind = |socket, group| socket::Listener::bind(socket, group).map_err(|error| failed(socket, error));
    let listener = bind(socket, group)?;
    let exporter = metrics.map(|metrics| bind(metrics, None)).transpose()?;
    let version = env!("CARGO_PKG_VERSION");
    let for_metrics = metrics.map(|metrics| format!(", and for metrics on {metrics}")).unwrap_or_default();
    log.write(Level::Notice, format_args!("batv-milter {version} listens on {socket}{for_metrics}"));
    daemon::notify(&[NotifyState::Ready]);
    daemon::run(&files, milter, listener, exporter, signals).map_err(|error| failed(socket, error))?;
    log.write(Level::Notice, "stopped");
    Ok(())
}

fn milter<'a>(path: &std::path::Path, config: &'a Config) -> Result<&'a Milter, String> {
    config.milter.as_ref().ok_or_else(|| format!("{}: has no section [milter]", path.display()))
}

/// As many descriptors as the system allows: each connection needs one.
fn raise_limit() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
