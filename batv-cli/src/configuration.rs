//! The configuration file that signs, verifies and decides.

use crate::failure::{Failure, warn};
use batv_config::{Config, Store};
use std::cell::Cell;
use std::ops::Deref;
use std::path::Path;
use std::time::{Duration, Instant};

/// The configuration file where none is named.
pub(crate) const DEFAULT: &str = "/etc/batv/batv.toml";

/// The configuration file: the one that is named, else [`DEFAULT`].
///
/// # Errors
/// There is no such file, and none was named.
pub(crate) fn named<'a>(config: Option<&'a Path>, or_else: &str) -> Result<&'a Path, Failure> {
    let path = config.unwrap_or(Path::new(DEFAULT));
    if config.is_none() && is_missing(path) {
        return Err(Failure::Other(format!("there is no {DEFAULT}: use --config FILE{or_else}")));
    }
    Ok(path)
}

/// Whether there is no such file. What may not be looked at may be there: whoever opens it says why not.
fn is_missing(path: &Path) -> bool {
    matches!(path.try_exists(), Ok(false))
}

/// How often a file is looked at while a stream lasts.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A configuration file that is looked at again while a stream lasts.
pub(crate) struct Configuration {
    store: Store,
    looked_at: Cell<Instant>,
}

impl Configuration {
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let store = Store::open(path).map_err(Failure::Configuration)?;
        Ok(Self { store, looked_at: Cell::new(Instant::now()) })
    }

    /// What it says now. Keys may be rotated while a co-process lasts for days, so a file that has
    /// changed is loaded again, whatever time addresses are judged at. When it is bad now, what it said
    /// before stays.
    pub(crate) fn now(&self) -> impl Deref<Target = Config> {
        if self.looked_at.get().elapsed() >= LOOK_EVERY {
            self.looked_at.set(Instant::now());
            if let Err(error) = self.store.refresh() {
                warn(format_args!("the new configuration is bad, so the old one stays in use\n{error}"));
            }
        }
        self.store.config()
    }
}

#[cfg(test)]
mod tests {
    use super::is_missing;
    use std::path::Path;

    #[test]
    fn what_may_not_be_looked_at_is_not_missing() {
        assert!(is_missing(Path::new("/nowhere/batv.toml")));
        assert!(!is_missing(Path::new("/")));
        // As "permission denied", but for root too: the system does not look behind a file.
        assert!(!is_missing(Path::new("/dev/null/batv.toml")));
    }
}
