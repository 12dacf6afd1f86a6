//! `batv keygen`.

use crate::answer::{Failure, output};
use clap::Args;
use std::io::{IsTerminal, Write};
use zeroize::Zeroizing;

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
        let mut out = output();
        out.write_all(new_secret()?.as_bytes())?;
        if std::io::stdout().is_terminal() {
            out.write_all(b"\n")?;
        }
        out.flush()?;
        Ok(true)
    }
}

/// A new secret, which is text, so that it is the same octets wherever it is copied to.
pub(crate) fn new_secret() -> Result<Zeroizing<String>, Failure> {
    let mut octets = Zeroizing::new([0; 32]);
    getrandom::fill(octets.as_mut()).map_err(|error| Failure::Other(format!("no random octets: {error}")))?;
    // Room for all of it, so that no copy is left behind when it grows.
    let mut secret = Zeroizing::new(String::with_capacity(64));
    for nibble in octets.iter().flat_map(|octet| [octet >> 4, octet & 15]) {
        secret.extend(char::from_digit(nibble.into(), 16));
    }
    Ok(secret)
}
