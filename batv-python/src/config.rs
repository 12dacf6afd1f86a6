//! Configurations, and the decisions by them.

use crate::address::Given;
use crate::decision::{InboundDecision, OutboundDecision};
use crate::error::{ADDRESS_ERROR, ARGUMENT_ERROR, guard, raise, warn, wrong_type};
use crate::fault::config_error;
use crate::key::Key;
use crate::time::seconds;
use crate::value::number;
use crate::verification::Verification;
use batv_config::Store;
use batv_core::{Address, Message, OutboundReason, Recipient, SignError};
use pyo3::exceptions::{PyTypeError, PyUnicodeEncodeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMapping, PyString, PyTuple};
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;

/// Linux allows no longer path, and the error would contain all of it.
const LONGEST_PATH: usize = 4096;

/// A configuration, `batv.toml`: the keys of all the domains of a site, and its policy.
///
/// Any number of threads can use it, also while its file is read again.
#[pyclass(frozen, module = "batv")]
pub(crate) struct Config {
    source: Source,
}

enum Source {
    File(Store),
    Text(Box<batv_config::Config>),
}

#[pymethods]
impl Config {
    /// Open a configuration file.
    ///
    /// `ConfigError` has all that is wrong with it. `BatvWarning` warns of what works but may not be
    /// intended.
    #[staticmethod]
    #[pyo3(signature = (path))]
    fn open(py: Python<'_>, path: &Bound<'_, PyAny>) -> PyResult<Self> {
        guard(|| {
            let path: PathBuf = path.extract().map_err(|error: PyErr| {
                let is_surrogate = error.is_instance_of::<PyUnicodeEncodeError>(py);
                if is_surrogate {
                    raise(py, &ARGUMENT_ERROR, ("path", "contains a surrogate"))
                } else {
                    error
                }
            })?;
            if path.as_os_str().len() > LONGEST_PATH {
                let reason = format!("is longer than {LONGEST_PATH} octets");
                return Err(raise(py, &ARGUMENT_ERROR, ("path", reason)));
            }
            let store = py.detach(|| Store::open(path)).map_err(|error| config_error(py, &error, false))?;
            Self::new(py, Source::File(store))
        })
    }

    /// Read the text of a configuration file, or a mapping with the same settings.
    ///
    /// `read_secret_file` is called with the name of each secret file, as it is written there, and
    /// returns the secret. What it raises is passed on. In a mapping, a secret may also be bytes.
    #[staticmethod]
    #[pyo3(signature = (text, read_secret_file=None))]
    fn parse(
        py: Python<'_>,
        text: &Bound<'_, PyAny>,
        read_secret_file: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        guard(|| {
            let is_mapping = text.cast::<PyMapping>().is_ok();
            let written;
            let text = if is_mapping {
                written = py.import("batv._mapping")?.call_method1(intern!(py, "to_toml"), (text,))?;
                written.cast::<PyString>()?
            } else {
                text.cast::<PyString>().map_err(|_| wrong_type("text", "str or a mapping", text))?
            };
            // Python's own error would contain the text, with its secrets.
            let surrogate = |_| raise(py, &ARGUMENT_ERROR, ("text", "contains a surrogate"));
            let mut raised = None;
            let config = batv_config::Config::parse(text.to_str().map_err(surrogate)?, |name| {
                let Some(read) = read_secret_file else { return Err("no read_secret_file was given".into()) };
                read.call1((name,)).and_then(|secret| octets_of(&secret)).map_err(|error| {
                    raised.get_or_insert(error);
                    "cannot be read".into()
                })
            });
            match (raised, config) {
                (Some(error), _) => Err(error),
                (None, Ok(config)) => Self::new(py, Source::Text(config.into())),
                (None, Err(error)) => Err(config_error(py, &error, is_mapping)),
            }
        })
    }

    /// Read the file again if it or a secret file has changed; return whether it has.
    ///
    /// The check is cheap. If the new file has faults, `ConfigError` is raised once, and the old
    /// configuration stays.
    fn refresh(&self, py: Python<'_>) -> PyResult<bool> {
        guard(|| {
            let Source::File(store) = &self.source else { return Ok(false) };
            let is_new = py.detach(|| store.refresh()).map_err(|error| config_error(py, &error, false))?;
            if is_new {
                self.warn(py)?;
            }
            Ok(is_new)
        })
    }

    /// Read the file again. If it has faults, `ConfigError` is raised, and the old configuration stays.
    fn reload(&self, py: Python<'_>) -> PyResult<()> {
        guard(|| {
            let Source::File(store) = &self.source else { return Ok(()) };
            py.detach(|| store.reload()).map_err(|error| config_error(py, &error, false))?;
            self.warn(py)
        })
    }

    /// The path of the file; None for a text or a mapping.
    #[getter]
    fn path(&self) -> Option<OsString> {
        let Source::File(store) = &self.source else { return None };
        Some(store.path().as_os_str().to_owned())
    }

    /// The keys without their secrets, in the order of the file.
    #[getter]
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        guard(|| {
            let keys = self.with(|config| config.keys.clone());
            PyTuple::new(py, keys.iter().map(|key| Key::of(py, key)).collect::<PyResult<Vec<_>>>()?)
        })
    }

    /// Return warnings of what may lose bounces at a time, each with its cure; None means now.
    #[pyo3(signature = (at=None))]
    fn warnings<'py>(
        &self,
        py: Python<'py>,
        at: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        guard(|| {
            let time = seconds(py, at)?;
            let warnings = self.with(|config| config.warnings(time));
            PyTuple::new(py, warnings.iter().map(ToString::to_string))
        })
    }

    /// Sign a sender, as `outbound` decides if nothing else is known about the message.
    ///
    /// A sender that is not to be signed is returned unchanged.
    #[pyo3(signature = (mail_from, at=None))]
    fn sign<'py>(
        &self,
        mail_from: &Bound<'py, PyAny>,
        at: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        guard(|| {
            let given = Given::new(mail_from)?;
            let time = seconds(mail_from.py(), at)?;
            self.with(|config| {
                let decision = config.policy.outbound(&Message::new(given.octets(), time));
                match (&decision.signed, decision.reason) {
                    (Some(signed), _) => given.decode(signed),
                    (None, OutboundReason::Unreadable) => Err(unreadable(&given)),
                    (None, OutboundReason::TooLong) => Err(too_long(&config.policy, &given, time)),
                    (None, _) => Ok(given.unchanged()),
                }
            })
        })
    }

    /// Verify the address that a bounce came to, with the keys for that address.
    ///
    /// `inbound` decides whether to refuse the bounce.
    #[pyo3(signature = (address, at=None))]
    fn verify(&self, address: &Bound<'_, PyAny>, at: Option<&Bound<'_, PyAny>>) -> PyResult<Verification> {
        guard(|| {
            let given = Given::new(address)?;
            let time = seconds(address.py(), at)?;
            let address = Address::parse(given.octets()).map_err(|error| given.malformed(error))?;
            self.with(|config| Verification::of(&given, &config.policy.verify(&address, time)))
        })
    }

    /// Decide whether to sign the sender of a message that leaves for these recipients.
    ///
    /// `at` is the time at which the message was received. `mail_from_resolved` is the sender as the
    /// mail server itself reads it. `client` is the address of the host that sends the message, and
    /// `trusted` means that this client is local or has authenticated.
    #[pyo3(
        signature = (mail_from, recipients=None, at=None, *, mail_from_resolved=None, client=None,
                     trusted=false),
        text_signature = "($self, mail_from, recipients=(), at=None, *, mail_from_resolved=None, \
                          client=None, trusted=False)"
    )]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    fn outbound(
        &self,
        mail_from: &Bound<'_, PyAny>,
        recipients: Option<&Bound<'_, PyAny>>,
        at: Option<&Bound<'_, PyAny>>,
        mail_from_resolved: Option<&Bound<'_, PyAny>>,
        client: Option<&Bound<'_, PyAny>>,
        trusted: bool,
    ) -> PyResult<OutboundDecision> {
        guard(|| {
            let given = Given::new(mail_from)?;
            let resolved = mail_from_resolved.map(Given::new).transpose()?;
            let recipients = recipients.map_or_else(|| Ok(Vec::new()), every)?;
            let recipients = recipients.iter().map(Given::new).collect::<PyResult<Vec<_>>>()?;
            let recipients: Vec<_> = recipients.iter().map(Given::octets).collect();
            let mut message = Message::new(given.octets(), seconds(mail_from.py(), at)?);
            message.mail_from_resolved = resolved.as_ref().map(Given::octets);
            message.recipients = &recipients;
            message.client = client.map(address_of).transpose()?;
            message.trusted = trusted;
            let decision = self.with(|config| config.policy.outbound(&message));
            let line = decision.log_line(&message, None);
            OutboundDecision::of(&given, &decision, line)
        })
    }

    /// Decide whether to accept one recipient of a message that comes in. Call it for each recipient.
    ///
    /// `mail_from_resolved` and `rcpt_resolved` are the two addresses as the mail server itself
    /// reads them. `client` is the address of the host that sends the message, and `trusted` means
    /// that this client is local or has authenticated. `recipients_before` is the number of
    /// recipients before this one. If you have read the header, `is_report` is the result of
    /// `is_delivery_report`; a bounce that is not a delivery report is not refused.
    #[pyo3(
        signature = (mail_from, rcpt_to, at=None, *, mail_from_resolved=None, rcpt_resolved=None,
                     client=None, trusted=false, recipients_before=None, is_report=None),
        text_signature = "($self, mail_from, rcpt_to, at=None, *, mail_from_resolved=None, \
                          rcpt_resolved=None, client=None, trusted=False, recipients_before=0, \
                          is_report=None)"
    )]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    fn inbound(
        &self,
        mail_from: &Bound<'_, PyAny>,
        rcpt_to: &Bound<'_, PyAny>,
        at: Option<&Bound<'_, PyAny>>,
        mail_from_resolved: Option<&Bound<'_, PyAny>>,
        rcpt_resolved: Option<&Bound<'_, PyAny>>,
        client: Option<&Bound<'_, PyAny>>,
        trusted: bool,
        recipients_before: Option<&Bound<'_, PyAny>>,
        is_report: Option<bool>,
    ) -> PyResult<InboundDecision> {
        guard(|| {
            let sender = Given::new(mail_from)?;
            let given = Given::new(rcpt_to)?;
            let sender_resolved = mail_from_resolved.map(Given::new).transpose()?;
            let resolved = rcpt_resolved.map(Given::new).transpose()?;
            let time = seconds(mail_from.py(), at)?;
            let mut recipient = Recipient::new(sender.octets(), given.octets(), time);
            recipient.mail_from_resolved = sender_resolved.as_ref().map(Given::octets);
            recipient.rcpt_resolved = resolved.as_ref().map(Given::octets);
            recipient.client = client.map(address_of).transpose()?;
            recipient.trusted = trusted;
            let before = |count| number(count, "recipients_before", "recipients_before");
            recipient.recipients_before = recipients_before.map_or(Ok(0), before)?;
            recipient.is_report = is_report;
            let decision = self.with(|config| config.policy.inbound(&recipient));
            let line = decision.log_line(&recipient, None);
            InboundDecision::of(&given, &decision, line)
        })
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        guard(|| match &self.source {
            Source::File(store) => {
                Ok(format!("Config({})", store.path().as_os_str().into_pyobject(py)?.repr()?))
            }
            Source::Text(_) => Ok("Config(...)".to_owned()),
        })
    }

    #[allow(clippy::unused_self)] // Python calls it on the object
    fn __reduce__(&self) -> PyResult<Bound<'_, PyTuple>> {
        Err(PyTypeError::new_err("a Config contains secrets and cannot be pickled; open it again"))
    }
}

impl Config {
    fn new(py: Python<'_>, source: Source) -> PyResult<Self> {
        let config = Self { source };
        config.warn(py)?;
        Ok(config)
    }

    /// Answers by the configuration as it is now.
    fn with<T>(&self, answer: impl FnOnce(&batv_config::Config) -> T) -> T {
        match &self.source {
            Source::File(store) => answer(&store.config()),
            Source::Text(config) => answer(config),
        }
    }

    /// Warns of what is odd.
    fn warn(&self, py: Python<'_>) -> PyResult<()> {
        let time = seconds(py, None)?;
        for warning in self.with(|config| config.warnings(time)) {
            let text = match &self.source {
                Source::File(store) => format!("{}: {warning}", store.path().display()),
                Source::Text(_) => warning.to_string(),
            };
            warn(py, &text)?;
        }
        Ok(())
    }
}

/// The items of an iterable of addresses. A single address is an iterable too, but not meant as one.
fn every<'py>(addresses: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    if addresses.is_instance_of::<PyString>() || addresses.is_instance_of::<PyBytes>() {
        return Err(wrong_type("recipients", "an iterable of addresses", addresses));
    }
    // What is not an address ends it at once: there are iterables without an end.
    let checked = |item: Bound<'py, PyAny>| {
        let is_address = item.is_instance_of::<PyString>() || item.is_instance_of::<PyBytes>();
        if is_address { Ok(item) } else { Err(wrong_type("address", "str or bytes", &item)) }
    };
    addresses.try_iter()?.map(|item| item.and_then(checked)).collect()
}

/// The IP address in a str or an object of `ipaddress`, without the zone of an IPv6 address.
fn address_of(client: &Bound<'_, PyAny>) -> PyResult<IpAddr> {
    if let Ok(text) = client.cast::<PyString>() {
        let text = text.to_string_lossy();
        let address = text.split_once('%').map_or(&*text, |(address, _)| address);
        let not_one = |_| raise(client.py(), &ARGUMENT_ERROR, ("client", "is not an IP address"));
        return address.parse().map_err(not_one);
    }
    let packed = client.getattr_opt(intern!(client.py(), "packed"))?;
    let octets = packed.as_ref().and_then(|packed| packed.extract::<&[u8]>().ok()).unwrap_or_default();
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from))
        .map_err(|_| wrong_type("client", "str, IPv4Address, IPv6Address or None", client))
}

/// The octets of a secret from elsewhere.
fn octets_of(secret: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    match secret.cast::<PyBytes>() {
        Ok(octets) => Ok(octets.as_bytes().to_vec()),
        Err(_) => Err(wrong_type("the result of read_secret_file", "bytes", secret)),
    }
}

/// The exception for a sender that cannot be read.
#[cold]
fn unreadable(given: &Given<'_, '_>) -> PyErr {
    match Address::parse(given.octets()) {
        Err(error) => given.malformed(error),
        Ok(_) => raise(given.py(), &ADDRESS_ERROR, ("unreadable", given.unchanged())),
    }
}

/// The exception for a sender whose signed local-part would be too long.
#[cold]
fn too_long(policy: &batv_core::Policy, given: &Given<'_, '_>, time: u64) -> PyErr {
    let address = match Address::parse(given.octets()) {
        Ok(address) => address,
        Err(error) => return given.malformed(error),
    };
    match policy.key_ring(&address).map(|keys| keys.sign(&address, time)) {
        Some(Err(error @ SignError::TooLong { octets })) => given.too_long(error.to_string(), octets),
        _ => raise(given.py(), &ADDRESS_ERROR, ("too long", given.unchanged())),
    }
}
