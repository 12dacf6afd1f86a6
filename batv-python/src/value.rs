//! Values: frozen classes that are compared, hashed, shown and pickled by their fields.

use crate::error::{ARGUMENT_ERROR, raise, types, wrong_type};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyInt, PyString};
use std::convert::Infallible;
use std::marker::PhantomData;

/// Defines the class of a value: what its constructor takes, its fields, and what else it has.
macro_rules! value {
    (
        $(#[$class:meta])*
        $name:ident($($signature:tt)*) {
            $($(#[$about:meta])* $field:ident: $kind:ty,)+
        }
        $($more:tt)*
    ) => {
        $(#[$class])*
        pub(crate) struct $name {
            $($(#[$about])* #[pyo3(get)] pub(crate) $field: $kind,)+
        }

        impl $name {
            fn fields<'py>(
                &self,
                py: pyo3::Python<'py>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyTuple>> {
                use pyo3::IntoPyObjectExt;
                pyo3::types::PyTuple::new(py, [$((&self.$field).into_bound_py_any(py)?),+])
            }
        }

        #[pymethods]
        impl $name {
            #[new]
            #[pyo3(signature = ($($signature)*))]
            #[allow(clippy::too_many_arguments)] // keywords in Python
            fn new($($field: $kind),+) -> Self {
                Self { $($field),+ }
            }

            #[classattr]
            fn __match_args__(py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Bound<'_, pyo3::types::PyTuple>> {
                pyo3::types::PyTuple::new(py, [$($crate::value::name(stringify!($field))),+])
            }

            fn __eq__<'py>(
                &self,
                py: pyo3::Python<'py>,
                other: &pyo3::Bound<'py, pyo3::PyAny>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                $crate::error::guard(|| match other.cast::<Self>() {
                    Ok(other) => {
                        self.fields(py)?.rich_compare(other.get().fields(py)?, pyo3::basic::CompareOp::Eq)
                    }
                    Err(_) => Ok(py.NotImplemented().into_bound(py)),
                })
            }

            fn __hash__(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<isize> {
                $crate::error::guard(|| self.fields(py)?.hash())
            }

            fn __repr__(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<String> {
                $crate::error::guard(|| {
                    let names = [$($crate::value::name(stringify!($field))),+];
                    let fields = self.fields(py)?;
                    let shown = names
                        .iter()
                        .zip(fields.iter())
                        .map(|(name, value)| Ok(format!("{name}={}", value.repr()?)))
                        .collect::<pyo3::PyResult<Vec<_>>>()?;
                    Ok(format!("{}({})", stringify!($name), shown.join(", ")))
                })
            }

            fn __reduce__<'py>(
                slf: &pyo3::Bound<'py, Self>,
            ) -> pyo3::PyResult<(pyo3::Bound<'py, pyo3::PyAny>, pyo3::Bound<'py, pyo3::types::PyTuple>)> {
                $crate::error::guard(|| Ok((slf.get_type().into_any(), slf.get().fields(slf.py())?)))
            }

            $($more)*
        }
    };
}
pub(crate) use value;

/// The name that Python has for a field: what is a keyword in Rust need not be one there.
pub(crate) fn name(field: &'static str) -> &'static str {
    field.strip_prefix("r#").unwrap_or(field)
}

/// An enumeration of the Python module of types: a `StrEnum`, whose members are our words.
pub(crate) trait Enumeration: 'static {
    /// The name of its class.
    const CLASS: &'static str;
    /// The name of the arguments that take it.
    const ARGUMENT: &'static str;

    fn members() -> &'static Members;
}

/// The members of an enumeration with their words, looked up once.
pub(crate) type Members = PyOnceLock<Vec<(String, Py<PyAny>)>>;

/// Names the enumerations of the Python module of types.
macro_rules! enumerations {
    ($($name:ident, $argument:literal;)+) => {
        $(pub(crate) struct $name;

        impl Enumeration for $name {
            const CLASS: &'static str = stringify!($name);
            const ARGUMENT: &'static str = $argument;

            fn members() -> &'static Members {
                static MEMBERS: Members = Members::new();
                &MEMBERS
            }
        })+
    };
}

enumerations! {
    Action, "action";
    Dialect, "dialect";
    InboundReason, "reason";
    OutboundReason, "reason";
    Use, "use";
    Verdict, "verdict";
}

/// A member of an enumeration.
pub(crate) struct Member<E>(Py<PyAny>, PhantomData<fn() -> E>);

impl<E: Enumeration> Member<E> {
    /// The member of a word, if there is one.
    #[inline]
    fn find(py: Python<'_>, word: &str) -> PyResult<Option<Self>> {
        let members = E::members().get_or_try_init(py, || {
            let class = types(py)?.getattr(E::CLASS)?;
            class
                .try_iter()?
                .map(|member| member.and_then(|member| Ok((member.extract()?, member.unbind()))))
                .collect::<PyResult<_>>()
        })?;
        let found = members.iter().find(|(known, _)| known == word);
        Ok(found.map(|(_, member)| Self(member.clone_ref(py), PhantomData)))
    }

    /// The member of a word of the core.
    #[inline]
    pub(crate) fn of(py: Python<'_>, word: &str) -> PyResult<Self> {
        Self::find(py, word)?.ok_or_else(|| PyRuntimeError::new_err(format!("{} has no {word}", E::CLASS)))
    }
}

impl<'py, E: Enumeration> FromPyObject<'_, 'py> for Member<E> {
    type Error = PyErr;

    /// Takes the member itself, or its word.
    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let py = given.py();
        let Ok(word) = given.cast::<PyString>() else {
            return Err(wrong_type(E::ARGUMENT, E::CLASS, &given));
        };
        Self::find(py, &word.to_string_lossy())?.ok_or_else(|| {
            raise(py, &ARGUMENT_ERROR, (E::ARGUMENT, format!("is not a word of {}", E::CLASS)))
        })
    }
}

impl<'py, E> IntoPyObject<'py> for &Member<E> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = Infallible;

    fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Self::Error> {
        Ok(self.0.bind(py).clone())
    }
}

/// Names the numbers that values have, with their types and the arguments that take them.
macro_rules! numbers {
    ($($name:ident($kind:ty), $argument:literal;)+) => {
        $(pub(crate) struct $name(pub(crate) $kind);

        impl<'py> FromPyObject<'_, 'py> for $name {
            type Error = PyErr;

            fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
                number(&given, $argument, $argument).map(Self)
            }
        }

        impl<'py> IntoPyObject<'py> for &$name {
            type Target = PyInt;
            type Output = Bound<'py, PyInt>;
            type Error = Infallible;

            fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Self::Error> {
                self.0.into_pyobject(py)
            }
        })+
    };
}

numbers! {
    Day(u32), "day";
    DaysLeft(u8), "days_left";
    KeyNumber(u8), "key_number";
    Line(usize), "line";
    Number(u8), "number";
}

/// An address, as `str` or `bytes`.
pub(crate) struct Text(Py<PyAny>);

impl From<Bound<'_, PyAny>> for Text {
    fn from(text: Bound<'_, PyAny>) -> Self {
        Self(text.unbind())
    }
}

impl<'py> FromPyObject<'_, 'py> for Text {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if !given.is_instance_of::<PyString>() && !given.is_instance_of::<PyBytes>() {
            return Err(wrong_type("address", "str or bytes", &given));
        }
        Ok(Self(given.to_owned().unbind()))
    }
}

impl<'py> IntoPyObject<'py> for &Text {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = Infallible;

    fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Self::Error> {
        Ok(self.0.bind(py).clone())
    }
}

/// A number that is not negative: an int, and not a bool.
///
/// No error shows it: where a secret is expected beside it, it may be one.
pub(crate) fn number<T>(given: &Bound<'_, PyAny>, argument: &str, what: &str) -> PyResult<T>
where
    T: for<'a, 'py> FromPyObject<'a, 'py>,
{
    if !given.is_instance_of::<PyInt>() || given.is_instance_of::<PyBool>() {
        return Err(wrong_type(what, "int", given));
    }
    given.extract().map_err(|_| raise(given.py(), &ARGUMENT_ERROR, (argument, "number is out of range")))
}
