//! The configuration file, and the decisions by it.

use crate::address::Given;
use crate::error::{CLIENT_ERROR, CONFIG_ERROR, Class, guard, raise, wrong_type};
use crate::key_ring::sign;
use crate::time::seconds;
use crate::verification::Verification;
use batv_core::{Action, Address, Inbound};
use batv_store::{Fault, Store, StoreError};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;

static INBOUND: Class = Class::new("Inbound");
static INBOUND_REASON: Class = Class::new("InboundReason");
static OUTBOUND: Class = Class::new("Outbound");
static OUTBOUND_REASON: Class = Class::new("OutboundReason");
static PROBLEM: Class = Class::new("ConfigProblem");

/// A configuration file, `batv.toml`: the keys of all the domains of a site, and its policy.
///
/// It answers any number of threads, also while it is loaded again.
#[pyclass(frozen, module = "batv")]
pub(crate) struct Config {
    store: Store,
}

#[pymethods]
impl Config {
    /// Load a file; `ConfigError` tells all that is wrong with it.
    #[staticmethod]
    #[pyo3(signature = (path))]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        guard(|| match py.detach(|| Store::open(path)) {
            Ok(store) => Ok(Self { store }),
            Err(error) => Err(bad_file(py, &error)),
        })
    }

    /// Load the file again. `ConfigError` tells that it is bad: the configuration is still the old one.
    fn reload(&self, py: Python<'_>) -> PyResult<()> {
        guard(|| py.detach(|| self.store.reload()).map_err(|error| bad_file(py, &error)))
    }

    /// Load the file again if it, or a secret file, has changed; return whether it has.
    ///
    /// That is looked up cheaply. `ConfigError` tells, once for each change, that it is bad: the
    /// configuration is still the old one.
    fn refresh(&self, py: Python<'_>) -> PyResult<bool> {
        guard(|| py.detach(|| self.store.refresh()).map_err(|error| bad_file(py, &error)))
    }

    /// Sign an address with the key that is for it; one that no key signs for comes back as it is.
    ///
    /// `at` is when the message was received. Whether to sign is what `outbound` decides.
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
            match self.store.config().policy.key_ring(&address) {
                Some(keys) => sign(keys, &given, &address, time),
                None => Ok(given.unchanged()),
            }
        })
    }

    /// Judge the address that a bounce came to by the keys that are for it.
    ///
    /// Whether to refuse the bounce is what `inbound` decides.
    #[pyo3(signature = (address, at=None))]
    fn verify(&self, address: &Bound<'_, PyAny>, at: Option<&Bound<'_, PyAny>>) -> PyResult<Verification> {
        guard(|| {
            let given = Given::new(address)?;
            let time = seconds(address.py(), at)?;
            let address = Address::parse(given.octets()).map_err(|error| given.malformed(error))?;
            Verification::of(&given, &self.store.config().policy.verify(&address, time))
        })
    }

    /// Decide on the sender of a message that leaves for these recipients.
    #[pyo3(signature = (sender, recipients=None, at=None), text_signature = "($self, sender, recipients=(), at=None)")]
    fn outbound<'py>(
        &self,
        sender: &Bound<'py, PyAny>,
        recipients: Option<&Bound<'py, PyAny>>,
        at: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        guard(|| {
            let py = sender.py();
            let recipients = recipients.map_or_else(|| Ok(Vec::new()), every)?;
            let recipients = recipients.iter().map(Given::new).collect::<PyResult<Vec<_>>>()?;
            let given = Given::new(sender)?;
            let time = seconds(py, at)?;
            let config = self.store.config();
            let decision = config.policy.outbound(given.octets(), recipients.iter().map(Given::octets), time);
            let sender =
                decision.signed.map_or_else(|| Ok(given.unchanged()), |signed| given.decode(&signed))?;
            let reason = OUTBOUND_REASON.get(py)?.call1((decision.reason.as_str(),))?;
            OUTBOUND.get(py)?.call1((sender, reason))
        })
    }

    /// Decide on one recipient of a message that comes in; each recipient is judged by itself.
    ///
    /// `client` is the address of the host that sends it. `trusted` says that it is internal or
    /// has authenticated, `recipients_before` how many recipients the message had before.
    #[pyo3(signature = (sender, recipient, at=None, *, client=None, trusted=false, recipients_before=0))]
    fn inbound<'py>(
        &self,
        sender: &Bound<'py, PyAny>,
        recipient: &Bound<'py, PyAny>,
        at: Option<&Bound<'py, PyAny>>,
        client: Option<&Bound<'py, PyAny>>,
        trusted: bool,
        recipients_before: u32,
    ) -> PyResult<Bound<'py, PyAny>> {
        guard(|| {
            let py = sender.py();
            let mail_from = Given::new(sender)?;
            let given = Given::new(recipient)?;
            let time = seconds(py, at)?;
            let client = client.map(address_of).transpose()?;
            let mut inbound = Inbound::new(mail_from.octets(), given.octets(), time);
            (inbound.client, inbound.trusted, inbound.recipients_before) =
                (client, trusted, recipients_before);
            let decision = self.store.config().policy.inbound(&inbound);
            let (recipient, reply) = match decision.action {
                Action::Accept => (given.unchanged(), None),
                Action::AcceptAs(original) => (given.decode(&original)?, None),
                Action::Refuse(reply) => (given.unchanged(), Some(reply.to_string())),
            };
            let reason = INBOUND_REASON.get(py)?.call1((decision.reason.as_str(),))?;
            INBOUND.get(py)?.call1((recipient, reply, reason, decision.monitored))
        })
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        guard(|| Ok(format!("Config({})", self.store.path().as_os_str().into_pyobject(py)?.repr()?)))
    }

    #[allow(clippy::unused_self)] // Python calls it on the object
    fn __reduce__(&self) -> PyResult<Bound<'_, PyTuple>> {
        Err(PyTypeError::new_err("a Config holds secrets and cannot be pickled: load it anew"))
    }
}

/// The items of an iterable of addresses, which one address alone is not meant to be.
fn every<'py>(addresses: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    if Given::new(addresses).is_ok() {
        return Err(wrong_type("recipients", "an iterable of addresses", addresses));
    }
    addresses.try_iter()?.collect()
}

/// The IP address in a str or an object of `ipaddress`; the zone of an IPv6 address does not count.
fn address_of(client: &Bound<'_, PyAny>) -> PyResult<IpAddr> {
    let text = client.str()?;
    let text = text.to_string_lossy();
    let address = text.split_once('%').map_or(&*text, |(address, _)| address);
    address.parse().map_err(|_| raise(client.py(), &CLIENT_ERROR, ("client is no IP address", &*text)))
}

/// The exception for a file that cannot be used.
fn bad_file(py: Python<'_>, error: &StoreError) -> PyErr {
    let problem =
        |line: Option<usize>, key: &str, message: &str| PROBLEM.get(py)?.call1((line, key, message));
    let text = error.to_string();
    let problems: PyResult<Vec<_>> = match error.fault() {
        Fault::Invalid(errors) => errors
            .as_slice()
            .iter()
            .map(|error| problem(Some(error.line), &error.key, &error.message))
            .collect(),
        _ => problem(None, "", &text).map(|problem| vec![problem]),
    };
    let problems = match problems.and_then(|problems| PyTuple::new(py, problems)) {
        Ok(problems) => problems,
        Err(error) => return error,
    };
    let exception = raise(py, &CONFIG_ERROR, (&text, error.path(), problems));
    if let Fault::Io(io_error) = error.fault()
        && let Some(code) = io_error.raw_os_error()
    {
        exception.set_cause(py, Some(io::Error::from_raw_os_error(code).into()));
    }
    exception
}
