//! Octets of an address: character classes, case folding, hexadecimal digits.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// What a local-part is made of without quotes: `atext` of RFC 5322 section 3.2.3, the octets of
/// UTF-8 that RFC 6531 adds to it, and the dot.
pub(crate) const LOCAL_PART: u8 = 1;
/// What a domain is made of: letters, digits, `-`, `_`, `.`, UTF-8.
pub(crate) const DOMAIN: u8 = 2;
/// The dot.
pub(crate) const DOT: u8 = 4;
/// Controls: NUL, CR, LF, TAB, DEL and the others.
pub(crate) const CONTROL: u8 = 8;
/// Letters that folding changes.
pub(crate) const CAPITAL: u8 = 16;

#[allow(clippy::cast_possible_truncation, clippy::indexing_slicing)] // below 256; checked when compiled
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut i = 0;
    while i < 256 {
        let octet = i as u8;
        classes[i] = match octet {
            b'A'..=b'Z' => LOCAL_PART | DOMAIN | CAPITAL,
            b'0'..=b'9' | b'a'..=b'z' | b'-' | b'_' | 0x80.. => LOCAL_PART | DOMAIN,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'/' | b'=' | b'?' | b'^' | b'`'
            | b'{' | b'|' | b'}' | b'~' => LOCAL_PART,
            b'.' => LOCAL_PART | DOMAIN | DOT,
            0..=0x1f | 0x7f => CONTROL,
            _ => 0,
        };
        i += 1;
    }
    classes
};

/// The classes of an octet, as a union of the constants above.
#[inline]
pub(crate) fn classes(octet: u8) -> u8 {
    CLASSES.get(usize::from(octet)).copied().unwrap_or(0)
}

/// Whether the octet belongs to one of the classes.
#[inline]
pub(crate) fn is(octet: u8, wanted: u8) -> bool {
    classes(octet) & wanted != 0
}

/// What a text begins with.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    /// The octets until the first that is not of the class wanted.
    pub(crate) len: usize,
    /// The classes of these octets together.
    pub(crate) seen: u8,
    /// Whether dots stand only between other octets, one at a time.
    pub(crate) dots_between: bool,
}

impl Span {
    /// The octets of a class that the text begins with.
    #[inline]
    pub(crate) fn of(wanted: u8, text: &[u8]) -> Self {
        let (mut seen, mut two_dots, mut before) = (0, 0, DOT);
        let mut len = 0;
        for octet in text {
            let classes = classes(*octet);
            if classes & wanted == 0 {
                break;
            }
            seen |= classes;
            two_dots |= classes & before;
            before = classes;
            len += 1;
        }
        Self { len, seen, dots_between: (two_dots | before) & DOT == 0 }
    }
}

/// Whether the text is `Dot-string` of RFC 5321 section 4.1.2: atoms joined by single dots.
pub(crate) fn is_dot_string(text: impl IntoIterator<Item = u8>) -> bool {
    let mut after_dot = true;
    for octet in text {
        let dot = octet == b'.';
        if dot && after_dot || !is(octet, LOCAL_PART) {
            return false;
        }
        after_dot = dot;
    }
    !after_dot
}

/// The value of a hexadecimal digit in either case.
#[inline]
pub(crate) fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The lower-case hexadecimal digit of the low four bits.
#[inline]
pub(crate) fn hex_digit(value: u8) -> u8 {
    match value & 15 {
        value @ 0..=9 => b'0' + value,
        value => b'a' + value - 10,
    }
}

/// Whether the text begins with the prefix, letters compared without case.
pub(crate) fn has_prefix(text: &[u8], prefix: &[u8]) -> bool {
    text.split_at_checked(prefix.len()).is_some_and(|(start, _)| start.eq_ignore_ascii_case(prefix))
}

/// Text of three consecutive parts, for `Display`; octets that are not UTF-8 become U+FFFD.
pub(crate) fn display(parts: [&[u8]; 3], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // The parts come from one address and may split no character, so each stands for itself.
    parts.iter().try_for_each(|part| f.write_str(&String::from_utf8_lossy(part)))
}

/// The three parts, one after another.
pub(crate) fn concat(parts: [&[u8]; 3]) -> Vec<u8> {
    parts.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_digits_are_read_in_either_case_and_written_in_lower_case() {
        for (value, (lower, upper)) in (0..).zip(b"0123456789abcdef".iter().zip(b"0123456789ABCDEF")) {
            assert_eq!(hex_digit(value), *lower);
            assert_eq!(hex_value(*lower), Some(value));
            assert_eq!(hex_value(*upper), Some(value));
        }
        assert_eq!([b'g', b'G', b'/', b':', b'@', b'`', 0, 255].map(hex_value), [None; 8]);
    }

    #[test]
    fn a_dot_string_has_no_dot_at_its_ends_and_no_two_in_a_row() {
        for good in ["a", "a.b", "a+b=c", "ü.x"] {
            assert!(is_dot_string(good.bytes()), "{good}");
        }
        for bad in ["", ".", ".a", "a.", "a..b", "a b", "a\"", "a@"] {
            assert!(!is_dot_string(bad.bytes()), "{bad}");
        }
    }
}
