//! `batv keygen`.

use crate::failure::Failure;
use crate::output::output;
use batv_config::new_secret;
use clap::Args;
use std::io::{IsTerminal, Write};

/// Make a secret
///
/// Prints 32 random octets as 64 hexadecimal digits. On a terminal a newline follows. In a file there
/// is none, so that the digits are the whole secret, wherever they are copied to.
///
/// "batv keys new" makes a secret too, and writes it into the configuration file.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Keygen {}

const EXAMPLES: &str = "\
Examples:
  (umask 077; batv keygen > secret)

Exit status:
  0  the secret was printed
  2  wrong usage, or failed output";

impl Keygen {
    #[allow(clippy::unused_self)] // as the other commands
    pub(crate) fn run(self) -> Result<bool, Failure> {
        let secret = new_secret()
            .map_err(|error| Failure::Other(format!("the system gives no random octets: {error}")))?;
        let mut out = output();
        out.write_all(secret.as_bytes())?;
        if std::io::stdout().is_terminal() {
            out.write_all(b"\n")?;
        }
        out.flush()?;
        Ok(true)
    }
}
