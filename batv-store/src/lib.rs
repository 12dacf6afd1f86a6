//! The configuration file of BATV on disk, for long-lived processes.
//!
//! A [`Store`] loads `batv.toml` and the secret files beside it, answers many threads without
//! locking one out, and reloads when a file has changed. When the new file is bad it keeps the
//! old configuration and says so.

#![forbid(unsafe_code)]

mod error;
mod load;

pub use error::{Fault, StoreError};

use arc_swap::{ArcSwap, Guard};
use batv_core::Config;
use load::{Stamps, load};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A configuration file and what it said when it was last good.
///
/// All methods may be called from many threads, and after a fork: none waits for a lock.
///
/// # Examples
/// ```no_run
/// let store = batv_store::Store::open("/etc/batv/batv.toml")?;
/// if let Err(error) = store.refresh() {
///     eprintln!("{error}"); // the configuration is still the old one
/// }
/// let outbound = store.config().policy.outbound(b"user@example.com", [], 1_795_348_800);
/// # Ok::<(), std::sync::Arc<batv_store::StoreError>>(())
/// ```
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    state: ArcSwap<State>,
}

#[derive(Debug)]
struct State {
    config: Arc<Config>,
    /// The files of the last attempt to load, good or bad.
    stamps: Stamps,
}

impl Store {
    /// Loads a file.
    ///
    /// # Errors
    /// [`StoreError`] with all that is wrong with it.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, Arc<StoreError>> {
        let path = path.into();
        let (config, stamps) = load(&path);
        let state = ArcSwap::from_pointee(State { config: Arc::new(config?), stamps });
        Ok(Self { path, state })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The configuration as it is now. Keep it for one decision, not for long: it does not change.
    #[must_use]
    pub fn config(&self) -> impl Deref<Target = Config> {
        Current(self.state.load())
    }

    /// Loads the file again if it, or a secret file, has changed: one look at each tells. Returns
    /// whether the configuration is a new one.
    ///
    /// # Errors
    /// The file has changed and is bad: the old configuration stays. It is said once for each
    /// change of the file.
    pub fn refresh(&self) -> Result<bool, Arc<StoreError>> {
        if self.state.load().stamps.changed() { self.reload().map(|()| true) } else { Ok(false) }
    }

    /// Loads the file again.
    ///
    /// # Errors
    /// The file is bad: the old configuration stays.
    pub fn reload(&self) -> Result<(), Arc<StoreError>> {
        let before = self.state.load();
        let (config, stamps) = load(&self.path);
        let (config, result) = match config {
            Ok(config) => (Arc::new(config), Ok(())),
            Err(error) => (Arc::clone(&before.config), Err(Arc::new(error))),
        };
        // When another thread has loaded meanwhile, what it found may be newer: it stays, and
        // should it be older, the next look at the stamps tells.
        self.state.compare_and_swap(&*before, Arc::new(State { config, stamps }));
        result
    }
}

struct Current(Guard<Arc<State>>);

impl Deref for Current {
    type Target = Config;

    fn deref(&self) -> &Config {
        &self.0.config
    }
}
