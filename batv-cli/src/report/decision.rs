//! A decision as a log line describes it: its fields, in their fixed order.

use super::reasons::{INBOUND, OUTBOUND, position};
use std::net::IpAddr;

/// What one line says. Addresses stay as written: printable ASCII, other octets as `\xNN`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision<'a> {
    /// On a recipient of a message that came in.
    Inbound { outcome: Outcome, reason: usize, to: &'a str, client: Option<IpAddr>, key: Option<u8> },
    /// On a message that left.
    Outbound { signed: bool, reason: usize, from: &'a str, key: Option<u8> },
}

/// What became of a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Accepted,
    /// Accepted, but only because of monitor mode.
    Monitored,
    Refused,
}

impl<'a> Decision<'a> {
    /// Reads what follows `batv: `; None if that is anything but such fields.
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        let mut fields = Fields { rest: Some(std::str::from_utf8(text).ok()?) };
        let inbound = match fields.take("dir")? {
            "in" => true,
            "out" => false,
            _ => return None,
        };
        let action = fields.take("action")?;
        let word = fields.take("reason")?;
        let reason = position(if inbound { &INBOUND } else { &OUTBOUND }, word)?;
        let from = address(fields.take("from")?)?;
        let to = fields.take("to").map(address);
        let client = fields.take("client").map(|value| value.parse::<IpAddr>().ok());
        let key = fields.take("key").map(|value| number(value, 1));
        let left = fields.take("left").map(|value| number(value, 3));
        let monitored = fields.take("monitored").map(|value| value == "yes");
        let queue = fields.take("queue").map(|value| !value.is_empty() && is_escaped(value));
        let good = fields.rest.is_none()
            && to != Some(None)
            && client != Some(None)
            && key != Some(None)
            && left != Some(None)
            && monitored != Some(false)
            && queue != Some(false);
        if !good {
            return None;
        }
        let key = key.flatten();
        if !inbound {
            let signed = match (action, word == "signed") {
                ("sign", true) => true,
                ("leave", false) => false,
                _ => return None,
            };
            return Some(Self::Outbound { signed, reason, from, key });
        }
        let outcome = match (action, monitored.is_some()) {
            ("accept" | "original", false) => Outcome::Accepted,
            ("accept" | "original", true) => Outcome::Monitored,
            ("refuse", false) => Outcome::Refused,
            _ => return None,
        };
        let client = client.flatten().map(|client| client.to_canonical());
        Some(Self::Inbound { outcome, reason, to: to.flatten()?, client, key })
    }
}

/// The fields that are not taken yet; none has a space in it.
struct Fields<'a> {
    rest: Option<&'a str>,
}

impl<'a> Fields<'a> {
    /// The value of the next field, if that is its name.
    fn take(&mut self, name: &str) -> Option<&'a str> {
        let after = self.rest?.strip_prefix(name)?.strip_prefix('=')?;
        let (value, rest) = match after.split_once(' ') {
            Some((value, rest)) => (value, Some(rest)),
            None => (after, None),
        };
        self.rest = rest;
        Some(value)
    }
}

/// An address in its angle brackets, which come off.
fn address(value: &str) -> Option<&str> {
    value.strip_prefix('<')?.strip_suffix('>').filter(|address| is_escaped(address))
}

/// A number of one to so many digits.
fn number(value: &str, digits: usize) -> Option<u8> {
    let good = (1..=digits).contains(&value.len()) && value.bytes().all(|octet| octet.is_ascii_digit());
    good.then(|| value.parse().ok())?
}

/// Whether there is nothing but what the line's writer leaves as it is, and `\xNN`.
fn is_escaped(value: &str) -> bool {
    let plain = |octet: &u8| octet.is_ascii_graphic() && !matches!(octet, b'<' | b'>' | b'"');
    let mut pieces = value.split('\\');
    pieces.next().is_some_and(|first| first.bytes().all(|octet| plain(&octet)))
        && pieces.all(|piece| match piece.as_bytes() {
            [b'x', high, low, rest @ ..] => {
                high.is_ascii_hexdigit() && low.is_ascii_hexdigit() && rest.iter().all(plain)
            }
            _ => false,
        })
}

/// The octets of an escaped value.
pub(crate) fn unescape(value: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('\\') {
        octets.extend_from_slice(before.as_bytes());
        let octet = after.get(1..3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        octets.extend(octet);
        rest = after.get(3..).unwrap_or_default();
    }
    octets.extend_from_slice(rest.as_bytes());
    octets
}

/// A value as the line's writer escapes it.
pub(crate) fn escape(octets: &[u8]) -> String {
    use std::fmt::Write;
    let mut value = String::with_capacity(octets.len());
    for octet in octets {
        match octet {
            b'<' | b'>' | b'"' | b'\\' => {}
            _ if octet.is_ascii_graphic() => {
                value.push(char::from(*octet));
                continue;
            }
            _ => {}
        }
        let _ = write!(value, "\\x{octet:02x}");
    }
    value
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_lines_of_the_specification() {
        let line = b"dir=in action=refuse reason=missing from=<> to=<alice@example.com> client=192.0.2.1";
        assert_eq!(
            Decision::parse(line),
            Some(Decision::Inbound {
                outcome: Outcome::Refused,
                reason: position(&INBOUND, "missing").unwrap(),
                to: "alice@example.com",
                client: Some("192.0.2.1".parse().unwrap()),
                key: None,
            })
        );
        let line = b"dir=out action=sign reason=signed from=<alice@example.com> key=1 queue=4XyZ";
        assert_eq!(
            Decision::parse(line),
            Some(Decision::Outbound {
                signed: true,
                reason: position(&OUTBOUND, "signed").unwrap(),
                from: "alice@example.com",
                key: Some(1),
            })
        );
    }

    #[test]
    fn all_fields() {
        let line = b"dir=in action=original reason=expired from=<> to=<\\x22a\\x20b\\x22@x> \
                     client=::ffff:192.0.2.1 key=0 left=100 monitored=yes queue=1abCDE-000000-XY";
        assert_eq!(
            Decision::parse(line),
            Some(Decision::Inbound {
                outcome: Outcome::Monitored,
                reason: position(&INBOUND, "expired").unwrap(),
                to: "\\x22a\\x20b\\x22@x",
                client: Some("192.0.2.1".parse().unwrap()),
                key: Some(0),
            })
        );
    }

    #[test]
    fn anything_else_is_not_understood() {
        for line in [
            "",
            "dir=in",
            "dir=sideways action=accept reason=pass from=<> to=<a@b>",
            "dir=in action=sign reason=pass from=<> to=<a@b>",
            "dir=out action=accept reason=signed from=<a@b>",
            "dir=out action=leave reason=signed from=<a@b>",
            "dir=out action=sign reason=local from=<a@b>",
            "dir=in action=accept reason=signed from=<> to=<a@b>",
            "dir=in action=accept reason=perhaps from=<> to=<a@b>",
            "dir=in action=accept reason=pass to=<a@b>",
            "dir=in action=accept reason=pass from=<>",
            "dir=in action=accept reason=pass from= to=<a@b>",
            "dir=in action=accept reason=pass from=<> to=a@b",
            "dir=in action=accept reason=pass to=<a@b> from=<>",
            "dir=in action=accept reason=pass from=<> to=<a@b> to=<a@b>",
            "dir=in action=accept reason=pass from=<> to=<a@b> client=example.com",
            "dir=in action=accept reason=pass from=<> to=<a@b> key=10",
            "dir=in action=accept reason=pass from=<> to=<a@b> key=+",
            "dir=in action=accept reason=pass from=<> to=<a@b> left=256",
            "dir=in action=accept reason=pass from=<> to=<a@b> monitored=no",
            "dir=in action=refuse reason=missing from=<> to=<a@b> monitored=yes",
            "dir=in action=accept reason=pass from=<> to=<a@b> queue=",
            "dir=in action=accept reason=pass from=<> to=<a@b> queue=a queue=b",
            "dir=in action=accept reason=pass from=<> to=<a@b> left=1 key=1",
            "dir=in action=accept reason=pass from=<> to=<a@b> other=1",
            "dir=in action=accept reason=pass from=<> to=<a@b> ",
            "dir=in  action=accept reason=pass from=<> to=<a@b>",
            "dir=in action=accept reason=pass from=<> to=<a\"@b>",
            "dir=in action=accept reason=pass from=<> to=<a<@b>",
            "dir=in action=accept reason=pass from=<> to=<a>@b>",
            "dir=in action=accept reason=pass from=<> to=<a\\@b>",
            "dir=in action=accept reason=pass from=<> to=<a\\x2@b>",
            "dir=in action=accept reason=pass from=<> to=<a\\x2g@b>",
            "dir=in action=accept reason=pass from=<> to=<a\t@b>",
            "dir=in action=accept reason=pass from=<> to=<\u{fc}@b>",
        ] {
            assert_eq!(Decision::parse(line.as_bytes()), None, "{line:?}");
        }
        assert_eq!(Decision::parse(b"dir=in action=accept reason=pass from=<> to=<\xff@b>"), None);
    }

    #[test]
    fn every_octet_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        let value = escape(&all);
        assert!(is_escaped(&value));
        assert_eq!(unescape(&value), all);
        assert_eq!(escape(b"a b<>\\\"\xc3\xbc@x"), "a\\x20b\\x3c\\x3e\\x5c\\x22\\xc3\\xbc@x");
    }
}
