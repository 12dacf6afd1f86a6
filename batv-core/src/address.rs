//! Addresses: the reverse-path, its local-part and its domain.
//!
//! Addresses are octets, not strings: the local-parts of RFC 6531 are UTF-8, and mail servers
//! hand over what clients sent. What is read is `Mailbox` of RFC 5321 section 4.1.2, more
//! leniently where mail in the wild is: dots may stand anywhere in a local-part.

mod error;
mod scan;

pub use error::AddressError;
use scan::is_quoted_string;
pub(crate) use scan::{scan_domain, scan_local_part};

use crate::text::{self, CAPITAL, LOCAL_PART};
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

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
    /// The octets before the raw local-part: none, `<`, `"` or `<"`.
    head: usize,
    /// The octets of the raw local-part, what stands between the quotes if it is quoted.
    len: usize,
    shape: Shape,
}

/// What reading an address found out about it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    /// Whether it stands in angle brackets.
    bracketed: bool,
    /// Whether the whole local-part is one quoted string; else there may be quoted strings in
    /// it, as in `prvs=0149c9be41="john doe"`.
    quoted: bool,
    /// Whether the local-part stands without quotes.
    plain: bool,
    /// Whether there is no capital in it.
    folded: bool,
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
    #[inline(always)]
    pub fn parse(text: &'a [u8]) -> Result<Self, AddressError> {
        let (path, bracketed) = match text {
            [] | [b'<', b'>'] => return Err(AddressError::Null),
            [b'<', path @ .., b'>'] => (path, true),
            [b'<', ..] => return Err(AddressError::UnclosedBracket),
            path => (path, false),
        };
        let open = usize::from(bracketed);
        let local = scan_local_part(path).map_err(|error| error.moved(open))?;
        let (text_of_local, at_domain) = path.split_at(local.len);
        let Some((b'@', domain)) = at_domain.split_first() else {
            return Err(AddressError::NoAtSign);
        };
        let seen = scan_domain(domain).map_err(|error| error.moved(open + local.len + 1))? | local.seen;
        let quoted = !local.plain && is_quoted_string(text_of_local);
        let opening = usize::from(quoted);
        let (head, len) = (open + opening, local.len - 2 * opening);
        let folded = seen & CAPITAL == 0;
        let address =
            Self { text, head, len, shape: Shape { bracketed, quoted, plain: local.plain, folded } };
        if len == 0 || !local.plain && address.content(0..len).next().is_none() {
            return Err(AddressError::EmptyLocalPart);
        }
        Ok(address)
    }

    /// The text that the address was read from, with its angle brackets if it had them.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.text
    }

    /// The local-part, with its quotes if it had them.
    #[must_use]
    pub fn local_part(&self) -> &'a [u8] {
        let from = usize::from(self.shape.bracketed);
        slice(self.text, from..from + self.len + 2 * usize::from(self.shape.quoted))
    }

    /// The domain, in the case it was written in.
    #[must_use]
    pub fn domain(&self) -> &'a [u8] {
        self.at_domain().split_first().map_or(b"", |(_, domain)| domain)
    }

    #[inline(always)]
    fn at_domain(&self) -> &'a [u8] {
        let from = self.head + self.len + usize::from(self.shape.quoted);
        slice(self.text, from..self.text.len() - usize::from(self.shape.bracketed))
    }

    /// The local-part as it was written, escapes and all, but without the quotes around it.
    #[inline(always)]
    pub(crate) fn raw_local_part(&self) -> &'a [u8] {
        slice(self.text, self.head..self.head + self.len)
    }

    /// Whether the local-part stands without quotes.
    pub(crate) fn is_plain(&self) -> bool {
        self.shape.plain
    }

    /// The octets of the text before and behind which a tag goes.
    pub(crate) fn raw_local_part_range(&self) -> Range<usize> {
        self.head..self.head + self.len
    }

    /// The local-part and the domain.
    #[inline(always)]
    pub(crate) fn mailbox(&self) -> Mailbox<'a> {
        Original { address: *self, from: 0, to: self.len }.mailbox()
    }

    /// The address that is left when only `kept`, a range of the raw local-part, stays of it.
    ///
    /// None where that is no address: nothing left, or an escape cut in two.
    #[inline(always)]
    pub(crate) fn keep(&self, kept: Range<usize>) -> Option<Original<'a>> {
        // What is kept to its end never ends in an escape.
        let is_cut = kept.end < self.len;
        let is_empty = self.content(kept.clone()).next().is_none();
        if is_empty || is_cut && ends_in_escape(self.raw(kept.clone())) {
            return None;
        }
        Some(Original { address: *self, from: kept.start, to: kept.end })
    }

    #[inline(always)]
    fn raw(&self, range: Range<usize>) -> &'a [u8] {
        slice(self.text, self.head + range.start..self.head + range.end)
    }

    #[inline(always)]
    fn content(&self, range: Range<usize>) -> Content<'a> {
        Content { raw: self.raw(range).iter(), in_quotes: self.shape.quoted }
    }
}

/// [`Address::parse`] for decisions, which take longer than a call: it is inlined wherever it stands, and
/// it is long.
#[inline(never)]
pub(crate) fn parse(text: &[u8]) -> Result<Address<'_>, AddressError> {
    Address::parse(text)
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

/// The original address behind a tag, in parts of the tagged one: nothing is copied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Original<'a> {
    /// The tagged address.
    address: Address<'a>,
    /// Where the original begins and ends in the raw local-part.
    from: usize,
    to: usize,
}

impl<'a> Original<'a> {
    /// Three consecutive parts, each a part of the tagged address, that make up the original.
    #[must_use]
    pub fn parts(&self) -> [&'a [u8]; 3] {
        let Address { text, head, len, .. } = self.address;
        [slice(text, 0..head), self.address.raw(self.from..self.to), slice(text, head + len..text.len())]
    }

    /// The original as one part of the tagged address, where it is one.
    ///
    /// It is not where the tag stood inside angle brackets or quotes, or behind the local-part.
    #[must_use]
    pub fn as_part(&self) -> Option<&'a [u8]> {
        let Address { text, head, len, .. } = self.address;
        if head == 0 && self.to == len { text.get(self.from..) } else { None }
    }

    /// A copy of the original in one piece.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        text::concat(self.parts())
    }

    /// The local-part and the domain.
    #[inline(always)]
    pub(crate) fn mailbox(&self) -> Mailbox<'a> {
        let Address { text, head, len, shape } = self.address;
        let local = self.address.raw(self.from..self.to);
        let end = text.len() - usize::from(shape.bracketed);
        let in_one = !shape.quoted && self.to == len;
        Mailbox {
            local,
            at_domain: self.address.at_domain(),
            in_one: if in_one { text.get(head + self.from..end) } else { None },
            quoted: shape.quoted,
            plain: shape.plain,
            folded: shape.folded,
        }
    }
}

impl fmt::Display for Original<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::display(self.parts(), f)
    }
}

impl fmt::Debug for Original<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Original(\"{}\")", self.to_vec().escape_ascii())
    }
}

/// `local-part@domain`, without angle brackets.
#[derive(Clone, Copy)]
pub(crate) struct Mailbox<'a> {
    /// The raw local-part: escapes are still in it, quotes around the whole are not.
    pub(crate) local: &'a [u8],
    /// The domain, with the at sign before it.
    pub(crate) at_domain: &'a [u8],
    /// Both in one piece, where they are one.
    pub(crate) in_one: Option<&'a [u8]>,
    /// Whether the local-part is one quoted string.
    pub(crate) quoted: bool,
    /// Whether the local-part stands without quotes.
    pub(crate) plain: bool,
    /// Whether there is no capital, to be sure; there may be none all the same.
    pub(crate) folded: bool,
}

impl<'a> Mailbox<'a> {
    /// The octets that the local-part stands for, without quotes and escapes.
    pub(crate) fn content(&self) -> Content<'a> {
        Content { raw: self.local.iter(), in_quotes: self.quoted }
    }

    /// Whether the local-part cannot stand without quotes.
    pub(crate) fn needs_quotes(&self) -> bool {
        // Strictly RFC 5321 wants quotes around `a..b` too, but servers and peers do without.
        !self.plain && self.content().any(|octet| !text::is(octet, LOCAL_PART))
    }

    /// The octets of the local-part with quotes and escapes only where it needs them.
    pub(crate) fn canonical(&self) -> impl Iterator<Item = u8> {
        let quote = self.needs_quotes().then_some(b'"');
        quote.into_iter().chain(escaped(self.content())).chain(quote)
    }

    /// How many octets that are; RFC 5321 section 4.5.3.1.1 limits them to 64.
    pub(crate) fn local_part_len(&self) -> usize {
        if self.plain { self.local.len() } else { self.canonical().count() }
    }
}

/// Octets as they stand between quotes.
pub(crate) fn escaped(octets: impl Iterator<Item = u8>) -> impl Iterator<Item = u8> {
    let escape = |octet: u8| matches!(octet, b'"' | b'\\').then_some(b'\\');
    octets.flat_map(move |octet| escape(octet).into_iter().chain([octet]))
}

/// Iterator over the octets that a local-part stands for (RFC 5321 section 4.1.2).
#[derive(Clone)]
pub(crate) struct Content<'a> {
    raw: core::slice::Iter<'a, u8>,
    in_quotes: bool,
}

impl<'a> Content<'a> {
    /// What a whole local-part means.
    pub(crate) fn new(local: &'a [u8]) -> Self {
        Self { raw: local.iter(), in_quotes: false }
    }
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

/// The octets of a range that lies within the text.
#[inline(always)]
fn slice(text: &[u8], range: Range<usize>) -> &[u8] {
    text.get(range).unwrap_or_default()
}

fn ends_in_escape(raw: &[u8]) -> bool {
    raw.iter().rev().take_while(|octet| **octet == b'\\').count() % 2 == 1
}
