//! The guard around every body: a panic becomes a status, and errno stays as it was.

use crate::status::{Failure, batv_status, record};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a body for a function that returns a status.
pub(crate) fn status_of(body: impl FnOnce() -> Result<(), Failure>) -> batv_status {
    match guarded(body) {
        Ok(()) => batv_status::Ok,
        Err(failure) => failure.status,
    }
}

/// Runs a body; its failure or panic is also kept for `batv_last_error`.
pub(crate) fn guarded<T>(body: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let errno = errno::errno();
    #[cfg(not(test))]
    silence_panics();
    // What a body changes is a handle that is not shared while it is changed.
    let result = catch_unwind(AssertUnwindSafe(|| {
        panic_if_asked();
        body()
    }))
    .unwrap_or_else(|_| Err(Failure::new(batv_status::Internal, "internal error")));
    if let Err(failure) = &result {
        record(&failure.detail);
    }
    errno::set_errno(errno);
    result
}

/// Panics in a library that is built to show what becomes of it, with `--cfg batv_panics`.
fn panic_if_asked() {
    #[cfg(batv_panics)]
    #[allow(clippy::panic)]
    {
        panic!("on purpose");
    }
}

/// Keeps panics from writing to standard error. The library has a standard library of its own, so
/// that nobody else's panics are silenced.
#[cfg(not(test))]
fn silence_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| std::panic::set_hook(Box::new(|_| {})));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::batv_last_error;
    use std::ffi::CStr;

    #[test]
    fn a_panic_becomes_a_status_and_errno_stays() {
        errno::set_errno(errno::Errno(4711));
        let status = status_of(|| {
            errno::set_errno(errno::Errno(1));
            panic!("on purpose");
        });
        assert_eq!(status, batv_status::Internal);
        assert_eq!(errno::errno().0, 4711);
        // SAFETY: batv_last_error returns a string of the library.
        assert_eq!(unsafe { CStr::from_ptr(batv_last_error()) }, c"internal error");
        assert_eq!(status_of(|| Ok(())), batv_status::Ok);
    }
}
