//! What verifying says.

use crate::address::Given;
use crate::error::{Class, TYPES, guard, wrong_type};
use batv_core::Verdict;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyString, PyTuple};

static VERDICT: Class = Class::new("Verdict");

/// The members of Python's `Verdict` with their words.
static MEMBERS: PyOnceLock<Vec<(String, Py<PyAny>)>> = PyOnceLock::new();

fn member(py: Python<'_>, verdict: &Verdict<'_>) -> PyResult<Py<PyAny>> {
    let members = MEMBERS.get_or_try_init(py, || {
        let class = py.import(TYPES)?.getattr("Verdict")?;
        class
            .try_iter()?
            .map(|member| member.and_then(|member| Ok((member.extract()?, member.unbind()))))
            .collect::<PyResult<_>>()
    })?;
    let (_, member) = members
        .iter()
        .find(|(word, _)| word == verdict.as_str())
        .ok_or_else(|| PyRuntimeError::new_err(format!("unknown verdict {verdict}")))?;
    Ok(member.clone_ref(py))
}

/// What verifying an address said: its verdict, and what an authentic tag tells.
#[pyclass(frozen, generic, module = "batv")]
pub(crate) struct Verification {
    #[pyo3(get)]
    verdict: Py<PyAny>,
    #[pyo3(get)]
    original: Option<Py<PyAny>>,
    #[pyo3(get)]
    key_number: Option<u8>,
    #[pyo3(get)]
    days_left: Option<u8>,
}

impl Verification {
    #[inline]
    pub(crate) fn of(given: &Given<'_, '_>, verdict: &Verdict<'_>) -> PyResult<Self> {
        let authentic = verdict.authentic();
        let original = authentic.map(|authentic| given.original(&authentic.original)).transpose()?;
        Ok(Self {
            verdict: member(given.py(), verdict)?,
            original: original.map(Bound::unbind),
            key_number: authentic.map(|authentic| authentic.key_number.get()),
            days_left: authentic.map(|authentic| authentic.days_left),
        })
    }

    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        (&self.verdict, &self.original, self.key_number, self.days_left).into_pyobject(py)
    }
}

#[pymethods]
impl Verification {
    #[classattr]
    fn __match_args__() -> (&'static str, &'static str, &'static str, &'static str) {
        ("verdict", "original", "key_number", "days_left")
    }

    #[new]
    #[pyo3(signature = (verdict, original=None, key_number=None, days_left=None))]
    fn new(
        py: Python<'_>,
        verdict: &Bound<'_, PyAny>,
        original: Option<&Bound<'_, PyAny>>,
        key_number: Option<u8>,
        days_left: Option<u8>,
    ) -> PyResult<Self> {
        guard(|| {
            let verdict = VERDICT.get(py)?.call1((verdict,))?.unbind();
            match original {
                Some(text) if !text.is_instance_of::<PyString>() && !text.is_instance_of::<PyBytes>() => {
                    Err(wrong_type("original", "str, bytes or None", text))
                }
                original => Ok(Self {
                    verdict,
                    original: original.map(|text| text.clone().unbind()),
                    key_number,
                    days_left,
                }),
            }
        })
    }

    fn __eq__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        guard(|| match other.cast::<Self>() {
            Ok(other) => self.fields(py)?.rich_compare(other.get().fields(py)?, pyo3::basic::CompareOp::Eq),
            Err(_) => Ok(py.NotImplemented().into_bound(py)),
        })
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        guard(|| self.fields(py)?.hash())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        guard(|| {
            let fields = self.fields(py)?;
            let names = ["verdict", "original", "key_number", "days_left"];
            let shown =
                names.iter().zip(fields.iter()).map(|(name, value)| Ok(format!("{name}={}", value.repr()?)));
            Ok(format!("Verification({})", shown.collect::<PyResult<Vec<_>>>()?.join(", ")))
        })
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        guard(|| Ok((slf.get_type().into_any(), slf.get().fields(slf.py())?)))
    }
}
