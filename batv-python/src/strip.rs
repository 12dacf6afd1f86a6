//! Stripping anybody's tags.

use crate::address::Given;
use crate::error::{Class, guard};
use batv_core::ReversePath;
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
        let ReversePath::Address(address) = given.reverse_path()? else {
            return Ok(given.unchanged());
        };
        match batv_core::strip(&address) {
            Some(stripped) => given.original(&stripped.original),
            None => Ok(given.unchanged()),
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
        let ReversePath::Address(address) = given.reverse_path()? else {
            return Ok(None);
        };
        let stripped = batv_core::strip(&address);
        stripped.map(|stripped| DIALECT.get(py)?.call1((stripped.dialect.as_str(),))).transpose()
    })
}
