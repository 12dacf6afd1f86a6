//! Addresses: the reverse-path, its local-part and its domain.
//!
//! Addresses are octets, not strings: the local-parts of RFC 6531 are UTF-8, and mail servers
//! hand over what clients sent. What is read is `Mailbox` of RFC 5321 section 4.1.2, more
//! leniently where mail in the wild is: dots may stand anywhere in a local-part.

use crate::text::{self, ATEXT, CONTROL, DOMAIN, DOT};
use alloc::vec::Vec;
use core::fmt;

/// A reverse-path (envelope sender): null, or an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReversePath<'a> {
    /// The null reverse-path, `<>` or nothing at all: the sender of bounces.
    Null,
    /// An address.
    Address(Address<'a>),
}

impl<'a> ReversePath<'a> {
    /// Reads a reverse-path, with or without its angle brackets.
    ///
    /// # Errors
    /// [`AddressError`] for what is neither null nor an address.
    ///
    /// # Examples
    /// ```
    /// use batv_core::ReversePath;
    ///
    /// assert_eq!(ReversePath::parse(b"<>"), Ok(ReversePath::Null));
    /// assert!(matches!(ReversePath::parse(b"<user@example.com>"), Ok(ReversePath::Address(_))));
    /// ```
    pub fn parse(text: &'a [u8]) -> Result<Self, AddressError> {
        match Address::parse(text) {
            Ok(address) => Ok(Self::Address(address)),
            Err(AddressError::Null) => Ok(Self::Null),
            Err(error) => Err(error),
        }
    }
}

/// An address, seen in the text that it was read from.
///
/// Angle brackets around it are kept: what is made of the address has them too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    /// Everything, as given.
    text: &'a [u8],
    /// What stands before the local-part: nothing, `<`, `"` or `<"`.
    head: usize,
    local: LocalPart<'a>,
    domain: &'a [u8],
}

/// A local-part. What stands between the quotes is raw: escapes are still in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct LocalPart<'a> {
    pub(crate) inner: &'a [u8],
    /// Whether the whole is one quoted string; else `inner` may hold quoted strings itself, as
    /// in `prvs=0149c9be41="john doe"`.
    pub(crate) quoted: bool,
}

impl<'a> Address<'a> {
    /// Reads an address: `local-part@domain`, with or without angle brackets.
    ///
    /// The local-part is a dot-string or a quoted string, the domain a name or an address
    /// literal; octets above 127 are taken as they are (RFC 6531).
    ///
    /// # Errors
    /// [`AddressError`] says what is wrong and where.
    ///
    /// # Examples
    /// ```
    /// use batv_core::Address;
    ///
    /// let address = Address::parse(br#""john doe"@example.com"#)?;
    /// assert_eq!(address.local_part(), br#""john doe""#);
    /// assert_eq!(address.domain(), b"example.com");
    /// # Ok::<(), batv_core::AddressError>(())
    /// ```
    pub fn parse(text: &'a [u8]) -> Result<Self, AddressError> {
        let (open, path) = match text {
            [] | [b'<', b'>'] => return Err(AddressError::Null),
            [b'<', path @ .., b'>'] => (1, path),
            [b'<', ..] => return Err(AddressError::UnclosedBracket),
            path => (0, path),
        };
        let length = local_part_length(path).map_err(|error| error.moved(open))?;
        let (local, rest) = path.split_at(length);
        let Some((b'@', domain)) = rest.split_first() else {
            return Err(AddressError::NoAtSign);
        };
        check_domain(domain).map_err(|error| error.moved(open + length + 1))?;
        let local = LocalPart::new(local);
        if local.inner.is_empty() || !local.quoted && local.content().next().is_none() {
            return Err(AddressError::EmptyLocalPart);
        }
        Ok(Self { text, head: open + usize::from(local.quoted), local, domain })
    }

    /// The text that the address was read from, with its angle brackets if it had them.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.text
    }

    /// The local-part, with its quotes if it had them.
    #[must_use]
    pub fn local_part(&self) -> &'a [u8] {
        let quote = usize::from(self.local.quoted);
        let from = self.head - quote;
        self.text.get(from..from + self.local_part_len()).unwrap_or_default()
    }

    /// The octets of the local-part with its quotes, which RFC 5321 section 4.5.3.1.1 limits to 64.
    pub(crate) fn local_part_len(&self) -> usize {
        self.local.inner.len() + 2 * usize::from(self.local.quoted)
    }

    /// The domain, in the case it was written in.
    #[must_use]
    pub fn domain(&self) -> &'a [u8] {
        self.domain
    }

    pub(crate) fn local(&self) -> LocalPart<'a> {
        self.local
    }

    /// The text before the raw local-part, that local-part, and the text behind it.
    pub(crate) fn split(&self) -> [&'a [u8]; 3] {
        let (head, rest) = self.text.split_at(self.head);
        let (inner, tail) = rest.split_at(self.local.inner.len());
        [head, inner, tail]
    }

    /// The address that is left when only `kept`, a part of the raw local-part, stays of it.
    ///
    /// None where that is no address: nothing left, or an escape cut in two.
    pub(crate) fn keep(&self, kept: core::ops::Range<usize>) -> Option<Original<'a>> {
        let [head, inner, tail] = self.split();
        let to_the_end = kept.end == inner.len();
        let start = self.head + kept.start;
        let kept = inner.get(kept)?;
        let local = LocalPart { inner: kept, quoted: self.local.quoted };
        if local.content().next().is_none() || !to_the_end && local.ends_in_escape() {
            return None;
        }
        let part = if head.is_empty() && to_the_end { self.text.get(start..) } else { None };
        Some(Original { parts: [head, kept, tail], part, local, domain: self.domain })
    }
}

impl fmt::Debug for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address(\"{}\")", self.text.escape_ascii())
    }
}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::display([self.text, b"", b""], f)
    }
}

impl<'a> LocalPart<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        match text {
            [b'"', inner @ .., b'"'] if closes_at_end(inner) => Self { inner, quoted: true },
            inner => Self { inner, quoted: false },
        }
    }

    /// The octets that the local-part stands for, without quotes and escapes.
    pub(crate) fn content(self) -> Content<'a> {
        Content { raw: self.inner.iter(), in_quotes: self.quoted }
    }

    /// Whether the local-part is a dot-string as it stands, with nothing to unquote.
    pub(crate) fn is_plain(self) -> bool {
        !self.quoted && text::is_dot_string(self.inner.iter().copied())
    }

    fn ends_in_escape(self) -> bool {
        let backslashes = self.inner.iter().rev().take_while(|octet| **octet == b'\\');
        backslashes.count() % 2 == 1
    }
}

/// Iterator over the octets that a local-part stands for (RFC 5321 section 4.1.2).
#[derive(Clone)]
pub(crate) struct Content<'a> {
    raw: core::slice::Iter<'a, u8>,
    in_quotes: bool,
}

impl Iterator for Content<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        loop {
            match self.raw.next()? {
                b'"' => self.in_quotes = !self.in_quotes,
                b'\\' if self.in_quotes => return self.raw.next().copied(),
                octet => return Some(*octet),
            }
        }
    }
}

/// The original address behind a tag, in parts of the tagged one: nothing is copied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Original<'a> {
    parts: [&'a [u8]; 3],
    part: Option<&'a [u8]>,
    pub(crate) local: LocalPart<'a>,
    pub(crate) domain: &'a [u8],
}

impl<'a> Original<'a> {
    /// Three consecutive parts, each a part of the tagged address, that make up the original.
    #[must_use]
    pub fn parts(&self) -> [&'a [u8]; 3] {
        self.parts
    }

    /// The original as one part of the tagged address, where it is one.
    ///
    /// It is not where the tag stood inside angle brackets or quotes, or behind the local-part.
    #[must_use]
    pub fn as_part(&self) -> Option<&'a [u8]> {
        self.part
    }

    /// A copy of the original in one piece.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        text::concat(self.parts)
    }
}

impl fmt::Display for Original<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::display(self.parts, f)
    }
}

impl fmt::Debug for Original<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Original(\"{}\")", self.to_vec().escape_ascii())
    }
}

/// Whether a quoted string that opened before `inner` is still open at its end.
fn closes_at_end(inner: &[u8]) -> bool {
    let mut octets = inner.iter();
    while let Some(octet) = octets.next() {
        match octet {
            b'"' => return false,
            b'\\' if octets.next().is_none() => return false,
            _ => {}
        }
    }
    true
}

/// The length of the local-part that the path begins with; the at sign stands behind it.
pub(crate) fn local_part_length(path: &[u8]) -> Result<usize, AddressError> {
    let mut octets = path.iter().enumerate();
    let mut in_quotes = false;
    while let Some((position, &octet)) = octets.next() {
        if !in_quotes {
            match octet {
                _ if text::is(octet, ATEXT | DOT) => {}
                b'@' => return Ok(position),
                b'"' => in_quotes = true,
                _ => {
                    return Err(AddressError::wrong(
                        octet,
                        position,
                        AddressError::LocalPart { octet, position },
                    ));
                }
            }
            continue;
        }
        let (octet, position) = match octet {
            b'"' => {
                in_quotes = false;
                continue;
            }
            b'\\' => match octets.next() {
                Some((position, octet)) => (*octet, position),
                None => break,
            },
            octet => (octet, position),
        };
        if text::is(octet, CONTROL) {
            return Err(AddressError::Control { octet, position });
        }
    }
    Err(if in_quotes { AddressError::UnclosedQuote } else { AddressError::NoAtSign })
}

pub(crate) fn check_domain(domain: &[u8]) -> Result<(), AddressError> {
    let (inside, skipped, literal) = match domain {
        [] | [b'.'] | [b'[', b']'] => return Err(AddressError::EmptyDomain),
        [b'[', inside @ .., b']'] => (inside, 1, true),
        name => (name, 0, false),
    };
    let fits = |octet: u8| {
        if literal {
            octet > b' ' && octet != 0x7f && !br"[\]".contains(&octet)
        } else {
            text::is(octet, DOMAIN)
        }
    };
    let mut after_dot = !literal;
    for (position, &octet) in inside.iter().enumerate() {
        let empty_label = octet == b'.' && after_dot;
        if !fits(octet) || empty_label {
            let position = position + skipped;
            return Err(AddressError::wrong(octet, position, AddressError::Domain { octet, position }));
        }
        after_dot = octet == b'.' && !literal;
    }
    Ok(())
}

/// Why a text is no address. Positions count octets of that text from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// The null reverse-path, which has no address.
    Null,
    /// An opening angle bracket without the closing one.
    UnclosedBracket,
    /// A quoted string in the local-part does not end.
    UnclosedQuote,
    /// No at sign behind the local-part.
    NoAtSign,
    /// Nothing before the at sign, or only quotes.
    EmptyLocalPart,
    /// Nothing behind the at sign, or only a dot or brackets.
    EmptyDomain,
    /// A control, such as NUL, CR or LF.
    Control {
        /// The octet.
        octet: u8,
        /// Where it stands.
        position: usize,
    },
    /// An octet that no local-part has there, such as a space outside quotes.
    LocalPart {
        /// The octet.
        octet: u8,
        /// Where it stands.
        position: usize,
    },
    /// An octet that no domain has there.
    Domain {
        /// The octet.
        octet: u8,
        /// Where it stands.
        position: usize,
    },
}

impl AddressError {
    /// The error of an octet out of place: controls are named as such wherever they stand.
    fn wrong(octet: u8, position: usize, other: Self) -> Self {
        if text::is(octet, CONTROL) { Self::Control { octet, position } } else { other }
    }

    fn moved(mut self, by: usize) -> Self {
        if let Self::Control { position, .. }
        | Self::LocalPart { position, .. }
        | Self::Domain { position, .. } = &mut self
        {
            *position += by;
        }
        self
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut at = |what: &str, octet: u8, position: usize| {
            write!(f, "{what} '{}' at octet {position}", octet.escape_ascii())
        };
        match *self {
            Self::Null => f.write_str("null reverse-path has no address"),
            Self::UnclosedBracket => f.write_str("angle bracket is not closed"),
            Self::UnclosedQuote => f.write_str("quoted string is not closed"),
            Self::NoAtSign => f.write_str("no '@' behind a local-part"),
            Self::EmptyLocalPart => f.write_str("local-part is empty"),
            Self::EmptyDomain => f.write_str("domain is empty"),
            Self::Control { octet, position } => at("control", octet, position),
            Self::LocalPart { octet, position } => at("local-part cannot have", octet, position),
            Self::Domain { octet, position } => at("domain cannot have", octet, position),
        }
    }
}

impl core::error::Error for AddressError {}
