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
#[inline(always)]
pub(crate) fn classes(octet: u8) -> u8 {
    CLASSES.get(usize::from(octet)).copied().unwrap_or(0)
}

/// Whether the octet belongs to one of the classes.
#[inline(always)]
pub(crate) fn is(octet: u8, wanted: u8) -> bool {
    classes(octet) & wanted != 0
}

/// The value of a hexadecimal digit in either case.
#[inline(always)]
pub(crate) fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The lower-case hexadecimal digit of the low four bits.
#[inline(always)]
pub(crate) fn hex_digit(value: u8) -> u8 {
    b"0123456789abcdef".get(usize::from(value & 15)).copied().unwrap_or_default()
}

/// The number of six hexadecimal digits in either case.
#[inline(always)]
pub(crate) fn hex_number(digits: [u8; 6]) -> Option<u32> {
    let mut number = 0;
    for digit in digits {
        number = number << 4 | u32::from(hex_value(digit)?);
    }
    Some(number)
}

/// The six lower-case hexadecimal digits of 24 bits, as the octets of one number.
#[inline(always)]
pub(crate) fn hex_digits(bits: u32) -> u64 {
    let bits = u64::from(bits);
    // An octet in every second place, and then half of one in each.
    let octets = (bits & 0xff_0000) << 16 | (bits & 0xff00) << 8 | bits & 0xff;
    let halves = (octets << 4 | octets) & 0x0f0f_0f0f_0f0f;
    // Those above 9 are letters.
    let letters = (halves + 0x0606_0606_0606) >> 4 & 0x0101_0101_0101;
    halves + 0x3030_3030_3030 + letters * u64::from(b'a' - b'0' - 10)
}

/// Whether the text begins with the prefix, letters compared without case.
#[inline(always)]
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
        for bits in [0, 0x0001_23ab, 0x00c9_be41, 0x00ff_ffff, 0x0089_abcd, 0x0010_0000] {
            let expected = std::format!("{bits:06x}");
            let [_, _, digits @ ..] = hex_digits(bits).to_be_bytes();
            assert_eq!(digits, expected.as_bytes());
            assert_eq!(hex_number(digits), Some(bits));
            assert_eq!(hex_number(digits.map(|digit| digit.to_ascii_uppercase())), Some(bits));
        }
        assert_eq!(hex_number(*b"12345g"), None);
        assert_eq!([b'g', b'G', b'/', b':', b'@', b'`', 0, 255].map(hex_value), [None; 8]);
    }
}
