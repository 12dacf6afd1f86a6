//! `batv._batv`, the compiled half of the Python package `batv`.
//!
//! It converts types and guards the boundary; every rule of BATV is in `batv-core`.

mod address;
mod config;
mod error;
mod key_ring;
mod strip;
mod time;
mod verification;

/// The compiled half of `batv`; what is public is in `batv` itself.
#[pyo3::pymodule(gil_used = false)]
mod _batv {
    #[pymodule_export]
    use crate::config::Config;
    #[pymodule_export]
    use crate::key_ring::KeyRing;
    #[pymodule_export]
    use crate::strip::{dialect, strip};
    #[pymodule_export]
    use crate::verification::Verification;
}
