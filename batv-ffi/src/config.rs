//! A configuration file: the key rings of all the domains of a site, and its policy.

use crate::guard::status_of;
use crate::log::{Log, batv_log_callback, batv_log_level};
use crate::memory::{bad_value, exclusive, reference, unix_time};
use crate::output::Output;
use crate::status::{Failure, batv_status};
use crate::text::octets;
use ::batv_config::{Config, ConfigError, Store};
use batv_core::Policy;
use std::ffi::{OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

/// A configuration file, batv.toml, and what it said when it was last good; or a snapshot of it,
/// which does not change.
///
/// Any number of threads may sign, verify, decide, refresh, reload and take snapshots with one
/// configuration at once: none waits for another. While a thread frees it or sets its log, no other
/// may use it.
pub struct batv_config {
    pub(crate) source: Source,
    pub(crate) log: Option<Log>,
}

/// Where a configuration comes from.
pub(crate) enum Source {
    File(Store),
    Snapshot(Arc<Config>),
}

impl batv_config {
    /// Asks the policy as it is now.
    pub(crate) fn with_policy<T>(&self, question: impl FnOnce(&Policy) -> T) -> T {
        match &self.source {
            Source::File(store) => question(&store.config().policy),
            Source::Snapshot(config) => question(&config.policy),
        }
    }

    fn store(&self) -> Result<&Store, Failure> {
        match &self.source {
            Source::File(store) => Ok(store),
            Source::Snapshot(_) => Err(bad_value("config is a snapshot, which does not change")),
        }
    }

    /// Logs what came of loading the file again.
    fn logged(&self, store: &Store, loaded: Result<bool, Arc<ConfigError>>) -> Result<bool, Failure> {
        let path = store.path().display();
        if let Some(log) = &self.log {
            match &loaded {
                Ok(true) => log.lines(batv_log_level::Info, format_args!("{path}: configuration loaded")),
                Ok(false) => {}
                Err(error) => log.lines(
                    batv_log_level::Error,
                    format_args!("{error}\n{path}: configuration is bad, the last good one stays"),
                ),
            }
        }
        Ok(loaded?)
    }
}

/// Loads a configuration file and the secret files that it names.
///
/// path, path_length: the file; BATV_NUL_TERMINATED for a string. A path that does not begin with
/// '/' is relative to the working directory, which must then stay the same.
/// config: where the configuration goes, which batv_config_free frees.
///
/// Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_CONFIG or _BAD_FILE. Thread-safe.
/// cbindgen:postfix=BATV_NONNULL(1, 3)
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_open(
    path: *const c_char,
    path_length: usize,
    config: *mut *mut batv_config,
) -> batv_status {
    status_of(|| {
        // SAFETY: the path has its length or a NUL, and the place is NULL or valid for writing.
        let (path, place) =
            unsafe { (octets(path, path_length, "path")?, Output::required(config, "config")?) };
        if path.is_empty() {
            return Err(bad_value("path is empty"));
        }
        if let Some(nul) = path.iter().position(|octet| *octet == 0) {
            return Err(bad_value(format_args!("path has a NUL at octet {nul}")));
        }
        let source = Source::File(Store::open(OsStr::from_bytes(path))?);
        place.write(Box::into_raw(Box::new(batv_config { source, log: None })));
        Ok(())
    })
}

/// Takes a snapshot of a configuration: what it says now, whatever happens to the file. The
/// recipients and the end of one message share it, so that a file that is loaded between them changes
/// nothing.
///
/// snapshot: where the snapshot goes, which batv_config_free frees, before or after the configuration.
/// All functions take it in the place of a configuration, but batv_config_refresh, batv_config_reload
/// and batv_config_set_log: for them it is BATV_STATUS_BAD_VALUE. Nothing is read or copied: take one
/// for every message.
///
/// Returns BATV_STATUS_OK or _NULL_POINTER. Thread-safe.
/// cbindgen:postfix=BATV_NONNULL(1, 2)
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_snapshot(
    config: *const batv_config,
    snapshot: *mut *mut batv_config,
) -> batv_status {
    status_of(|| {
        // SAFETY: the configuration is NULL or nobody frees it, and the place is NULL or valid for
        // writing.
        let (config, place) =
            unsafe { (reference(config, "config")?, Output::required(snapshot, "snapshot")?) };
        let source = Source::Snapshot(match &config.source {
            Source::File(store) => store.snapshot(),
            Source::Snapshot(config) => Arc::clone(config),
        });
        place.write(Box::into_raw(Box::new(batv_config { source, log: None })));
        Ok(())
    })
}

/// Frees a configuration or a snapshot; the last of them wipes its secrets from memory. NULL is
/// nothing to free.
///
/// No thread may use it afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_free(config: *mut batv_config) {
    status_of(|| {
        if !config.is_null() {
            // SAFETY: it came from batv_config_open or batv_config_snapshot, and the caller does not
            // use it any more.
            drop(unsafe { Box::from_raw(config) });
        }
        Ok(())
    });
}

/// Sets the callback that gets each line for the log. Without one, nothing is logged.
///
/// callback: NULL to stop logging.
/// user_data: passed to the callback; the library does not look at it.
///
/// Only batv_config_refresh, batv_config_reload and batv_config_warn call it, in the thread that calls
/// them and before they return. The first two: a BATV_LOG_LEVEL_INFO line when the configuration is a
/// new one; when the file is bad a BATV_LOG_LEVEL_ERROR line for each fault, and one that says that the
/// last good configuration stays. Threads that load at the same time call it at the same time.
///
/// It may call every function of the library with this configuration, except batv_config_free and
/// batv_config_set_log. It must return: neither a C++ exception nor longjmp may leave it.
///
/// Returns BATV_STATUS_OK, _NULL_POINTER or _BAD_VALUE. No other thread may use the configuration
/// meanwhile.
/// cbindgen:postfix=BATV_NONNULL(1)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_set_log(
    config: *mut batv_config,
    callback: batv_log_callback,
    user_data: *mut c_void,
) -> batv_status {
    status_of(|| {
        // SAFETY: the configuration is NULL or the caller's alone.
        let config = unsafe { exclusive(config, "config") }?;
        config.store()?;
        // SAFETY: the callback may be called with user_data, as long as it is set.
        config.log = callback.map(|callback| unsafe { Log::new(callback, user_data) });
        Ok(())
    })
}

/// Loads the file again if it, or a secret file, has changed. That costs one look at each: call it
/// for every message, or every connection.
///
/// changed: where 1 goes if a new configuration was loaded, else 0; may be NULL.
///
/// If the file has become bad, the last good configuration stays. The status says so, once for each
/// change of the file and in one thread; the detail and the log have the faults. One thread loads,
/// and the others go on with the old configuration meanwhile.
///
/// Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_CONFIG or _BAD_FILE. Thread-safe.
/// cbindgen:postfix=BATV_NONNULL(1)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_refresh(config: *const batv_config, changed: *mut c_int) -> batv_status {
    status_of(|| {
        // SAFETY: the configuration is NULL or nobody frees it, and the place is NULL or valid for
        // writing.
        let (config, changed) = unsafe { (reference(config, "config")?, Output::optional(changed)) };
        let store = config.store()?;
        changed.write(config.logged(store, store.refresh())?.into());
        Ok(())
    })
}

/// Loads the file again, changed or not, as when the administrator sends a signal.
///
/// If it is bad, the last good configuration stays; the detail and the log have the faults.
///
/// Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_CONFIG or _BAD_FILE. Thread-safe.
/// cbindgen:postfix=BATV_NONNULL(1)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_reload(config: *const batv_config) -> batv_status {
    status_of(|| {
        // SAFETY: the configuration is NULL or nobody frees it.
        let config = unsafe { reference(config, "config") }?;
        let store = config.store()?;
        config.logged(store, store.reload().map(|()| true))?;
        Ok(())
    })
}

/// Logs what works, but may lose bounces: a BATV_LOG_LEVEL_WARNING line for a weak or old secret, a key
/// that signs after its last day, a list of hosts that holds everybody, and the like, each with its
/// cure. Call it after batv_config_open, and when batv_config_refresh has loaded a new configuration.
///
/// time: now, in UNIX seconds, 1 or more.
///
/// Returns BATV_STATUS_OK, warned or not, _NULL_POINTER or _BAD_VALUE. Thread-safe.
/// cbindgen:postfix=BATV_NONNULL(1)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_warn(config: *const batv_config, time: i64) -> batv_status {
    status_of(|| {
        // SAFETY: the configuration is NULL or nobody frees it.
        let config = unsafe { reference(config, "config") }?;
        let (store, time) = (config.store()?, unix_time(time)?);
        if let Some(log) = &config.log {
            let path = store.path().display();
            for warning in store.config().warnings(time) {
                log.lines(batv_log_level::Warning, format_args!("{path}: {warning}"));
            }
        }
        Ok(())
    })
}
