//! The caller's memory: every pointer is checked before it is used.

use crate::status::{Failure, Status};
use std::ffi::{CStr, c_char, c_int};
use std::fmt::Display;
use std::slice;

/// The length that stands for "up to the NUL".
pub(crate) const NUL_TERMINATED: usize = usize::MAX;

fn null(name: impl Display) -> Failure {
    Failure::new(Status::NullPointer, format_args!("{name} is NULL"))
}

pub(crate) fn bad_value(detail: impl Display) -> Failure {
    Failure::new(Status::BadValue, detail)
}

/// What a pointer points to.
///
/// # Safety
/// NULL, or valid for reading for the time of the call.
pub(crate) unsafe fn reference<'a, T>(pointer: *const T, name: &str) -> Result<&'a T, Failure> {
    // SAFETY: as the caller promises.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(name))
}

/// What a pointer points to, for changing it.
///
/// # Safety
/// NULL, or valid for the time of the call and used by nobody else meanwhile.
pub(crate) unsafe fn exclusive<'a, T>(pointer: *mut T, name: &str) -> Result<&'a mut T, Failure> {
    // SAFETY: as the caller promises.
    unsafe { pointer.as_mut() }.ok_or_else(|| null(name))
}

/// The octets of a string with a length, or up to its NUL.
///
/// # Safety
/// `start` is NULL or valid for reading `length` octets, or up to a NUL, for the time of the call.
pub(crate) unsafe fn octets<'a>(
    start: *const c_char,
    length: usize,
    name: impl Display,
) -> Result<&'a [u8], Failure> {
    if start.is_null() {
        return Err(null(name));
    }
    if length == NUL_TERMINATED {
        // SAFETY: not NULL, and the caller promises a NUL.
        return Ok(unsafe { CStr::from_ptr(start) }.to_bytes());
    }
    if isize::try_from(length).is_err() {
        return Err(bad_value(format_args!("{name} cannot have {length} octets")));
    }
    // SAFETY: not NULL, and the caller promises `length` octets, which fit an isize.
    Ok(unsafe { slice::from_raw_parts(start.cast(), length) })
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
unsafe fn octets_behind<T>(start: *const T, name: &str) -> Result<usize, Failure> {
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
/// `start` is NULL or valid for reading the octets that its first field, a `usize`, tells, and
/// they are a `T`, for the time of the call.
pub(crate) unsafe fn fields<T: Copy>(start: *const T, name: &str) -> Result<T, Failure> {
    // SAFETY: as the caller promises.
    let behind = unsafe { octets_behind(start, name) }?;
    // SAFETY: the structure has these octets behind a `T`.
    let unknown = unsafe { slice::from_raw_parts(start.add(1).cast::<u8>(), behind) };
    if unknown.iter().any(|octet| *octet != 0) {
        return Err(bad_value(format_args!("{name} has fields that this version does not know")));
    }
    // SAFETY: the structure is at least a `T`.
    Ok(unsafe { start.read() })
}

/// A time in UNIX seconds.
pub(crate) fn unix_time(time: i64) -> Result<u64, Failure> {
    u64::try_from(time).map_err(|_| bad_value(format_args!("time {time} is negative")))
}

/// A small integer, such as a key number.
pub(crate) fn small(value: c_int, name: &str) -> Result<u8, Failure> {
    u8::try_from(value).map_err(|_| bad_value(format_args!("{name} {value} is out of range")))
}

/// The choice of that number.
pub(crate) fn pick<T>(value: c_int, choices: [(c_int, T); 2], name: &str) -> Result<T, Failure> {
    let chosen = choices.into_iter().find(|(number, _)| *number == value);
    chosen.map(|(_, choice)| choice).ok_or_else(|| bad_value(format_args!("{name} {value} is not 0 or 1")))
}

/// A place for a result, and the octets behind it that are zeroed with it.
pub(crate) struct Output<T>(*mut T, usize);

impl<T> Output<T> {
    /// A place that the caller must have.
    ///
    /// # Safety
    /// NULL, or valid for writing for the time of the call.
    pub(crate) unsafe fn required(place: *mut T, name: &str) -> Result<Self, Failure> {
        if place.is_null() { Err(null(name)) } else { Ok(Self(place, 0)) }
    }

    /// A place that the caller may leave out.
    ///
    /// # Safety
    /// NULL, or valid for writing for the time of the call.
    pub(crate) unsafe fn optional(place: *mut T) -> Self {
        Self(place, 0)
    }

    /// A structure that begins with its size. What a later version has added becomes 0.
    ///
    /// # Safety
    /// NULL, or valid for reading and writing the octets that its first field, a `usize`, tells,
    /// for the time of the call.
    pub(crate) unsafe fn structure(place: *mut T, name: &str) -> Result<Self, Failure> {
        // SAFETY: as the caller promises.
        Ok(Self(place, unsafe { octets_behind(place, name) }?))
    }

    /// The size of the place, as the caller knows it.
    pub(crate) fn size(&self) -> usize {
        size_of::<T>() + self.1
    }

    pub(crate) fn write(&self, value: T) {
        if !self.0.is_null() {
            // SAFETY: not NULL, and whoever made the Output promised that it is valid.
            unsafe {
                self.0.write(value);
                self.0.add(1).cast::<u8>().write_bytes(0, self.1);
            }
        }
    }
}

/// The caller's buffer for a text, and the place for the text's length.
pub(crate) struct Buffer {
    start: *mut u8,
    size: usize,
    length: Output<usize>,
}

impl Buffer {
    /// A buffer of `size` octets; NULL of size 0 where only the length is wanted.
    ///
    /// # Safety
    /// `start` is NULL or valid for writing `size` octets, `length` NULL or valid for writing,
    /// both for the time of the call.
    pub(crate) unsafe fn new(
        start: *mut c_char,
        size: usize,
        length: *mut usize,
        input: &[u8],
    ) -> Result<Self, Failure> {
        if start.is_null() && size != 0 {
            return Err(null("buffer"));
        }
        let (from, input) = (start.addr(), input.as_ptr_range());
        if from < input.end.addr() && input.start.addr() < from.saturating_add(size) {
            return Err(bad_value("buffer overlaps the input"));
        }
        // SAFETY: as the caller promises.
        let length = unsafe { Output::optional(length) };
        Ok(Self { start: start.cast(), size, length })
    }

    /// Writes the parts and a NUL, and tells their length; the length alone where they do not fit.
    pub(crate) fn write(&self, parts: [&[u8]; 3]) -> Result<(), Failure> {
        let total = parts.iter().map(|part| part.len()).sum();
        self.length.write(total);
        if self.start.is_null() {
            return Ok(());
        }
        if self.size <= total {
            return Err(Failure::new(
                Status::BufferTooSmall,
                format_args!("buffer of {} octets is too small for {total} and a NUL", self.size),
            ));
        }
        let mut at = self.start;
        for part in parts {
            // SAFETY: the parts and the NUL fit into the buffer, which the caller promised, and
            // it lies apart from the input, of which the parts are.
            unsafe {
                part.as_ptr().copy_to_nonoverlapping(at, part.len());
                at = at.add(part.len());
            }
        }
        // SAFETY: there is one octet left.
        unsafe { at.write(0) };
        Ok(())
    }
}
