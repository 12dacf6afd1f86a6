//! The version of the library.

use std::ffi::{CStr, c_char, c_int};

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

const NUMBER: c_int = 10_000 * number(env!("CARGO_PKG_VERSION_MAJOR"))
    + 100 * number(env!("CARGO_PKG_VERSION_MINOR"))
    + number(env!("CARGO_PKG_VERSION_PATCH"));

const fn number(text: &str) -> c_int {
    match c_int::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => 0,
    }
}

/// The version of the running library, such as "0.1.0"; BATV_VERSION is that of the header.
///
/// Returns a static string; never NULL. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn batv_version() -> *const c_char {
    VERSION.as_ptr()
}

/// The version of the running library as a number, 10000 * major + 100 * minor + patch;
/// BATV_VERSION_NUMBER is that of the header. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn batv_version_number() -> c_int {
    NUMBER
}
