//! Anybody's tags: taken off, and read.

use crate::address::Given;
use crate::error::{ARGUMENT_ERROR, guard, raise};
use crate::value::{Day, Dialect, KeyNumber, Member, Text, number, value};
use batv_core::Address;
use pyo3::prelude::*;

/// As many tags come off in one call at most.
const LAYERS: u8 = 100;

value! {
    /// A tag taken off an address. It proves nothing: only verifying does.
    #[pyclass(frozen, generic, module = "batv")]
    Stripped(dialect, original, day, key_number=None) {
        /// The form of the tag.
        dialect: Member<Dialect>,
        /// The address without it.
        original: Text,
        /// The day in the tag: of expiry where there is a key number, of sending in the dialect
        /// `ironport`, both modulo 1000; that of `sparkpost` counts from 1970; what `barracuda`
        /// means is not known.
        day: Day,
        /// The key number, where the form has one.
        key_number: Option<KeyNumber>,
    }
}

/// Take the tag off an address, whoever made it; text without a tag is returned as it is.
///
/// Tags may be nested: so many `layers` come off, of 1 to 100. It proves nothing: only verifying
/// does.
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

/// Say what the tag of an address says, without its key; None where there is no tag.
///
/// It proves nothing: only verifying does.
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
