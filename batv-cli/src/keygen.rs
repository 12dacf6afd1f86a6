//! `batv keygen`.

use crate::failure::Failure;
use crate::output::output;
use batv_config::new_secret;
use clap::Args;
use std::io::{IsTerminal, Write};

/// Make a strong secret
///
/// Prints 32 octets of the system's random source as 64 hexadecimal digits, and nothing else: a
/// newline follows on a terminal only, so that "(umask 077; batv keygen > FILE)" makes a file for
/// --secret-file, and the same digits are the same secret wherever they are copied to.
#[derive(Args)]
pub(crate) struct Keygen {}

impl Keygen {
    #[allow(clippy::unused_self)] // as the other commands
    pub(crate) fn run(self) -> Result<bool, Failure> {
        let secret = new_secret().map_err(|error| Failure::Other(format!("no random octets: {error}")))?;
        let mut out = output();
        out.write_all(secret.as_bytes())?;
        if std::io::stdout().is_terminal() {
            out.write_all(b"\n")?;
        }
        out.flush()?;
        Ok(true)
    }
}
