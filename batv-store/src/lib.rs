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
use std::sync::atomic::{AtomicU32, Ordering};

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
    /// The process in which a thread refreshes, 0 for none. In a child that was forked meanwhile no
    /// thread does: it is another process.
    refreshing: AtomicU32,
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
        Ok(Self { path, state, refreshing: AtomicU32::new(0) })
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
    /// One thread loads, and the others go on with the old configuration meanwhile.
    ///
    /// # Errors
    /// The file has changed and is bad: the old configuration stays. It is said once for each
    /// change of the file, to one thread.
    pub fn refresh(&self) -> Result<bool, Arc<StoreError>> {
        let changed = || self.state.load().stamps.changed();
        if !changed() {
            return Ok(false);
        }
        match Refreshing::begin(&self.refreshing) {
            // Another thread may have loaded since the look.
            Some(_refreshing) if changed() => self.reload().map(|()| true),
            _ => Ok(false),
        }
    }

    /// Loads the file again.
    ///
    /// # Errors
    /// The file is bad: the old configuration stays.
    pub fn reload(&self) -> Result<(), Arc<StoreError>> {
        loop {
            let before = self.state.load();
            let (config, stamps) = load(&self.path);
            let (config, result) = match config {
                Ok(config) => (Arc::new(config), Ok(())),
                Err(error) => (Arc::clone(&before.config), Err(Arc::new(error))),
            };
            let was = self.state.compare_and_swap(&*before, Arc::new(State { config, stamps }));
            // What another thread has loaded meanwhile may be newer than this, or older.
            if Arc::ptr_eq(&was, &before) {
                return result;
            }
        }
    }
}

/// The right of one thread to refresh, until it is dropped.
struct Refreshing<'a>(&'a AtomicU32);

impl<'a> Refreshing<'a> {
    fn begin(process: &'a AtomicU32) -> Option<Self> {
        let (was, this) = (process.load(Ordering::Relaxed), std::process::id());
        let begins =
            was != this && process.compare_exchange(was, this, Ordering::Acquire, Ordering::Relaxed).is_ok();
        // Not `then_some`: what it drops would end the turn of another thread.
        begins.then(|| Self(process))
    }
}

impl Drop for Refreshing<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Release);
    }
}

struct Current(Guard<Arc<State>>);

impl Deref for Current {
    type Target = Config;

    fn deref(&self) -> &Config {
        &self.0.config
    }
}
