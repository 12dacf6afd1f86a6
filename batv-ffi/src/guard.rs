//! The guard around every body: a panic becomes a status, and errno stays as it was.

use crate::status::{Failure, Status, record};
use std::cell::Cell;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether this thread runs a body, so that a panic is the library's own.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a body for a function that returns a status.
pub(crate) fn status_of(body: impl FnOnce() -> Result<(), Failure>) -> c_int {
    match guarded(body) {
        Ok(()) => Status::Ok as c_int,
        Err(failure) => failure.status as c_int,
    }
}

/// Runs a body; its failure or panic is also kept for `batv_last_error`.
pub(crate) fn guarded<T>(body: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let errno = errno::errno();
    silence_panics();
    let outer = GUARDED.replace(true);
    // What a body changes is a handle that is not shared while it is changed.
    let result = catch_unwind(AssertUnwindSafe(body))
        .unwrap_or_else(|_| Err(Failure::new(Status::Internal, "internal error")));
    GUARDED.set(outer);
    if let Err(failure) = &result {
        record(&failure.detail);
    }
    errno::set_errno(errno);
    result
}

/// Keeps the panics of bodies from writing to standard error.
fn silence_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
            if !GUARDED.get() {
                others(panic);
            }
        }));
    });
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
        assert_eq!(status, 8);
        assert_eq!(errno::errno().0, 4711);
        // SAFETY: batv_last_error returns a string of the library.
        assert_eq!(unsafe { CStr::from_ptr(batv_last_error()) }, c"internal error");
        assert_eq!(status_of(|| Ok(())), 0);
    }
}
