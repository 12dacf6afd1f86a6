//! The section `[milter]`: what the daemon batv-milter needs besides the policy.

use super::section::{Faults, Section, quoted, switch, text};
use std::fmt;
use std::path::PathBuf;
use toml::de::DeValue;

/// What the section `[milter]` says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Milter {
    /// Where the mail server finds the daemon.
    pub socket: Socket,
    /// The group that may use a Unix socket, beside the daemon's user; the daemon's own unless set.
    pub group: Option<String>,
    /// Where Prometheus finds the metrics; nowhere unless set.
    pub metrics: Option<Socket>,
    /// The name of the header field with which monitor mode marks a message that would be refused.
    pub mark: Option<String>,
    /// When bounces are refused.
    pub refuse_at: RefuseAt,
    /// Whether only refusals and faults are logged: off.
    pub quiet: bool,
    /// The most connections of the mail server at a time: 1,000.
    pub connections: u32,
}

/// When bounces are refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefuseAt {
    /// At RCPT, each recipient by itself.
    #[default]
    Rcpt,
    /// At DATA, where callouts never come.
    Data,
    /// After the header, and only delivery reports.
    Headers,
}

/// A socket, written as Postfix does: `unix:/run/batv/milter.sock`, `inet:127.0.0.1:8891`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Socket {
    /// A file, by its absolute path.
    Unix(PathBuf),
    /// Host and port.
    Inet(String, u16),
}

pub(super) fn read(root: &mut Section<'_, '_>, faults: &Faults) -> Option<Milter> {
    let at = root.value("milter")?.span().start;
    let table = root.get("milter", |value| value.as_table().ok_or("must be a table: [milter]"))?;
    let mut section = Section::new(faults, "milter.".to_owned(), Some(table));
    if section.value("socket").is_none() {
        section.missing("socket", at, "is missing");
    }
    let socket = section.get("socket", socket);
    let group = section.get("group", |value| text(value).map(ToOwned::to_owned));
    let metrics = section.get("metrics", |value| match self::socket(value)? {
        metrics if Some(&metrics) == socket.as_ref() => Err("is the socket of the mail server".to_owned()),
        metrics => Ok(metrics),
    });
    let mark = section.get("mark", mark);
    let refuse_at = section.get("refuse-at", refuse_at).unwrap_or_default();
    let quiet = section.get("quiet", switch).unwrap_or(false);
    let connections = section.get("connections", connections).unwrap_or(1_000);
    section.finish();
    Some(Milter { socket: socket?, group, metrics, mark, refuse_at, quiet, connections })
}

fn socket(value: &DeValue<'_>) -> Result<Socket, String> {
    let text = text(value)?;
    Socket::parse(text).ok_or_else(|| {
        format!(
            "{} is not a socket such as \"unix:/run/batv/milter.sock\" or \"inet:127.0.0.1:8891\"",
            quoted(text)
        )
    })
}

/// RFC 5322 section 3.6.8: printable ASCII but the colon.
fn mark(value: &DeValue<'_>) -> Result<String, String> {
    let text = text(value)?;
    let is_name = text.bytes().all(|octet| octet.is_ascii_graphic() && octet != b':');
    if is_name && (1..=64).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err(format!("{} is not the name of a header field such as \"X-BATV\"", quoted(text)))
    }
}

fn refuse_at(value: &DeValue<'_>) -> Result<RefuseAt, &'static str> {
    match text(value)? {
        "rcpt" => Ok(RefuseAt::Rcpt),
        "data" => Ok(RefuseAt::Data),
        "headers" => Ok(RefuseAt::Headers),
        _ => Err("must be \"rcpt\", \"data\" or \"headers\""),
    }
}

fn connections(value: &DeValue<'_>) -> Result<u32, &'static str> {
    let number = value.as_integer();
    let number = number.and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
    number.filter(|number| *number > 0).ok_or("must be a whole number, 1 or more")
}

impl Socket {
    /// Reads a socket as it is written; None where it is neither kind.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(path) = text.strip_prefix("unix:") {
            return path.starts_with('/').then(|| Self::Unix(path.into()));
        }
        let (host, port) = text.strip_prefix("inet:")?.rsplit_once(':')?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if bare.is_empty() || (bare == host && host.contains(':')) {
            return None;
        }
        Some(Self::Inet(bare.to_owned(), port.parse().ok().filter(|port| *port != 0)?))
    }
}

impl fmt::Display for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Inet(host, port) if host.contains(':') => write!(f, "inet:[{host}]:{port}"),
            Self::Inet(host, port) => write!(f, "inet:{host}:{port}"),
        }
    }
}
