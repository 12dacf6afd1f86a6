//! The keys of a configuration, without their secrets.

use crate::value::{Line, Member, Number, Use, value};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDate, PyTuple};

value! {
    /// A key of a configuration, without its secret.
    #[pyclass(frozen, module = "batv")]
    Key(number, patterns, r#use, fingerprint, created=None, verify_until=None, line=None) {
        /// The key number, 0 to 9.
        number: Number,
        /// The domains and addresses that the key is for.
        patterns: Py<PyTuple>,
        /// What the key is used for.
        r#use: Member<Use>,
        /// A text that two servers can compare to see whether they have the same secret.
        fingerprint: String,
        /// The day on which its secret was made.
        created: Option<Py<PyDate>>,
        /// The last day on which the key is needed to verify.
        verify_until: Option<Py<PyDate>>,
        /// The line on which the key begins, starting at 1.
        line: Option<Line>,
    }
}

impl Key {
    pub(crate) fn of(py: Python<'_>, key: &batv_config::Key) -> PyResult<Self> {
        let date = |date: batv_config::Date| -> PyResult<Py<PyDate>> {
            let class = py.get_type::<PyDate>();
            let date = class.call_method1(intern!(py, "fromisoformat"), (date.to_string(),))?;
            Ok(date.cast_into::<PyDate>()?.unbind())
        };
        Ok(Self {
            number: Number(key.number.get()),
            patterns: PyTuple::new(py, key.patterns.iter().map(ToString::to_string))?.unbind(),
            r#use: Member::of(py, key.r#use.as_str())?,
            fingerprint: key.fingerprint().to_string(),
            created: key.created.map(date).transpose()?,
            verify_until: key.verify_until.map(date).transpose()?,
            line: Some(Line(key.line)),
        })
    }
}
