//! The caller's memory that is read: every pointer is checked before it is used.

use crate::status::{Failure, batv_status};
use std::ffi::c_int;
use std::fmt::Display;
use std::slice;

pub(crate) fn null(name: impl Display) -> Failure {
    Failure::new(batv_status::NullPointer, format_args!("{name} is NULL"))
}

pub(crate) fn bad_value(detail: impl Display) -> Failure {
    Failure::new(batv_status::BadValue, detail)
}

/// What a pointer points to.
///
/// # Safety
/// NULL, or valid for reading for the time of the call.
pub(crate) unsafe fn reference<'a, T>(pointer: *const T, name: &str) -> Result<&'a T, Failure> {
    // SAFETY: NULL or valid for reading, as the caller promises.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(name))
}

/// What a pointer points to, for changing it.
///
/// # Safety
/// NULL, or valid for the time of the call and used by nobody else meanwhile.
pub(crate) unsafe fn exclusive<'a, T>(pointer: *mut T, name: &str) -> Result<&'a mut T, Failure> {
    // SAFETY: NULL or valid, and nobody else's meanwhile, as the caller promises.
    unsafe { pointer.as_mut() }.ok_or_else(|| null(name))
}

/// The items of an array, which may be NULL where there are none.
///
/// # Safety
/// `start` is NULL or valid for reading `count` items for the time of the call.
pub(crate) unsafe fn array<'a, T>(start: *const T, count: usize, name: &str) -> Result<&'a [T], Failure> {
    if count == 0 {
        return Ok(&[]);
    }
    if start.is_null() {
        return Err(null(name));
    }
    let size = count.checked_mul(size_of::<T>()).and_then(|size| isize::try_from(size).ok());
    if size.is_none() {
        return Err(bad_value(format_args!("{name} cannot have {count} items")));
    }
    // SAFETY: not NULL, and the caller promises that many items, whose octets fit an isize.
    Ok(unsafe { slice::from_raw_parts(start, count) })
}

/// How many octets the caller's structure has behind the fields that the library knows. It begins
/// with its size, so that later versions can add fields at its end.
///
/// # Safety
/// `start` is NULL or points to a structure that begins with a `usize`.
pub(crate) unsafe fn octets_behind<T>(start: *const T, name: &str) -> Result<usize, Failure> {
    /// Beyond any version of a structure: what stands there is no size.
    const TOO_LARGE: usize = 4096;
    if start.is_null() {
        return Err(null(name));
    }
    // SAFETY: not NULL, and the caller promises a `usize`.
    let size = unsafe { start.cast::<usize>().read() };
    let behind = size.checked_sub(size_of::<T>()).filter(|_| size < TOO_LARGE);
    behind.ok_or_else(|| bad_value(format_args!("struct_size {size} is not that of {name}")))
}

/// The fields of a structure that begins with its size. What a later version has added must be 0:
/// asked for what is unknown, the answer cannot be right.
///
/// # Safety
/// `start` is NULL or valid for reading as many octets as its first field, a `usize`, says, and
/// they are a `T`, for the time of the call.
pub(crate) unsafe fn fields<T: Copy>(start: *const T, name: &str) -> Result<T, Failure> {
    // SAFETY: NULL or a structure with a `usize` in front, as the caller promises.
    let behind = unsafe { octets_behind(start, name) }?;
    // SAFETY: not NULL, and the structure has these octets behind a `T`, as its size says.
    let unknown = unsafe { slice::from_raw_parts(start.add(1).cast::<u8>(), behind) };
    if unknown.iter().any(|octet| *octet != 0) {
        return Err(bad_value(format_args!("{name} has fields that this version does not know")));
    }
    // SAFETY: not NULL, and the structure is at least a `T`, as its size says.
    Ok(unsafe { start.read() })
}

/// A time in UNIX seconds. 1970 is a field that was forgotten.
pub(crate) fn unix_time(time: i64) -> Result<u64, Failure> {
    let seconds = u64::try_from(time).ok().filter(|seconds| *seconds != 0);
    seconds.ok_or_else(|| bad_value(format_args!("time {time} is not 1 or more")))
}

/// A small integer, such as a key number.
pub(crate) fn small(value: c_int, name: &str) -> Result<u8, Failure> {
    u8::try_from(value).map_err(|_| bad_value(format_args!("{name} {value} is out of range")))
}

/// A truth value.
pub(crate) fn truth(value: c_int, name: &str) -> Result<bool, Failure> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(bad_value(format_args!("{name} {value} is not 0 or 1"))),
    }
}
