//! The caller's memory that is written: places for results, and buffers for texts.

use crate::memory::{bad_value, null, octets_behind};
use crate::status::{Failure, batv_status};
use std::ffi::c_char;

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
    /// NULL, or valid for reading and writing as many octets as its first field, a `usize`, says,
    /// for the time of the call.
    pub(crate) unsafe fn structure(place: *mut T, name: &str) -> Result<Self, Failure> {
        // SAFETY: NULL or a structure with a `usize` in front, as the caller promises.
        Ok(Self(place, unsafe { octets_behind(place, name) }?))
    }

    /// The size of the place, as the caller knows it.
    pub(crate) fn size(&self) -> usize {
        size_of::<T>() + self.1
    }

    pub(crate) fn write(&self, value: T) {
        if !self.0.is_null() {
            // SAFETY: not NULL, and whoever made the Output promised that the `T` and the octets
            // behind it are valid for writing.
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
    /// A buffer of `size` octets; NULL of size 0 where only the length is wanted. It lies apart from
    /// the inputs, of which the result may be made.
    ///
    /// # Safety
    /// `start` is NULL or valid for writing `size` octets, `length` NULL or valid for writing,
    /// both for the time of the call.
    pub(crate) unsafe fn new(
        start: *mut c_char,
        size: usize,
        length: *mut usize,
        inputs: &[&[u8]],
    ) -> Result<Self, Failure> {
        if start.is_null() && size != 0 {
            return Err(null("buffer"));
        }
        let (from, to) = (start.addr(), start.addr().saturating_add(size));
        let overlaps = |input: &&[u8]| {
            let input = input.as_ptr_range();
            from < input.end.addr() && input.start.addr() < to
        };
        if inputs.iter().any(overlaps) {
            return Err(bad_value("buffer overlaps the input"));
        }
        // SAFETY: NULL or valid for writing, as the caller promises.
        let length = unsafe { Output::optional(length) };
        Ok(Self { start: start.cast(), size, length })
    }

    /// Writes the parts and a NUL, and their length; the length alone where they do not fit.
    pub(crate) fn write(&self, parts: [&[u8]; 3]) -> Result<(), Failure> {
        let total = parts.iter().map(|part| part.len()).sum();
        self.length.write(total);
        if self.start.is_null() {
            return Ok(());
        }
        if self.size <= total {
            return Err(Failure::new(
                batv_status::BufferTooSmall,
                format_args!("buffer of {} octets is too small for {total} and a NUL", self.size),
            ));
        }
        let mut at = self.start;
        for part in parts {
            // SAFETY: the parts and the NUL fit into the buffer, which is valid for writing, and it
            // lies apart from the input, of which the parts are, and from the library's memory.
            unsafe {
                part.as_ptr().copy_to_nonoverlapping(at, part.len());
                at = at.add(part.len());
            }
        }
        // SAFETY: the parts are shorter than the buffer, so one octet is left.
        unsafe { at.write(0) };
        Ok(())
    }

    /// Writes a text of one part.
    pub(crate) fn write_text(&self, text: &[u8]) -> Result<(), Failure> {
        self.write([text, b"", b""])
    }
}
