//! The time at which addresses are judged.

use crate::failure::Failure;
use clap::Args;
use std::time::{SystemTime, UNIX_EPOCH};

/// 9999-01-01T00:00:00Z: what is later is not seconds, and its dates have no four digits.
const LATEST: u64 = 253_370_764_800;

/// The time at which addresses are judged.
#[derive(Args)]
pub(crate) struct TimeOption {
    /// The time, in seconds since 1970-01-01 UTC [default: now]
    #[arg(long, value_name = "UNIX-SECONDS", value_parser = clap::value_parser!(u64).range(..LATEST))]
    at: Option<u64>,
}

impl TimeOption {
    /// The time given, or the clock's: read each time, since streams may last for days.
    pub(crate) fn time(&self) -> Result<u64, Failure> {
        match self.at {
            Some(time) => Ok(time),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map(|since| since.as_secs())
                .map_err(|_| Failure::Other("the clock is set before 1970: use --at".into())),
        }
    }
}
