//! Addresses between Python's two types of text and octets.

use crate::error::{ADDRESS_ERROR, TOO_LONG_ERROR, raise, wrong_type};
use batv_core::{AddressError, Original};
use pyo3::exceptions::PyUnicodeEncodeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

/// An address as Python gave it, its octets, and the way back to its type.
pub(crate) struct Given<'a, 'py> {
    object: &'a Bound<'py, PyAny>,
    octets: Octets<'a, 'py>,
}

enum Octets<'a, 'py> {
    /// Of `bytes`.
    Bytes(&'a [u8]),
    /// Of `str`, in UTF-8.
    Utf8(&'a str),
    /// Of `str` with escaped octets, and the codec that they were decoded by.
    Escaped(Bound<'py, PyBytes>, &'static str),
}

impl<'a, 'py> Given<'a, 'py> {
    /// Takes `str` or `bytes`.
    #[inline(always)]
    pub(crate) fn new(object: &'a Bound<'py, PyAny>) -> PyResult<Self> {
        Self::named(object, "address")
    }

    /// Takes what is not an address, but comes from the mail server too.
    #[inline(always)]
    pub(crate) fn named(object: &'a Bound<'py, PyAny>, what: &str) -> PyResult<Self> {
        Self::readable(object, what)?.ok_or_else(|| {
            raise(object.py(), &ADDRESS_ERROR, ("surrogate that does not stand for an octet", object))
        })
    }

    /// Takes `str` or `bytes`; None for a `str` with a surrogate that stands for no octet.
    #[inline(always)]
    pub(crate) fn readable(object: &'a Bound<'py, PyAny>, what: &str) -> PyResult<Option<Self>> {
        let octets = if let Ok(text) = object.cast::<PyString>() {
            match text.to_str() {
                Ok(utf8) => Octets::Utf8(utf8),
                Err(_) => match escaped(text)? {
                    Some(octets) => octets,
                    None => return Ok(None),
                },
            }
        } else if let Ok(bytes) = object.cast::<PyBytes>() {
            Octets::Bytes(bytes.as_bytes())
        } else {
            return Err(wrong_type(what, "str or bytes", object));
        };
        Ok(Some(Self { object, octets }))
    }

    pub(crate) fn py(&self) -> Python<'py> {
        self.object.py()
    }

    #[inline]
    pub(crate) fn octets(&self) -> &[u8] {
        match &self.octets {
            Octets::Bytes(octets) => octets,
            Octets::Utf8(text) => text.as_bytes(),
            Octets::Escaped(bytes, _) => bytes.as_bytes(),
        }
    }

    /// The object itself: what is unchanged is handed back as it came.
    pub(crate) fn unchanged(&self) -> Bound<'py, PyAny> {
        self.object.clone()
    }

    /// What is made of text that is no address: the null reverse-path stays as it is.
    #[cold]
    pub(crate) fn null_or(&self, error: AddressError) -> PyResult<Bound<'py, PyAny>> {
        if error == AddressError::Null { Ok(self.unchanged()) } else { Err(self.malformed(error)) }
    }

    /// The address in so many parts as text of the type that was given.
    #[inline(always)]
    pub(crate) fn text(&self, parts: [&[u8]; 3]) -> PyResult<Bound<'py, PyAny>> {
        let mut joined = [0; SHORT];
        let mut free = &mut joined[..];
        for part in parts {
            let Some((place, rest)) = free.split_at_mut_checked(part.len()) else {
                return self.decode(&parts.concat());
            };
            place.copy_from_slice(part);
            free = rest;
        }
        let length = SHORT - free.len();
        self.decode(joined.split_at(length).0)
    }

    /// The original address as text of the type that was given.
    #[inline(always)]
    pub(crate) fn original(&self, original: &Original<'_>) -> PyResult<Bound<'py, PyAny>> {
        original.as_part().map_or_else(|| self.text(original.parts()), |part| self.decode(part))
    }

    /// An address made of this one, as text of the type that was given.
    #[inline(always)]
    pub(crate) fn decode(&self, octets: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py();
        let codec = match &self.octets {
            Octets::Bytes(_) => return Ok(PyBytes::new(py, octets).into_any()),
            Octets::Utf8(_) => match PyString::from_bytes(py, octets) {
                Ok(text) => return Ok(text.into_any()),
                // Made of the server's own reading, which may have other octets.
                Err(_) => UTF_8,
            },
            Octets::Escaped(_, codec) => codec,
        };
        PyBytes::new(py, octets).call_method1(intern!(py, "decode"), (codec, SURROGATE_ESCAPE))
    }

    #[cold]
    pub(crate) fn malformed(&self, error: AddressError) -> PyErr {
        let position = match error {
            AddressError::Control { position, .. }
            | AddressError::LocalPart { position, .. }
            | AddressError::Domain { position, .. } => Some(position),
            _ => None,
        };
        raise(self.py(), &ADDRESS_ERROR, (error.to_string(), self.object, position))
    }

    #[cold]
    pub(crate) fn too_long(&self, reason: String, octets: usize) -> PyErr {
        raise(self.py(), &TOO_LONG_ERROR, (reason, self.object, octets))
    }
}

/// Addresses up to so many octets are joined without an allocation.
const SHORT: usize = 128;

const UTF_8: &str = "utf-8";
const SURROGATE_ESCAPE: &str = "surrogateescape";

/// The octets of a `str` that holds escaped ones (PEP 383); None where a surrogate is not such a one.
///
/// Mail software decodes by UTF-8 or by ASCII. The codec is kept: `\udcc3\udcbc` decoded by ASCII
/// must not come back as `ü`, which its owner could not encode.
#[cold]
fn escaped<'a, 'py>(text: &Bound<'py, PyString>) -> PyResult<Option<Octets<'a, 'py>>> {
    let py = text.py();
    for codec in ["ascii", UTF_8] {
        match text.call_method1(intern!(py, "encode"), (codec, SURROGATE_ESCAPE)) {
            Ok(octets) => return Ok(Some(Octets::Escaped(octets.cast_into::<PyBytes>()?, codec))),
            Err(error) if error.is_instance_of::<PyUnicodeEncodeError>(py) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
