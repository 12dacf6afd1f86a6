//! What Python gets when something is wrong: exceptions that are defined in Python.

use pyo3::call::PyCallArgs;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use std::ffi::CString;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The Python module of exceptions and enumerations: the first that was imported, whatever becomes of
/// `sys.modules`.
pub(crate) fn types(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static TYPES: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = TYPES.get_or_try_init(py, || py.import("batv._types").map(Bound::unbind));
    module.map(|module| module.bind(py))
}

/// A class of [`types`], looked up once.
pub(crate) struct Class {
    name: &'static str,
    class: PyOnceLock<Py<PyType>>,
}

impl Class {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, class: PyOnceLock::new() }
    }

    pub(crate) fn get<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyType>> {
        let class = || Ok(types(py)?.getattr(self.name)?.cast_into::<PyType>()?.unbind());
        self.class.get_or_try_init(py, class).map(|class| class.bind(py))
    }
}

/// The exceptions, each with the arguments that its Python class has.
pub(crate) static ADDRESS_ERROR: Class = Class::new("AddressError");
pub(crate) static TOO_LONG_ERROR: Class = Class::new("TooLongError");
static BATV_WARNING: Class = Class::new("BatvWarning");
pub(crate) static CONFIG_ERROR: Class = Class::new("ConfigError");
pub(crate) static TIME_ERROR: Class = Class::new("TimeError");
pub(crate) static ARGUMENT_ERROR: Class = Class::new("ArgumentError");

/// An exception of a class; where even that fails, the exception that says why.
pub(crate) fn raise<'py>(py: Python<'py>, class: &Class, args: impl PyCallArgs<'py>) -> PyErr {
    let exception = class.get(py).and_then(|class| class.call1(args));
    exception.map_or_else(|error| error, PyErr::from_value)
}

/// A `TypeError` that names the type of what was given, never its value: it may be a secret.
pub(crate) fn wrong_type(what: &str, wanted: &str, given: &Bound<'_, PyAny>) -> PyErr {
    match given.get_type().name() {
        Ok(name) => PyTypeError::new_err(format!("{what} must be {wanted}, not {name}")),
        Err(error) => error,
    }
}

/// Warns, by the `warnings` of Python, whoever called us.
pub(crate) fn warn(py: Python<'_>, text: &str) -> PyResult<()> {
    PyErr::warn(py, BATV_WARNING.get(py)?, &CString::new(text)?, 1)
}

/// Runs the body of what Python calls: a panic becomes an exception that `except Exception`
/// catches, which `PyO3`'s own is not.
pub(crate) fn guard<T>(body: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(body))
        .unwrap_or_else(|_| Err(PyRuntimeError::new_err("internal error in batv; please report it")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    #[test]
    fn a_panic_becomes_an_ordinary_exception() {
        Python::initialize();
        Python::attach(|py| {
            let error = guard::<()>(|| panic!("out of order")).unwrap_err();
            assert!(error.is_instance_of::<PyRuntimeError>(py));
            assert_eq!(error.value(py).to_string(), "internal error in batv; please report it");
        });
    }
}
