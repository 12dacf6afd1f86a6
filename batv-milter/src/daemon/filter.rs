//! The filter of OpenSMTPD on standard input and output.

use super::site::{Clocked, Files};
use crate::opensmtpd::Filter;
use signal_hook::consts::SIGHUP;
use signal_hook::flag;
use std::io::{self, BufRead, Write};
use std::sync::Arc;

/// Serves OpenSMTPD until it stops.
///
/// # Errors
/// OpenSMTPD cannot be read or written to.
pub fn run(files: &Files) -> io::Result<()> {
    // A file that has changed is read at the next message anyway; and OpenSMTPD stops when its filter does.
    flag::register(SIGHUP, Arc::default())?;
    let mut filter = Filter::default();
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let (mut line, mut out) = (Vec::new(), Vec::new());
    while input.read_until(b'\n', &mut line)? != 0 {
        let site = Clocked::now(files);
        filter.handle(line.strip_suffix(b"\n").unwrap_or(&line), site.time, &site, &mut out);
        if !out.is_empty() {
            output.write_all(&out)?;
            output.flush()?;
        }
        line.clear();
        out.clear();
    }
    Ok(())
}
