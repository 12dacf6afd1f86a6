//! Times: what Python has for them, as UNIX seconds.

use crate::error::{TIME_ERROR, raise, wrong_type};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDateTime, PyFloat, PyInt};
use std::time::{SystemTime, UNIX_EPOCH};

/// One more than the greatest number of UNIX seconds.
const END: f64 = 18_446_744_073_709_551_616.0;
const OUT_OF_RANGE: &str = "time is not within 0 to 2**64 - 1 UNIX seconds";

/// The UNIX seconds of an int, a float or an aware datetime; the clock's for None.
#[inline]
pub(crate) fn seconds(py: Python<'_>, at: Option<&Bound<'_, PyAny>>) -> PyResult<u64> {
    let Some(at) = at else {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        return now
            .map(|now| now.as_secs())
            .map_err(|_| raise(py, &TIME_ERROR, ("the clock is before 1970", py.None())));
    };
    if at.is_instance_of::<PyInt>() && !at.is_instance_of::<PyBool>() {
        return at.extract().map_err(|_| raise(py, &TIME_ERROR, (OUT_OF_RANGE, at)));
    }
    let seconds: f64 = if at.is_instance_of::<PyFloat>() {
        at.extract()?
    } else if at.is_instance_of::<PyDateTime>() {
        if at.call_method0(intern!(py, "utcoffset"))?.is_none() {
            return Err(raise(py, &TIME_ERROR, ("datetime has no time zone", at)));
        }
        at.call_method0(intern!(py, "timestamp"))?.extract()?
    } else {
        return Err(wrong_type("at", "int, float, datetime or None", at));
    };
    if !(0.0..END).contains(&seconds) {
        return Err(raise(py, &TIME_ERROR, (OUT_OF_RANGE, at)));
    }
    // Within the range of u64 and not negative, so only the fraction is lost.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Ok(seconds as u64)
}
