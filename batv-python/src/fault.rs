//! What is wrong with a configuration.

use crate::error::{CONFIG_ERROR, raise};
use crate::value::{Line, value};
use batv_config::ConfigError;
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::io;
use std::path::Path;

value! {
    /// What is wrong with a configuration.
    #[pyclass(frozen, module = "batv")]
    Fault(line, setting, message) {
        /// The line, starting at 1; None for a fault of the whole file, or of a mapping.
        line: Option<Line>,
        /// The setting, such as `policy.exempt` or `key[2].number`; may be empty.
        setting: String,
        /// What is wrong.
        message: String,
    }
}

/// The exception for a configuration that cannot be used. A mapping has no lines.
pub(crate) fn config_error(py: Python<'_>, error: &ConfigError, is_mapping: bool) -> PyErr {
    exception(py, error, is_mapping).unwrap_or_else(|error| error)
}

fn exception(py: Python<'_>, error: &ConfigError, is_mapping: bool) -> PyResult<PyErr> {
    let faults = error.faults().iter().map(|fault| Fault {
        line: fault.line.filter(|_| !is_mapping).map(Line),
        setting: fault.setting.clone(),
        message: fault.message.clone(),
    });
    let faults: Vec<_> = faults.collect();
    let reason = if is_mapping {
        let lines = faults.iter().map(|fault| match &*fault.setting {
            "" => fault.message.clone(),
            setting => format!("{setting}: {}", fault.message),
        });
        lines.collect::<Vec<_>>().join("\n")
    } else {
        error.to_string()
    };
    let faults = faults.into_iter().map(|fault| fault.into_bound_py_any(py));
    let faults = PyTuple::new(py, faults.collect::<PyResult<Vec<_>>>()?)?;
    let code = error.io_error().and_then(io::Error::raw_os_error);
    let exception = raise(py, &CONFIG_ERROR, (reason, error.path().map(Path::as_os_str), faults, code));
    if let Some(code) = code {
        let text = py.import("os")?.call_method1("strerror", (code,))?.unbind();
        let path = error.path().map(|path| path.as_os_str().to_owned());
        exception.set_cause(py, Some(PyOSError::new_err((code, text, path))));
    }
    Ok(exception)
}
