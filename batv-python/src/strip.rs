//! Anybody's tags: taken off, and read.

use crate::address::Given;
use crate::error::{ARGUMENT_ERROR, guard, raise};
use crate::value::{Day, Dialect, KeyNumber, Member, Text, number, value};
use batv_core::Address;
use pyo3::prelude::*;

/// As many tags come off in one call at most.
const LAYERS: u8 = 100;

value! {
    /// A tag that was removed from an address. It proves nothing; only verifying does.
    #[pyclass(frozen, generic, module = "batv")]
    Stripped(dialect, original, day, key_number=None) {
        /// The form of the tag.
        dialect: Member<Dialect>,
        /// The address without the tag.
        original: Text,
        /// The day in the tag. If there is a key number, it is the day of expiry, modulo 1000. For
        /// `ironport` it is the day of sending, modulo 1000. For `sparkpost` it is counted from 1970.
        /// For `barracuda` its meaning is not known.
        day: Day,
        /// The key number, if the dialect has one.
        key_number: Option<KeyNumber>,
    }
}

/// Remove the tag from an address, whoever made it. Text without a tag is returned unchanged.
///
/// If tags are nested, up to `layers` of them are removed, 1 to 100. This proves nothing; only
/// verifying does.
#[pyfunction]
#[pyo3(signature = (address, /, *, layers=None), text_signature = "(address, /, *, layers=1)")]
pub(crate) fn strip<'py>(
    address: &Bound<'py, PyAny>,
    layers: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    guard(|| {
        let layers = layers.map_or(Ok(1), |layers| number(layers, "layers", "layers"))?;
        if !(1..=LAYERS).contains(&layers) {
            let reason = format!("{layers} is not one of 1 to {LAYERS}");
            return Err(raise(address.py(), &ARGUMENT_ERROR, ("layers", reason)));
        }
        let Some(given) = Given::readable(address, "address")? else { return Ok(address.clone()) };
        let mut original = None;
        for _ in 0..layers {
            let text = original.as_deref().unwrap_or(given.octets());
            let Some(stripped) = Address::parse(text).ok().and_then(|address| batv_core::strip(&address))
            else {
                break;
            };
            original = Some(stripped.original.to_vec());
        }
        original.map_or_else(|| Ok(given.unchanged()), |original| given.decode(&original))
    })
}

/// Return what is in the tag of an address, or None if there is no tag. No key is needed.
///
/// This proves nothing; only verifying does.
#[pyfunction]
#[pyo3(signature = (address, /))]
pub(crate) fn inspect(address: &Bound<'_, PyAny>) -> PyResult<Option<Stripped>> {
    guard(|| {
        let Some(given) = Given::readable(address, "address")? else { return Ok(None) };
        let Ok(parsed) = Address::parse(given.octets()) else { return Ok(None) };
        let Some(stripped) = batv_core::strip(&parsed) else { return Ok(None) };
        Ok(Some(Stripped {
            dialect: Member::of(address.py(), stripped.dialect.as_str())?,
            original: given.original(&stripped.original)?.into(),
            day: Day(stripped.day),
            key_number: stripped.tag.map(|tag| KeyNumber(tag.key_number().get())),
        }))
    })
}
