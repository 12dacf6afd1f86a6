//! Configuration: the file `batv.toml`, in which an administrator says who signs and judges.

mod error;
mod rings;
mod rotation;
mod section;
mod warning;

pub use error::{ConfigError, ConfigErrors};
pub use warning::Warning;

use crate::key_ring::{KeyRing, Settings};
use crate::policy::{Monitor, Pattern, Patterns, Policy};
use crate::secret::{HashCase, Secret};
use crate::tag::{Delimiter, KeyNumber, Lifetime, Syntax};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use base64ct::{Base64, Base64Unpadded, Encoding};
use ipnet::{IpNet, Ipv4Net};
use rings::Rings;
use section::{Faults, Section, date, number, quoted, switch, text};
use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

const DAY: u64 = 86_400;
const A_LIST: &str = "must be a list in brackets: [\"...\", \"...\"]";
const A_KEY: &str = "must be a table in double brackets: [[key]]";

/// What a configuration file says.
#[derive(Clone, Debug)]
pub struct Config {
    /// The policy, with the key rings of all the domains.
    pub policy: Policy,
    /// The keys, in the order of the file.
    pub keys: Vec<Key>,
    /// Whether the file itself holds a secret, rather than the names of files that do.
    pub has_inline_secret: bool,
    /// How long tags are good.
    lifetime: Lifetime,
    /// Domains and addresses with keys of which none signs.
    unsigned: Vec<String>,
}

/// A key of a configuration file, without its secret.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its number.
    pub number: KeyNumber,
    /// The line of the file on which it begins, counted from 1.
    pub line: usize,
    /// Whether it signs; every key verifies.
    pub signs: bool,
    /// When its secret was made, in UNIX seconds.
    pub created: Option<u64>,
    /// The end of the last day on which it has to verify, in UNIX seconds.
    pub verify_until: Option<u64>,
    secret: Arc<Secret>,
}

impl Config {
    /// Reads a configuration. `read_secret_file` gets the names of the secret files as they
    /// stand in the text, and returns their octets, or why not.
    ///
    /// # Errors
    /// All the faults of the text at once, each with its line and key, none with a secret.
    ///
    /// # Examples
    /// ```
    /// use batv_core::Config;
    ///
    /// let text = r#"
    ///     [[key]]
    ///     number = 1
    ///     secret-file = "batv-1.key"
    ///     for = ["example.com"]
    /// "#;
    /// let config = Config::parse(text, |_| Ok(b"a secret of 16 octets or more".to_vec()))?;
    /// assert_eq!(config.policy.keys.len(), 1);
    ///
    /// let errors = Config::parse("lifetme = 7\n[policy]\nclients = [\"x\"]", |_| unreachable!()).unwrap_err();
    /// assert_eq!(errors.as_slice()[0].to_string(), "line 1: lifetme: unknown key; did you mean `lifetime`?");
    /// assert_eq!(errors.as_slice()[1].line, 3);
    /// # Ok::<(), batv_core::ConfigErrors>(())
    /// ```
    pub fn parse(
        text: &str,
        mut read_secret_file: impl FnMut(&str) -> Result<Vec<u8>, String>,
    ) -> Result<Self, ConfigErrors> {
        let (table, syntax) = DeTable::parse_recoverable(text);
        let faults = Faults::new(text, &syntax);
        let config = read(&faults, table.get_ref(), &mut read_secret_file);
        match faults.into_errors() {
            Some(errors) => Err(errors),
            None => Ok(config),
        }
    }
}

fn read(faults: &Faults, root: &DeTable<'_>, read_secret_file: ReadFile<'_>) -> Config {
    let mut root = Section::new(faults, String::new(), Some(root));
    let settings = settings(&mut root);
    let (mut keys, mut rings) = (Vec::new(), Rings::new(settings, faults));
    let mut has_inline_secret = false;
    let listed = root.list("key", A_KEY, |value| value.as_table().ok_or(A_KEY));
    for (index, (table, span)) in listed.into_iter().enumerate() {
        let section = Section::new(faults, format!("key[{}].", index + 1), Some(table));
        let key = key(section, faults, span.start, read_secret_file, &mut has_inline_secret);
        keys.extend(key.map(|(key, patterns)| {
            rings.add(index, &key, patterns);
            key
        }));
    }
    let (rings, unsigned) = rings.finish();
    let table = root.get("policy", |value| value.as_table().ok_or("must be a table: [policy]"));
    let mut policy = policy(Section::new(faults, "policy.".to_owned(), table), &rings);
    policy.keys = rings;
    policy.delimiter = settings.delimiter;
    root.finish();
    Config { policy, keys, has_inline_secret, lifetime: settings.lifetime, unsigned }
}

type ReadFile<'f> = &'f mut dyn FnMut(&str) -> Result<Vec<u8>, String>;

fn settings(root: &mut Section<'_, '_>) -> Settings {
    let settings = Settings::default();
    let lifetime =
        |value: &DeValue<'_>| Lifetime::from_days(number(value, 1..=99)?).map_err(|error| error.to_string());
    let syntax = |value: &DeValue<'_>| match text(value)? {
        "prefix" => Ok(Syntax::Prefix),
        "sub-address" => Ok(Syntax::SubAddress),
        _ => Err("must be \"prefix\" or \"sub-address\""),
    };
    let hash_case = |value: &DeValue<'_>| match text(value)? {
        "fold" => Ok(HashCase::Fold),
        "exact" => Ok(HashCase::Exact),
        _ => Err("must be \"fold\" or \"exact\""),
    };
    let delimiter = |value: &DeValue<'_>| match text(value)?.as_bytes() {
        [octet] => Delimiter::new(*octet).map_err(|error| error.to_string()),
        _ => Err("must be one character such as \"+\"".to_owned()),
    };
    Settings {
        lifetime: root.get("lifetime", lifetime).unwrap_or(settings.lifetime),
        syntax: root.get("syntax", syntax).unwrap_or(settings.syntax),
        delimiter: root.get("delimiter", delimiter).unwrap_or(settings.delimiter),
        hash_case: root.get("hash-case", hash_case).unwrap_or(settings.hash_case),
        long_local_parts: root.get("long-local-parts", switch).unwrap_or(settings.long_local_parts),
    }
}

/// A key, and what it is for.
type KeyFor = (Key, Vec<Pattern>);

fn key(
    mut section: Section<'_, '_>,
    faults: &Faults,
    at: usize,
    read_secret_file: ReadFile<'_>,
    has_inline_secret: &mut bool,
) -> Option<KeyFor> {
    let read_number =
        |value: &DeValue<'_>| KeyNumber::new(number(value, 0..=9)?).map_err(|error| error.to_string());
    let read_use = |value: &DeValue<'_>| match text(value)? {
        "sign" => Ok(true),
        "verify" => Ok(false),
        _ => Err("must be \"sign\" or \"verify\""),
    };
    let read_pattern = |value: &DeValue<'_>| match Pattern::parse(text(value)?) {
        Ok(pattern) if pattern.is_local_part() => Err("user@* names no domain".to_owned()),
        Ok(pattern) => Ok(pattern),
        Err(error) => Err(format!("{} is {error}", quoted(text(value)?))),
    };
    let number = section.get("number", read_number);
    let secret = secret(&mut section, at, read_secret_file, has_inline_secret);
    let signs = section.get("use", read_use).unwrap_or(true);
    let created = section.get("created", date);
    let verify_until = section.get("verify-until", date).map(|day| day + DAY);
    let patterns: Vec<_> =
        section.list("for", A_LIST, read_pattern).into_iter().map(|(pattern, _)| pattern).collect();
    for name in ["number", "for"] {
        match section.value(name) {
            None => section.missing(name, at, "is missing"),
            Some(value) if value.get_ref().as_array().is_some_and(|list| list.is_empty()) => {
                section.fault(name, value.span(), &"must name a domain or an address");
            }
            Some(_) => {}
        }
    }
    section.finish();
    let key =
        Key { number: number?, line: faults.line(at), signs, created, verify_until, secret: secret?.into() };
    Some((key, patterns))
}

/// The secret, which stands in one of three places.
fn secret(
    section: &mut Section<'_, '_>,
    at: usize,
    read_secret_file: ReadFile<'_>,
    has_inline_secret: &mut bool,
) -> Option<Secret> {
    const NAMES: [&str; 3] = ["secret", "secret-base64", "secret-file"];
    let given: Vec<_> = NAMES.into_iter().filter_map(|name| Some((name, section.value(name)?))).collect();
    let [(name, value)] = *given else {
        let message = "must be given once, as `secret`, `secret-base64` or `secret-file`";
        match *given {
            [.., (_, value)] => section.fault("secret", value.span(), &message),
            [] => section.missing("secret", at, message),
        }
        return None;
    };
    *has_inline_secret |= name != "secret-file";
    let octets = text(value.get_ref()).map_err(ToOwned::to_owned).and_then(|text| match name {
        "secret" => Ok(text.as_bytes().to_vec()),
        "secret-base64" => Base64::decode_vec(text)
            .or_else(|_| Base64Unpadded::decode_vec(text))
            .map_err(|_| "is not base64".to_owned()),
        _ => read_secret_file(text),
    });
    let secret =
        octets.map(Zeroizing::new).and_then(|octets| Secret::new(&octets).map_err(|_| "is empty".to_owned()));
    secret.map_err(|error| section.fault(name, value.span(), &error)).ok()
}

fn policy(mut section: Section<'_, '_>, rings: &Patterns<Arc<KeyRing>>) -> Policy {
    let default = Policy::default();
    let read_pattern = |value: &DeValue<'_>| {
        let text = text(value)?;
        Pattern::parse(text).map_err(|error| format!("{} is {error}", quoted(text)))
    };
    let read_domain = |value: &DeValue<'_>| {
        let domain = text(value)?;
        let named = Pattern::parse(domain).is_ok() && !domain.contains(['@', '*']);
        if named { Ok(domain.to_owned()) } else { Err("must be a domain") }
    };
    let read_net = |value: &DeValue<'_>| {
        let text = text(value)?;
        let net = text.parse::<IpNet>().or_else(|_| text.parse::<core::net::IpAddr>().map(IpNet::from));
        net.map(without_mapping)
            .map_err(|_| format!("{} is no address and no network such as 192.0.2.0/24", quoted(text)))
    };
    let read_sign_local = |value: &DeValue<'_>| match switch(value)? {
        false if rings.has_every_domain() => {
            Err("must be true with a key for \"*\": every recipient would be ours, and nothing signed")
        }
        sign_local => Ok(sign_local),
    };
    let patterns = |section: &mut Section<'_, '_>, name| {
        let mut patterns = Patterns::default();
        for (pattern, _) in section.list(name, A_LIST, read_pattern) {
            patterns.insert(pattern, ());
        }
        patterns
    };
    let policy = Policy {
        default_domain: section.get("default-domain", read_domain),
        percent_hack: section.get("percent-hack", switch).unwrap_or(default.percent_hack),
        bang_path: section.get("bang-path", switch).unwrap_or(default.bang_path),
        exempt: patterns(&mut section, "exempt"),
        sign_local: section.get("sign-local", read_sign_local).unwrap_or(default.sign_local),
        untagged_destinations: patterns(&mut section, "untagged-destinations"),
        clients: section.list("clients", A_LIST, read_net).into_iter().map(|(net, _)| net).collect(),
        bounce_senders: patterns(&mut section, "bounce-senders"),
        refuse_tagged_mail: section.get("refuse-tagged-mail", switch).unwrap_or(default.refuse_tagged_mail),
        one_recipient: section.get("one-recipient", switch).unwrap_or(default.one_recipient),
        monitor: monitor(&mut section),
        ..default
    };
    section.finish();
    policy
}

/// A network of IPv4 that is written as IPv4-mapped IPv6, in its own terms: clients are compared so.
fn without_mapping(net: IpNet) -> IpNet {
    let IpNet::V6(mapped) = net else {
        return net;
    };
    let v4 = mapped.addr().to_ipv4_mapped().zip(mapped.prefix_len().checked_sub(96));
    v4.and_then(|(address, length)| Ipv4Net::new(address, length).ok()).map_or(net, IpNet::V4)
}

fn monitor(section: &mut Section<'_, '_>) -> Monitor {
    let monitor = section.get("monitor", switch);
    let from = section.get("enforce-from", date);
    match (monitor, from) {
        (Some(false), Some(_)) => {
            let span = section.value("monitor").map_or(0..0, toml::Spanned::span);
            section.fault("monitor", span, &"contradicts `enforce-from`, which monitors until its date");
            Monitor::Off
        }
        (_, Some(time)) => Monitor::Until(time),
        (Some(true), None) => Monitor::On,
        (_, None) => Monitor::Off,
    }
}
