//! Tags: tag type, key number, day of expiry and hash, and where they stand in an address.
//!
//! `prvs=KDDDSSSSSS=local-part@domain`, as in draft-levine-smtp-batv-01 section 4.2.

use crate::address::{Address, Original};
use crate::day::Day;
use crate::key_number::KeyNumber;
use crate::syntax::{Delimiter, Syntax};
use crate::text;

/// The octets that a tag takes of the local-part, in either syntax.
pub(crate) const TAG_LEN: usize = 16;
const TAG_TYPE: &[u8] = b"prvs=";
const VALUE_LEN: usize = 10;

/// A tag's value: key number, expiry day and the hash, `KDDDSSSSSS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag {
    pub(crate) key_number: KeyNumber,
    pub(crate) expiry: Day,
    /// 24 bits.
    pub(crate) hash: u32,
}

impl Tag {
    /// Reads a tag value: a digit, three digits, six hexadecimal digits in either case.
    ///
    /// # Examples
    /// ```
    /// use batv_core::Tag;
    ///
    /// let tag = Tag::parse(b"0149C9be41").unwrap();
    /// assert_eq!((tag.key_number().get(), tag.expiry().get()), (0, 149));
    /// assert_eq!(Tag::parse(b"0149c9be4"), None);
    /// ```
    #[must_use]
    #[inline(always)]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let &[k, d2, d1, d0, h0, h1, h2, h3, h4, h5] = <&[u8; VALUE_LEN]>::try_from(value).ok()?;
        Some(Self {
            key_number: KeyNumber::from_digit(k)?,
            expiry: Day::from_digits([d2, d1, d0])?,
            hash: text::hex_number([h0, h1, h2, h3, h4, h5])?,
        })
    }

    /// The number of the key that made it.
    #[must_use]
    pub fn key_number(&self) -> KeyNumber {
        self.key_number
    }

    /// The last day on which it is good.
    #[must_use]
    pub fn expiry(&self) -> Day {
        self.expiry
    }

    /// The tag value in ten octets, the hash in lower case as every peer writes it.
    #[must_use]
    pub fn value(&self) -> [u8; VALUE_LEN] {
        let [.., k, d2, d1, d0, h0, h1, h2, h3, h4, h5] = self.number().to_be_bytes();
        [k, d2, d1, d0, h0, h1, h2, h3, h4, h5]
    }

    /// The octets of the tag value as one number, the last octet the lowest: a tag is put together in
    /// registers, since short stores that are read back as a long one are slow.
    #[inline(always)]
    fn number(&self) -> u128 {
        let [d2, d1, d0] = self.expiry.digits();
        let head = u32::from_be_bytes([self.key_number.digit(), d2, d1, d0]);
        u128::from(head) << 48 | u128::from(text::hex_digits(self.hash))
    }

    /// The tag as it goes into an address before the local-part, or behind it.
    #[inline(always)]
    pub(crate) fn written(&self, delimiter: Option<Delimiter>) -> [u8; TAG_LEN] {
        const PREFIX: u128 = u128::from_be_bytes(*b"prvs=\0\0\0\0\0\0\0\0\0\0=");
        const SUB_ADDRESS: u128 = u128::from_be_bytes(*b"\0prvs=\0\0\0\0\0\0\0\0\0\0");
        let number = match delimiter {
            None => PREFIX | self.number() << 8,
            Some(delimiter) => SUB_ADDRESS | u128::from(delimiter.get()) << 120 | self.number(),
        };
        number.to_be_bytes()
    }
}

/// What [`find`] found in an address.
#[derive(Clone, Copy)]
pub(crate) enum Found<'a> {
    /// No tag.
    Nothing,
    /// `prvs=`, a second `=`, and between them what is no tag value.
    Malformed,
    /// A tag, and the address without it.
    Tag(Tag, Syntax, Original<'a>),
}

impl<'a> Found<'a> {
    /// The address without the tag, if there is one, authentic or not.
    pub(crate) fn original(&self) -> Option<&Original<'a>> {
        match self {
            Self::Tag(_, _, original) => Some(original),
            Self::Nothing | Self::Malformed => None,
        }
    }
}

/// Looks for a tag in either syntax, the draft's first.
#[inline(always)]
pub(crate) fn find<'a>(address: &Address<'a>, delimiter: Delimiter) -> Found<'a> {
    let inner = address.raw_local_part();
    if text::has_prefix(inner, TAG_TYPE) {
        let (_, value) = inner.split_at(TAG_TYPE.len());
        if let Some((tag, original)) = prefixed(address, value) {
            return Found::Tag(tag, Syntax::Prefix, original);
        }
        if value.contains(&b'=') && sub_address(address, delimiter).is_none() {
            return Found::Malformed;
        }
    }
    match sub_address(address, delimiter) {
        Some((tag, original)) => Found::Tag(tag, Syntax::SubAddress, original),
        None => Found::Nothing,
    }
}

/// Whether a local-part is nothing when a tag before it and one behind it come off.
pub(crate) fn is_nobody(local: &[u8], delimiter: Delimiter) -> bool {
    match behind_tag(local).unwrap_or(local).split_first() {
        None => true,
        Some((mark, rest)) => {
            let (tag_type, value) = rest.split_at_checked(TAG_TYPE.len()).unwrap_or_default();
            *mark == delimiter.get() && tag_type.eq_ignore_ascii_case(TAG_TYPE) && Tag::parse(value).is_some()
        }
    }
}

/// What stands behind the draft's tag in a local-part that begins with one, even if that is nothing.
pub(crate) fn behind_tag(inner: &[u8]) -> Option<&[u8]> {
    let (tag, behind) = inner.split_at_checked(TAG_LEN)?;
    let (tag_type, value) = tag.split_at(TAG_TYPE.len());
    let is_tag =
        tag_type.eq_ignore_ascii_case(TAG_TYPE) && value.strip_suffix(b"=").and_then(Tag::parse).is_some();
    is_tag.then_some(behind)
}

#[inline(always)]
fn prefixed<'a>(address: &Address<'a>, value: &[u8]) -> Option<(Tag, Original<'a>)> {
    let (value, rest) = value.split_at_checked(VALUE_LEN)?;
    let tag = Tag::parse(value)?;
    let (b'=', _) = rest.split_first()? else {
        return None;
    };
    Some((tag, address.keep(TAG_LEN..address.raw_local_part().len())?))
}

#[inline(always)]
fn sub_address<'a>(address: &Address<'a>, delimiter: Delimiter) -> Option<(Tag, Original<'a>)> {
    let inner = address.raw_local_part();
    let end = inner.len().checked_sub(TAG_LEN)?;
    let (before, behind) = inner.split_at(end);
    let (mark, rest) = behind.split_first()?;
    if *mark != delimiter.get() || !text::has_prefix(rest, TAG_TYPE) {
        return None;
    }
    let tag = Tag::parse(rest.split_at(TAG_TYPE.len()).1)?;
    if is_srs(before) { None } else { Some((tag, address.keep(0..end)?)) }
}

/// Whether a local-part is of the Sender Rewriting Scheme. It ends in the rewritten sender, so a sub-address
/// behind it is a tag of that one, and part of what the scheme has hashed.
pub(crate) fn is_srs(local: &[u8]) -> bool {
    let separator = local.get(4).copied();
    (text::has_prefix(local, b"SRS0") || text::has_prefix(local, b"SRS1"))
        && matches!(separator, Some(b'=' | b'+' | b'-'))
}
