//! A configuration file: the key rings of all the domains of a site, and its policy.

use crate::guard::status_of;
use crate::keyring::write_verdict;
use crate::memory::{Buffer, Output, bad_value, exclusive, octets, reference, unix_time};
use crate::status::Failure;
use batv_core::Address;
use batv_store::{Store, StoreError};
use std::ffi::{OsStr, c_char, c_int, c_void};
use std::fmt;
use std::ops::Deref;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

/// A configuration file, batv.toml, and what it said when it was last good.
///
/// Any number of threads may sign, verify, decide, refresh and reload with one configuration at
/// once: none waits for another. While a thread frees it or sets its log, no other may use it.
pub struct Config {
    store: Store,
    log: Option<Log>,
}

struct Log {
    callback: unsafe extern "C" fn(c_int, *const c_char, *mut c_void),
    user_data: *mut c_void,
}

/// What a line of the log is about. The numbers are those of syslog(3).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// The file, or a secret file, has become bad: LOG_ERR.
    Error = 3,
    /// The configuration is a new one: LOG_INFO.
    Info = 6,
}

/// Takes a line for the log.
///
/// level: a batv_log_level.
/// line: a string without a newline, valid until the callback returns. It never holds a secret.
/// user_data: as it was given to batv_config_set_log.
pub type LogCallback =
    Option<unsafe extern "C" fn(level: c_int, line: *const c_char, user_data: *mut c_void)>;

impl Config {
    /// What the file says now, for one decision.
    pub(crate) fn now(&self) -> impl Deref<Target = batv_core::Config> {
        self.store.config()
    }

    /// Logs what came of loading the file again.
    fn told(&self, loaded: Result<bool, Arc<StoreError>>) -> Result<bool, Failure> {
        let path = self.store.path().display();
        match &loaded {
            Ok(true) => self.log(LogLevel::Info, format_args!("{path}: configuration loaded")),
            Ok(false) => {}
            Err(error) => self.log(
                LogLevel::Error,
                format_args!("{error}\n{path}: configuration is bad, the last good one stays"),
            ),
        }
        Ok(loaded?)
    }

    fn log(&self, level: LogLevel, lines: fmt::Arguments<'_>) {
        if let Some(Log { callback, user_data }) = self.log {
            for line in lines.to_string().lines() {
                let line = format!("{line}\0");
                // SAFETY: the line has its NUL, and the caller has given both to be called so.
                unsafe { callback(level as c_int, line.as_ptr().cast(), user_data) };
            }
        }
    }
}

/// Loads a configuration file and the secret files that it names.
///
/// path, path_length: the file; BATV_NUL_TERMINATED for a string. One that does not begin with
/// '/' belongs to the working directory, which must then stay the same.
/// config: where the configuration goes, which batv_config_free frees.
///
/// Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_VALUE, _BAD_CONFIG or _BAD_FILE. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_open(
    path: *const c_char,
    path_length: usize,
    config: *mut *mut Config,
) -> c_int {
    status_of(|| {
        // SAFETY: as the function's documentation asks for.
        let path = unsafe { octets(path, path_length, "path") }?;
        // SAFETY: as above.
        let place = unsafe { Output::required(config, "config") }?;
        if let Some(nul) = path.iter().position(|octet| *octet == 0) {
            return Err(bad_value(format_args!("path has a NUL at octet {nul}")));
        }
        let store = Store::open(OsStr::from_bytes(path))?;
        place.write(Box::into_raw(Box::new(Config { store, log: None })));
        Ok(())
    })
}

/// Frees a configuration and wipes its secrets from memory. NULL is nothing to free.
///
/// No thread may use the configuration any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_free(config: *mut Config) {
    status_of(|| {
        if !config.is_null() {
            // SAFETY: it came from batv_config_open, and the caller does not use it any more.
            drop(unsafe { Box::from_raw(config) });
        }
        Ok(())
    });
}

/// Sets what is called with each line for the log. Without it nothing is logged.
///
/// callback: NULL to log no more.
/// user_data: passed to the callback; the library does not look at it.
///
/// Only batv_config_refresh and batv_config_reload call it, in the thread that calls them and
/// before they return: a BATV_LOG_LEVEL_INFO line when the configuration is a new one; when the
/// file is bad a BATV_LOG_LEVEL_ERROR line for each fault, and one that says that the last good
/// configuration stays. Threads that load at the same time call it at the same time.
///
/// It may call every function of the library with this configuration but batv_config_free and
/// batv_config_set_log. It must return: neither a C++ exception nor longjmp may leave it.
///
/// Returns BATV_STATUS_OK or _NULL_POINTER. No other thread may use the configuration meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_set_log(
    config: *mut Config,
    callback: LogCallback,
    user_data: *mut c_void,
) -> c_int {
    status_of(|| {
        // SAFETY: as the function's documentation asks for.
        let config = unsafe { exclusive(config, "config") }?;
        config.log = callback.map(|callback| Log { callback, user_data });
        Ok(())
    })
}

/// Loads the file again if it, or a secret file, has changed. One look at each tells: call it for
/// every message, or every connection.
///
/// changed: where 1 goes when the configuration is a new one, else 0; may be NULL.
///
/// When the file has become bad the last good configuration stays. The status tells, once for each
/// change of the file and in one thread; the detail and the log have the faults. One thread loads,
/// and the others go on with the old configuration meanwhile.
///
/// Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_CONFIG or _BAD_FILE. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_refresh(config: *const Config, changed: *mut c_int) -> c_int {
    status_of(|| {
        // SAFETY: as the function's documentation asks for.
        let config = unsafe { reference(config, "config") }?;
        // SAFETY: as above.
        let changed = unsafe { Output::optional(changed) };
        changed.write(config.told(config.store.refresh())?.into());
        Ok(())
    })
}

/// Loads the file again, changed or not, as for a signal of the administrator.
///
/// When it is bad the last good configuration stays; the detail and the log have the faults.
///
/// Returns BATV_STATUS_OK, _NULL_POINTER, _BAD_CONFIG or _BAD_FILE. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_reload(config: *const Config) -> c_int {
    status_of(|| {
        // SAFETY: as the function's documentation asks for.
        let config = unsafe { reference(config, "config") }?;
        config.told(config.store.reload().map(|()| true))?;
        Ok(())
    })
}

/// Judges the address that a bounce comes to, by the keys of its domain, and decides nothing: that
/// is batv_config_inbound.
///
/// All but config is as for batv_keyring_verify. A tag on an address that no key is for is
/// BATV_VERDICT_UNKNOWN_KEY.
///
/// Returns BATV_STATUS_OK, whatever the verdict, or _NULL_POINTER, _BAD_VALUE, _BAD_ADDRESS
/// (also for the null reverse-path), _BUFFER_TOO_SMALL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_config_verify(
    config: *const Config,
    address: *const c_char,
    address_length: usize,
    time: i64,
    verdict: *mut c_int,
    buffer: *mut c_char,
    size: usize,
    length: *mut usize,
    key_number: *mut c_int,
    days_left: *mut c_int,
) -> c_int {
    status_of(|| {
        // SAFETY: as the function's documentation asks for.
        let config = unsafe { reference(config, "config") }?;
        // SAFETY: as above.
        let text = unsafe { octets(address, address_length, "address") }?;
        let time = unix_time(time)?;
        // SAFETY: as above.
        let place = unsafe { Output::required(verdict, "verdict") }?;
        // SAFETY: as above.
        let buffer = unsafe { Buffer::new(buffer, size, length, text) }?;
        // SAFETY: as above.
        let (key_number, days_left) = unsafe { (Output::optional(key_number), Output::optional(days_left)) };
        let verdict = config.now().policy.verify(&Address::parse(text)?, time);
        write_verdict(&verdict, &place, &buffer, &key_number, &days_left)
    })
}
