//! Stripping: the original sender out of anybody's tags, verified or not.

use crate::address::{Address, Original};
use crate::day::Day;
use crate::syntax::{Delimiter, Syntax};
use crate::tag::{Found, Tag, find};
use crate::text;
use core::fmt;

/// The form of a tag, named for the standard or the product that it was seen from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// `prvs=KDDDSSSSSS=user@`: draft-levine-smtp-batv-01, Exim, Halon, `MDaemon` and others.
    Draft,
    /// `prvs=DDDSSSSSS=user@`, without a key number, DDD the day of sending: Cisco `IronPort`.
    Ironport,
    /// `prvs=user=KDDDSSSSSS@`, or without a key number `prvs=user=DDDSSSSSS@`: some appliances.
    Swapped,
    /// `prvs=user/KDDDSSSSSS@`: Exim before 4.68, the draft of 2004.
    Slash,
    /// `user+prvs=KDDDSSSSSS@`: batv-tools.
    SubAddress,
    /// `btv1==DDDSSSSSSSS==user@`: Barracuda.
    Barracuda,
    /// `msprvs1=DDDDDSSSSSSSS=user@`, the S of the base64url alphabet: `SparkPost`, Momentum.
    Sparkpost,
}

impl Dialect {
    /// The dialect's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Ironport => "ironport",
            Self::Swapped => "swapped",
            Self::Slash => "slash",
            Self::SubAddress => "sub-address",
            Self::Barracuda => "barracuda",
            Self::Sparkpost => "sparkpost",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A tag taken off an address. It proves nothing: only verifying does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stripped<'a> {
    /// The form of the tag.
    pub dialect: Dialect,
    /// The address without it.
    pub original: Original<'a>,
    /// What the tag says, where it is of the draft's form: `KDDDSSSSSS`.
    pub tag: Option<Tag>,
    /// The number in the tag's day digits: the day of expiry in the draft's form, of sending from
    /// `IronPort`, modulo 1000; `SparkPost`'s counts from 1970; what Barracuda's means is not known.
    pub day: u32,
}

impl<'a> Stripped<'a> {
    fn new(dialect: Dialect, original: Original<'a>, tag: Tag) -> Self {
        Self { dialect, original, tag: Some(tag), day: tag.expiry().get().into() }
    }
}

/// Takes one tag off an address; None where there is none.
///
/// A tag is told from a look-alike by the exact shape of its value: `prvs=abc@example.com` is
/// an ordinary address. Nested tags come off one layer a call.
///
/// # Examples
/// ```
/// use batv_core::{Address, Dialect, strip};
///
/// assert_eq!(strip(&Address::parse(b"prvs=abc@example.com")?), None);
/// let address = Address::parse(b"btv1==08501234bcd==user@example.com")?;
/// let stripped = strip(&address).unwrap();
/// assert_eq!(stripped.dialect, Dialect::Barracuda);
/// assert_eq!(stripped.original.as_part(), Some(&b"user@example.com"[..]));
/// # Ok::<(), batv_core::AddressError>(())
/// ```
#[must_use]
pub fn strip<'a>(address: &Address<'a>) -> Option<Stripped<'a>> {
    if let Found::Tag(tag, syntax, original) = find(address, Delimiter::default()) {
        let dialect = match syntax {
            Syntax::Prefix => Dialect::Draft,
            Syntax::SubAddress => Dialect::SubAddress,
        };
        return Some(Stripped::new(dialect, original, tag));
    }
    foreign_prefix(address).or_else(|| trailing_value(address))
}

/// A value of so many digits and then so many octets of an alphabet, between two marks.
struct Form {
    dialect: Dialect,
    open: &'static [u8],
    digits: usize,
    rest: usize,
    in_alphabet: fn(&u8) -> bool,
    close: &'static [u8],
}

const FOREIGN: [Form; 3] = [
    Form {
        dialect: Dialect::Ironport,
        open: b"prvs=",
        digits: 3,
        rest: 6,
        in_alphabet: u8::is_ascii_hexdigit,
        close: b"=",
    },
    Form {
        dialect: Dialect::Barracuda,
        open: b"btv1==",
        digits: 3,
        rest: 8,
        in_alphabet: u8::is_ascii_hexdigit,
        close: b"==",
    },
    Form {
        dialect: Dialect::Sparkpost,
        open: b"msprvs1=",
        digits: 5,
        rest: 8,
        in_alphabet: |octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'),
        close: b"=",
    },
];

impl Form {
    /// The length of a tag of this form at the start of the local-part, and its day.
    fn read(&self, inner: &[u8]) -> Option<(usize, u32)> {
        if !text::has_prefix(inner, self.open) {
            return None;
        }
        let (digits, after) = inner.split_at(self.open.len()).1.split_at_checked(self.digits)?;
        let (rest, after) = after.split_at_checked(self.rest)?;
        let fits = digits.iter().all(u8::is_ascii_digit)
            && rest.iter().all(self.in_alphabet)
            && after.starts_with(self.close);
        let day = digits.iter().fold(0, |day, digit| day * 10 + u32::from(digit & 15));
        fits.then_some((self.open.len() + self.digits + self.rest + self.close.len(), day))
    }
}

fn foreign_prefix<'a>(address: &Address<'a>) -> Option<Stripped<'a>> {
    let inner = address.raw_local_part();
    FOREIGN.iter().find_map(|form| {
        let (length, day) = form.read(inner)?;
        let original = address.keep(length..inner.len())?;
        Some(Stripped { dialect: form.dialect, original, tag: None, day })
    })
}

/// The forms with the local-part between the tag type and the value.
fn trailing_value<'a>(address: &Address<'a>) -> Option<Stripped<'a>> {
    const OPEN: &[u8] = b"prvs=";
    let inner = address.raw_local_part();
    if !text::has_prefix(inner, OPEN) {
        return None;
    }
    let mark = inner.iter().rposition(|octet| matches!(octet, b'=' | b'/'))?;
    let (before, value) = inner.split_at(mark);
    let (mark, value) = value.split_first()?;
    let original = address.keep(OPEN.len()..before.len())?;
    match (mark, Tag::parse(value)) {
        (b'=', Some(tag)) => Some(Stripped::new(Dialect::Swapped, original, tag)),
        (_, Some(tag)) => Some(Stripped::new(Dialect::Slash, original, tag)),
        (b'=', None) => {
            let day = day_of_unnumbered(value)?;
            Some(Stripped { dialect: Dialect::Swapped, original, tag: None, day })
        }
        (_, None) => None,
    }
}

/// The day in a value without a key number, `DDDSSSSSS`.
fn day_of_unnumbered(value: &[u8]) -> Option<u32> {
    let (day, hash) = value.split_first_chunk::<3>()?;
    let fits = hash.len() == 6 && hash.iter().all(u8::is_ascii_hexdigit);
    Day::from_digits(*day).filter(|_| fits).map(|day| day.get().into())
}
