//! What verifying says.

use crate::address::Given;
use crate::error::guard;
use crate::value::{DaysLeft, KeyNumber, Member, Text, Verdict, value};
use pyo3::prelude::*;

value! {
    /// The result of verifying an address: the verdict, and what is in an authentic tag.
    ///
    /// It is true if the verdict is a pass.
    #[pyclass(frozen, generic, module = "batv")]
    Verification(verdict, original=None, key_number=None, days_left=None) {
        /// The verdict.
        verdict: Member<Verdict>,
        /// The address without its tag, if the tag is authentic.
        original: Option<Text>,
        /// The number of the key that signed, if the tag is authentic.
        key_number: Option<KeyNumber>,
        /// The number of days until an authentic tag expires.
        days_left: Option<DaysLeft>,
    }

    /// Whether the tag is authentic and has not expired.
    #[getter]
    fn is_pass(&self, py: Python<'_>) -> PyResult<bool> {
        guard(|| (&self.verdict).into_pyobject(py)?.eq("pass"))
    }

    fn __bool__(&self, py: Python<'_>) -> PyResult<bool> {
        self.is_pass(py)
    }
}

impl Verification {
    #[inline]
    pub(crate) fn of(given: &Given<'_, '_>, verdict: &batv_core::Verdict<'_>) -> PyResult<Self> {
        let authentic = verdict.authentic();
        let original = authentic.map(|authentic| given.original(&authentic.original)).transpose()?;
        Ok(Self {
            verdict: Member::of(given.py(), verdict.as_str())?,
            original: original.map(Text::from),
            key_number: authentic.map(|authentic| KeyNumber(authentic.key_number.get())),
            days_left: authentic.map(|authentic| DaysLeft(authentic.days_left)),
        })
    }
}
