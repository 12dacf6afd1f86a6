//! Times: what Python has for them, as UNIX seconds.

use crate::error::{TIME_ERROR, raise, wrong_type};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDateTime, PyFloat, PyInt};
use std::time::{SystemTime, UNIX_EPOCH};

/// The last second of the year 9999, where `datetime` ends too. The milliseconds of today lie far behind it.
const LAST: u64 = 253_402_300_799;
const OUT_OF_RANGE: &str = "time is outside the years 1970 to 9999, in UNIX seconds";

/// The UNIX seconds of an int, a float or an aware datetime; the clock's for None.
#[inline(always)]
pub(crate) fn seconds(py: Python<'_>, at: Option<&Bound<'_, PyAny>>) -> PyResult<u64> {
    let Some(at) = at else {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        return now
            .map(|now| now.as_secs())
            .map_err(|_| raise(py, &TIME_ERROR, ("the clock is before 1970", py.None())));
    };
    if at.is_instance_of::<PyInt>() && !at.is_instance_of::<PyBool>() {
        // Python converts to i64 at once, but to u64 octet by octet.
        let seconds = at.extract::<i64>().ok().and_then(|seconds| u64::try_from(seconds).ok());
        return seconds
            .filter(|seconds| *seconds <= LAST)
            .ok_or_else(|| raise(py, &TIME_ERROR, (OUT_OF_RANGE, at)));
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
    // LAST is far within the whole numbers that f64 has. Of what is in range only the fraction is lost.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    if (0.0..LAST as f64 + 1.0).contains(&seconds) {
        Ok(seconds as u64)
    } else {
        Err(raise(py, &TIME_ERROR, (OUT_OF_RANGE, at)))
    }
}
