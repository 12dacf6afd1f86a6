//! Key rings.

use crate::address::Given;
use crate::error::{ARGUMENT_ERROR, guard, raise, warn, wrong_type};
use crate::time::seconds;
use crate::value::number;
use crate::verification::Verification;
use batv_core::{Address, Delimiter, HashCase, KeyNumber, Lifetime, Secret, Settings, SignError, Syntax};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMapping, PyString, PyTuple};
use std::fmt::Display;

/// Secrets with their key numbers. One signs, and all verify.
///
/// `keys` maps key numbers, 0 to 9, to secrets. The first one signs unless `signing` names another.
/// `lifetime` is the number of days after which new tags expire, 1 to 99. `syntax` is 'prefix', as in
/// the draft, or 'sub-address' with a `delimiter`; tags of both are verified. With `hash_case`
/// 'exact', addresses are hashed as they are, for peers that compare case. With `long_local_parts`,
/// addresses are signed even if the local-part exceeds 64 octets.
#[pyclass(frozen, module = "batv")]
pub(crate) struct KeyRing {
    keys: batv_core::KeyRing,
}

#[pymethods]
impl KeyRing {
    #[new]
    #[pyo3(
        signature = (keys, *, lifetime=None, signing=None, syntax=None, delimiter=None, hash_case=None,
                     long_local_parts=false),
        text_signature = "(keys, *, lifetime=7, signing=None, syntax='prefix', delimiter='+', \
                          hash_case='fold', long_local_parts=False)"
    )]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    fn new(
        keys: &Bound<'_, PyAny>,
        lifetime: Option<&Bound<'_, PyAny>>,
        signing: Option<&Bound<'_, PyAny>>,
        syntax: Option<&Bound<'_, PyString>>,
        delimiter: Option<&Bound<'_, PyString>>,
        hash_case: Option<&Bound<'_, PyString>>,
        long_local_parts: bool,
    ) -> PyResult<Self> {
        guard(|| {
            let py = keys.py();
            let error = |argument: &str, reason: &dyn Display| {
                raise(py, &ARGUMENT_ERROR, (argument, reason.to_string()))
            };
            let lifetime = match lifetime {
                Some(days) => Lifetime::from_days(number(days, "lifetime", "lifetime")?)
                    .map_err(|e| error("lifetime", &e))?,
                None => Lifetime::default(),
            };
            // With a surrogate it is none of them. Python's own error would contain what was passed.
            let text = |given: Option<&Bound<'_, PyString>>, default: &str| {
                given.map_or_else(|| default.to_owned(), |given| given.to_string_lossy().into_owned())
            };
            let syntax = match &*text(syntax, "prefix") {
                "prefix" => Syntax::Prefix,
                "sub-address" => Syntax::SubAddress,
                _ => return Err(error("syntax", &"must be 'prefix' or 'sub-address'")),
            };
            let hash_case = match &*text(hash_case, "fold") {
                "fold" => HashCase::Fold,
                "exact" => HashCase::Exact,
                _ => return Err(error("hash_case", &"must be 'fold' or 'exact'")),
            };
            let &[delimiter] = text(delimiter, "+").as_bytes() else {
                return Err(error("delimiter", &"must be one ASCII character"));
            };
            let delimiter = Delimiter::new(delimiter).map_err(|e| error("delimiter", &e))?;
            let mut settings = Settings::default();
            settings.lifetime = lifetime;
            settings.syntax = syntax;
            settings.delimiter = delimiter;
            settings.hash_case = hash_case;
            settings.long_local_parts = long_local_parts;

            let mut ring = batv_core::KeyRing::new(settings);
            let (mut first, mut weak) = (None, Vec::new());
            let Ok(mapping) = keys.cast::<PyMapping>() else {
                return Err(wrong_type("keys", "a mapping of int to bytes", keys));
            };
            for item in mapping.items()? {
                let (given, secret): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
                let number =
                    KeyNumber::new(number(&given, "keys", "key number")?).map_err(|e| error("keys", &e))?;
                let Ok(secret) = secret.cast::<PyBytes>() else {
                    return Err(wrong_type(&format!("secret of key {number}"), "bytes", &secret));
                };
                let secret = Secret::new(secret.as_bytes())
                    .map_err(|_| error("keys", &format_args!("the secret of key {number} is empty")))?;
                if secret.is_weak() {
                    weak.push(number);
                }
                ring.add(number, secret);
                first.get_or_insert(number);
            }
            let signing = match signing {
                Some(signing) => KeyNumber::new(number(signing, "signing", "signing")?)
                    .map_err(|e| error("signing", &e))?,
                None => first.ok_or_else(|| error("keys", &"is empty, but one key has to sign"))?,
            };
            ring.sign_with(signing).map_err(|e| error("signing", &e))?;
            for number in weak {
                let octets = Secret::STRONG;
                warn(
                    py,
                    &format!("the secret of key {number} has fewer than {octets} octets and may be guessed"),
                )?;
            }
            Ok(Self { keys: ring })
        })
    }

    /// Sign an address. The null reverse-path, and an address with a tag, are returned unchanged.
    ///
    /// `at` is the time at which the message was received, in UNIX seconds or as an aware datetime.
    /// It has to be the same for all delivery attempts. None means now.
    #[pyo3(signature = (address, at=None))]
    fn sign<'py>(
        &self,
        address: &Bound<'py, PyAny>,
        at: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        guard(|| {
            let given = Given::new(address)?;
            let time = seconds(address.py(), at)?;
            let address = match Address::parse(given.octets()) {
                Ok(address) => address,
                Err(error) => return given.null_or(error),
            };
            sign(&self.keys, &given, &address, time)
        })
    }

    /// Verify the address that a bounce came to, at a time; None means now.
    #[pyo3(signature = (address, at=None))]
    fn verify(&self, address: &Bound<'_, PyAny>, at: Option<&Bound<'_, PyAny>>) -> PyResult<Verification> {
        guard(|| {
            let given = Given::new(address)?;
            let time = seconds(address.py(), at)?;
            let address = Address::parse(given.octets()).map_err(|error| given.malformed(error))?;
            Verification::of(&given, &self.keys.verify(&address, time))
        })
    }

    fn __copy__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __deepcopy__<'py>(slf: Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        slf
    }

    fn __repr__(&self) -> String {
        let numbers = KeyNumber::all().filter(|number| self.keys.secret(*number).is_some());
        let keys: Vec<_> = numbers.map(|number| format!("{number}: ...")).collect();
        let signing = self.keys.signing().map_or_else(|| "None".into(), |number| number.to_string());
        let lifetime = self.keys.settings().lifetime.days();
        format!("KeyRing({{{}}}, signing={signing}, lifetime={lifetime})", keys.join(", "))
    }

    #[allow(clippy::unused_self)] // Python calls it on the object
    fn __reduce__(&self) -> PyResult<Bound<'_, PyTuple>> {
        Err(PyTypeError::new_err("a KeyRing contains secrets and cannot be pickled; make it again from them"))
    }
}

/// Signs an address; one that stays as it is comes back as it came.
#[inline]
pub(crate) fn sign<'py>(
    keys: &batv_core::KeyRing,
    given: &Given<'_, 'py>,
    address: &Address<'_>,
    time: u64,
) -> PyResult<Bound<'py, PyAny>> {
    match keys.sign(address, time) {
        Ok(signed) => given.text(signed.parts()),
        Err(error @ SignError::TooLong { octets }) => Err(given.too_long(error.to_string(), octets)),
        Err(_) => Ok(given.unchanged()),
    }
}
