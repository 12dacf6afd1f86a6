//! The log of a configuration: lines for the caller.

use std::ffi::{c_char, c_void};
use std::fmt;

/// How serious a line of the log is. The numbers are those of syslog(3).
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum batv_log_level {
    /// The file, or a secret file, has become bad: LOG_ERR.
    Error = 3,
    /// Something in the file works, but may lose bounces: LOG_WARNING.
    Warning = 4,
    /// A new configuration has been loaded: LOG_INFO.
    Info = 6,
}

/// Takes a line for the log.
///
/// level: a batv_log_level.
/// line: a string without a newline, valid until the callback returns. It never holds a secret.
/// user_data: as it was given to batv_config_set_log.
pub type batv_log_callback =
    Option<unsafe extern "C" fn(level: batv_log_level, line: *const c_char, user_data: *mut c_void)>;

/// A callback, and what it is called with.
pub(crate) struct Log {
    callback: unsafe extern "C" fn(batv_log_level, *const c_char, *mut c_void),
    user_data: *mut c_void,
}

impl Log {
    /// # Safety
    /// The callback may be called with a string and `user_data`, in any thread that loads the
    /// configuration.
    pub(crate) unsafe fn new(
        callback: unsafe extern "C" fn(batv_log_level, *const c_char, *mut c_void),
        user_data: *mut c_void,
    ) -> Self {
        Self { callback, user_data }
    }

    pub(crate) fn lines(&self, level: batv_log_level, lines: fmt::Arguments<'_>) {
        for line in lines.to_string().lines() {
            let line = format!("{line}\0");
            // SAFETY: the line has its NUL and lives until the callback returns, and whoever made the
            // Log allowed it to be called so.
            unsafe { (self.callback)(level, line.as_ptr().cast(), self.user_data) };
        }
    }
}
