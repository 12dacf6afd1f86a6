//! Stripping anybody's tags.

use crate::address::Given;
use crate::error::{Class, guard};
use batv_core::Address;
use pyo3::prelude::*;

static DIALECT: Class = Class::new("Dialect");

/// Take one tag off an address, whoever made it; an address without a tag is returned as it is.
///
/// It proves nothing: only verifying does.
#[pyfunction]
#[pyo3(signature = (address, /))]
pub(crate) fn strip<'py>(address: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    guard(|| {
        let given = Given::new(address)?;
        match Address::parse(given.octets()).map(|address| batv_core::strip(&address)) {
            Ok(Some(stripped)) => given.original(&stripped.original),
            Ok(None) => Ok(given.unchanged()),
            Err(error) => given.null_or(error),
        }
    })
}

/// Say the form of the tag that `strip` takes off an address; None where there is no tag.
#[pyfunction]
#[pyo3(signature = (address, /))]
pub(crate) fn dialect<'py>(address: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    guard(|| {
        let py = address.py();
        let given = Given::new(address)?;
        let stripped = match Address::parse(given.octets()) {
            Ok(address) => batv_core::strip(&address),
            Err(error) => given.null_or(error).map(|_| None)?,
        };
        stripped.map(|stripped| DIALECT.get(py)?.call1((stripped.dialect.as_str(),))).transpose()
    })
}
