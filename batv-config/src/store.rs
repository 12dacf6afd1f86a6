//! A configuration file on disk, for long-lived processes.

pub(crate) mod load;

use crate::config::Config;
use crate::fault::ConfigError;
use crate::file::Stamps;
use arc_swap::{ArcSwap, Guard};
use load::{Loaded, load};
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
/// use batv_core::Message;
///
/// let store = batv_config::Store::open("/etc/batv/batv.toml")?;
/// if let Err(error) = store.refresh() {
///     eprintln!("{error}"); // the configuration is still the old one
/// }
/// let message = Message::new(b"user@example.com", 1_795_348_800);
/// let decision = store.config().policy.outbound(&message);
/// # Ok::<(), std::sync::Arc<batv_config::ConfigError>>(())
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
    /// What was wrong with that attempt, if it may go without a change of the files.
    passing_fault: Option<String>,
}

impl State {
    /// Whether the next attempt to load may end otherwise than the last.
    fn is_stale(&self) -> bool {
        self.passing_fault.is_some() || self.stamps.changed()
    }
}

impl Store {
    /// Loads a file.
    ///
    /// # Errors
    /// [`ConfigError`] with all that is wrong with it.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, Arc<ConfigError>> {
        let path = path.into();
        let Loaded { config, stamps, .. } = load(&path);
        let state = State { config: Arc::new(config?), stamps, passing_fault: None };
        let state = ArcSwap::from_pointee(state);
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

    /// The configuration as it is now, to be kept: for the recipients and the end of one message.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Config> {
        Arc::clone(&self.state.load().config)
    }

    /// Whether [`refresh`](Self::refresh) would load the file again. This looks at each file once.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.state.load().is_stale()
    }

    /// Loads the file again if it, or a secret file, has changed, which takes one look at each. Returns
    /// whether the configuration is a new one.
    ///
    /// One thread loads, and the others go on with the old configuration meanwhile.
    ///
    /// # Errors
    /// The file has changed and is bad: the old configuration stays. It is said once for each
    /// change of the file, to one thread. A passing fault of the system, such as too many open
    /// files, is said once too, and the file is read again at each call until it can be.
    pub fn refresh(&self) -> Result<bool, Arc<ConfigError>> {
        if !self.is_stale() {
            return Ok(false);
        }
        match Refreshing::begin(&self.refreshing) {
            // Another thread may have loaded since the look.
            Some(_refreshing) if self.is_stale() => {
                let before = self.state.load();
                match self.reload() {
                    Ok(()) => Ok(true),
                    Err(error) if before.passing_fault == Some(error.to_string()) => Ok(false),
                    Err(error) => Err(error),
                }
            }
            _ => Ok(false),
        }
    }

    /// Loads the file again.
    ///
    /// # Errors
    /// The file is bad: the old configuration stays.
    pub fn reload(&self) -> Result<(), Arc<ConfigError>> {
        loop {
            let before = self.state.load();
            let Loaded { config, stamps, is_passing } = load(&self.path);
            let (config, result) = match config {
                Ok(config) => (Arc::new(config), Ok(())),
                Err(error) => (Arc::clone(&before.config), Err(Arc::new(error))),
            };
            let fault = result.as_ref().err().filter(|_| is_passing);
            let passing_fault = fault.map(ToString::to_string);
            let state = State { config, stamps, passing_fault };
            let was = self.state.compare_and_swap(&*before, Arc::new(state));
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
