//! Tags: tag type, key number, day of expiry and tag value, and where they stand in an address.
//!
//! `prvs=KDDDSSSSSS=local-part@domain`, as in draft-levine-smtp-batv-01 section 4.2.

use crate::address::{Address, Original};
use crate::text;
use core::fmt;

/// The octets that a tag takes of the local-part, in either syntax.
pub(crate) const TAG_LEN: usize = 16;
const TAG_TYPE: &[u8] = b"prvs=";
const VALUE_LEN: usize = 10;
const SECONDS_PER_DAY: u64 = 86_400;
/// How many days ahead an expiry day may lie; what lies further ahead has passed.
const DAYS_AHEAD: u16 = 100;

/// The number of a key, 0 to 9, by which a verifier finds the secret that signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyNumber(u8);

impl KeyNumber {
    /// All ten, in ascending order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..10).map(Self)
    }

    /// A key number.
    ///
    /// # Errors
    /// [`KeyNumberError`] for a number above 9: the tag has one digit for it.
    pub fn new(number: u8) -> Result<Self, KeyNumberError> {
        if number < 10 { Ok(Self(number)) } else { Err(KeyNumberError(number)) }
    }

    /// The number itself.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for KeyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A key number above 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyNumberError(u8);

impl fmt::Display for KeyNumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key number {} is not one of 0 to 9", self.0)
    }
}

impl core::error::Error for KeyNumberError {}

/// How many days a tag is good for after the day it is made, 1 to 99; 7 unless set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lifetime(u8);

impl Lifetime {
    /// A lifetime in days.
    ///
    /// # Errors
    /// [`LifetimeError`] for anything but 1 to 99.
    pub fn from_days(days: u8) -> Result<Self, LifetimeError> {
        match days {
            1..=99 => Ok(Self(days)),
            _ => Err(LifetimeError(days)),
        }
    }

    /// The days.
    #[must_use]
    pub fn days(self) -> u8 {
        self.0
    }
}

impl Default for Lifetime {
    fn default() -> Self {
        Self(7)
    }
}

/// A lifetime of no days, or of more than 99.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifetimeError(u8);

impl fmt::Display for LifetimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lifetime of {} days is not one of 1 to 99", self.0)
    }
}

impl core::error::Error for LifetimeError {}

/// A day as tags have it: days since 1970-01-01 UTC, modulo 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Day(u16);

impl Day {
    /// The day of a time in UNIX seconds.
    #[must_use]
    pub fn at(time: u64) -> Self {
        // Below 1000, so the conversion never fails.
        Self(u16::try_from(time / SECONDS_PER_DAY % 1000).unwrap_or_default())
    }

    /// The day that many days later.
    #[must_use]
    pub fn plus(self, days: Lifetime) -> Self {
        Self((self.0 + u16::from(days.0)) % 1000)
    }

    /// The days from `today` to this expiry day, 0 to 100, or None when it has passed.
    ///
    /// Days are compared modulo 1000 (the draft's MUST), and no lifetime is asked for: the tag
    /// says itself when it expires.
    #[must_use]
    pub fn days_left(self, today: Self) -> Option<u8> {
        let left = (self.0 + 1000 - today.0) % 1000;
        if left <= DAYS_AHEAD { u8::try_from(left).ok() } else { None }
    }

    /// The day's number, 0 to 999.
    #[must_use]
    pub fn get(self) -> u16 {
        self.0
    }

    pub(crate) fn digits(self) -> [u8; 3] {
        let digit = |value: u16| b'0' + (value % 10) as u8;
        [digit(self.0 / 100), digit(self.0 / 10), digit(self.0)]
    }
}

/// How a tag is written into the local-part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// `prvs=KDDDSSSSSS=user@domain`, the draft's, and what every peer reads.
    #[default]
    Prefix,
    /// `user+prvs=KDDDSSSSSS@domain`, which servers with sub-addresses deliver untaught.
    SubAddress,
}

/// The octet that stands before the tag in the sub-address syntax; `+` unless set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Delimiter(u8);

impl Delimiter {
    /// A delimiter.
    ///
    /// # Errors
    /// [`DelimiterError`] for letters, digits, `=`, and what no local-part has without quotes.
    pub fn new(octet: u8) -> Result<Self, DelimiterError> {
        let mark = octet.is_ascii_punctuation() && text::is(octet, text::LOCAL_PART);
        if mark && octet != b'=' { Ok(Self(octet)) } else { Err(DelimiterError(octet)) }
    }

    /// The octet.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

impl Default for Delimiter {
    fn default() -> Self {
        Self(b'+')
    }
}

/// An octet that cannot separate a sub-address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DelimiterError(u8);

impl fmt::Display for DelimiterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' cannot be a sub-address delimiter", self.0.escape_ascii())
    }
}

impl core::error::Error for DelimiterError {}

/// A tag's value: key number, expiry day and the hash, `KDDDSSSSSS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag {
    pub(crate) key_number: KeyNumber,
    pub(crate) expiry: Day,
    pub(crate) hash: [u8; 3],
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
    pub fn parse(value: &[u8]) -> Option<Self> {
        let &[k, d2, d1, d0, ref hex @ ..] = <&[u8; VALUE_LEN]>::try_from(value).ok()?;
        if ![k, d2, d1, d0].iter().all(u8::is_ascii_digit) {
            return None;
        }
        let day = [d2, d1, d0].iter().fold(0, |day, digit| day * 10 + u16::from(digit - b'0'));
        let [h0, h1, h2, h3, h4, h5] = *hex;
        let octet = |high, low| Some(text::hex_value(high)? << 4 | text::hex_value(low)?);
        Some(Self {
            key_number: KeyNumber(k - b'0'),
            expiry: Day(day),
            hash: [octet(h0, h1)?, octet(h2, h3)?, octet(h4, h5)?],
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
        let [d2, d1, d0] = self.expiry.digits();
        let [a, b, c] = self.hash;
        let hex = text::hex_digit;
        [b'0' + self.key_number.0, d2, d1, d0, hex(a >> 4), hex(a), hex(b >> 4), hex(b), hex(c >> 4), hex(c)]
    }

    /// The tag as it goes into an address before the local-part, or behind it.
    pub(crate) fn written(&self, delimiter: Option<Delimiter>) -> [u8; TAG_LEN] {
        let mut written = *b"prvs=KDDDSSSSSS=";
        if let Some(Delimiter(mark)) = delimiter {
            written = *b"+prvs=KDDDSSSSSS";
            written[0] = mark;
        }
        let from = TAG_TYPE.len() + usize::from(delimiter.is_some());
        if let Some(place) = written.get_mut(from..from + VALUE_LEN) {
            place.copy_from_slice(&self.value());
        }
        written
    }
}

/// What [`find`] found in an address.
pub(crate) enum Found<'a> {
    /// No tag.
    Nothing,
    /// `prvs=`, a second `=`, and between them what is no tag value.
    Malformed,
    /// A tag, and the address without it.
    Tag(Tag, Syntax, Original<'a>),
}

/// Looks for a tag in either syntax, the draft's first.
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

/// Whether a local-part begins with the draft's tag, even if nothing is left behind it.
pub(crate) fn begins_with_tag(inner: &[u8]) -> bool {
    let Some((tag, _)) = inner.split_at_checked(TAG_LEN) else { return false };
    let (tag_type, value) = tag.split_at(TAG_TYPE.len());
    tag_type.eq_ignore_ascii_case(TAG_TYPE) && value.strip_suffix(b"=").and_then(Tag::parse).is_some()
}

fn prefixed<'a>(address: &Address<'a>, value: &[u8]) -> Option<(Tag, Original<'a>)> {
    let (value, rest) = value.split_at_checked(VALUE_LEN)?;
    let tag = Tag::parse(value)?;
    let (b'=', _) = rest.split_first()? else {
        return None;
    };
    Some((tag, address.keep(TAG_LEN..address.raw_local_part().len())?))
}

fn sub_address<'a>(address: &Address<'a>, delimiter: Delimiter) -> Option<(Tag, Original<'a>)> {
    let inner = address.raw_local_part();
    let end = inner.len().checked_sub(TAG_LEN)?;
    let (mark, rest) = inner.split_at(end).1.split_first()?;
    if *mark != delimiter.0 || !text::has_prefix(rest, TAG_TYPE) {
        return None;
    }
    let tag = Tag::parse(rest.split_at(TAG_TYPE.len()).1)?;
    Some((tag, address.keep(0..end)?))
}
