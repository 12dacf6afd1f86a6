//! `batv._batv`, the compiled half of the Python package `batv`.
//!
//! It converts types and guards the boundary; every rule of BATV is in `batv-core`.

// Measured: what is called for each address is faster as one function (see tests/bench/python.py).
#![allow(clippy::inline_always)]

mod address;
mod config;
mod decision;
mod error;
mod fault;
mod key;
mod key_ring;
mod strip;
mod time;
mod value;
mod verification;

/// The compiled half of `batv`; what is public is in `batv` itself.
#[pyo3::pymodule(gil_used = false)]
mod _batv {
    use pyo3::exceptions::PyImportError;
    use pyo3::prelude::*;
    use pyo3::sync::PyOnceLock;

    use crate::error::types;

    #[pymodule_export]
    use crate::config::Config;
    #[pymodule_export]
    use crate::decision::{InboundDecision, OutboundDecision, is_delivery_report};
    #[pymodule_export]
    use crate::fault::Fault;
    #[pymodule_export]
    use crate::key::Key;
    #[pymodule_export]
    use crate::key_ring::KeyRing;
    #[pymodule_export]
    use crate::strip::{Stripped, inspect, strip};
    #[pymodule_export]
    use crate::verification::Verification;

    /// Refuses a second interpreter: it would get the classes of the first one.
    #[pymodule_init]
    fn of_one_interpreter(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // Each interpreter has a module `sys` of its own; kept, its place is not given to another.
        static FIRST: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
        let py = module.py();
        let interpreter = py.import("sys")?;
        if FIRST.get_or_init(py, || interpreter.clone().unbind()).is(&interpreter) {
            return module.setattr("_types", types(py)?);
        }
        Err(PyImportError::new_err("batv is already in use by another interpreter of this process"))
    }
}
