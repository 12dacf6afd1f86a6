//! Calls of the shape of batv's that do nothing: what a call costs before any work is done.

/// The module that the benchmark compares with.
#[pyo3::pymodule(gil_used = false)]
mod batv_noop {
    use pyo3::prelude::*;
    use pyo3::types::PyString;

    /// Of the shape of `batv.Verification`.
    #[pyclass(frozen)]
    struct Verification {
        #[pyo3(get)]
        verdict: Py<PyAny>,
        #[pyo3(get)]
        original: Option<Py<PyString>>,
        #[pyo3(get)]
        key_number: Option<u8>,
        #[pyo3(get)]
        days_left: Option<u8>,
    }

    /// Of the shape of `batv.KeyRing`.
    #[pyclass(frozen)]
    struct KeyRing;

    #[pymethods]
    impl KeyRing {
        #[new]
        fn new() -> Self {
            Self
        }

        /// Takes an address and a time, and makes a new str.
        #[pyo3(signature = (address, at=None))]
        fn sign<'py>(
            &self,
            address: &Bound<'py, PyString>,
            at: Option<u64>,
        ) -> PyResult<Bound<'py, PyString>> {
            let _ = (self, at);
            PyString::from_bytes(address.py(), address.to_str()?.as_bytes())
        }

        /// Takes an address and a time, and makes a new object that holds a new str.
        #[pyo3(signature = (address, at=None))]
        fn verify(&self, address: &Bound<'_, PyString>, at: Option<u64>) -> PyResult<Verification> {
            let (_, text) = (self, address.to_str()?);
            let original = PyString::from_bytes(address.py(), text.as_bytes())?;
            Ok(Verification {
                verdict: address.clone().into_any().unbind(),
                original: Some(original.unbind()),
                key_number: Some(1),
                days_left: at.map(|_| 7),
            })
        }
    }
}
