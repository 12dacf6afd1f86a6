//! Macros: what the mail server says beside an event.

use super::ProtocolError;
use super::packet::strings;

/// Names and values that come before an event, for it and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Macros<'a> {
    /// The command of the event that they belong to.
    pub command: u8,
    pairs: &'a [u8],
}

impl<'a> Macros<'a> {
    pub(super) fn parse(data: &'a [u8]) -> Result<Self, ProtocolError> {
        let (command, pairs) = data.split_first().ok_or(ProtocolError::Malformed(b'D'))?;
        let count = strings(pairs).map(Iterator::count);
        if !pairs.is_empty() && count.is_none_or(|count| count % 2 == 1) {
            return Err(ProtocolError::Malformed(b'D'));
        }
        Ok(Self { command: *command, pairs })
    }

    /// Each name, without the braces that longer ones have, and its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut strings = strings(self.pairs).into_iter().flatten();
        std::iter::from_fn(move || {
            let (name, value) = (strings.next()?, strings.next()?);
            let inside = name.strip_prefix(b"{").and_then(|name| name.strip_suffix(b"}"));
            Some((inside.unwrap_or(name), value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_with_values_and_without_braces() {
        let macros = Macros::parse(b"Mi\x004XyZ\0{mail_addr}\0\0").unwrap();
        assert_eq!(macros.command, b'M');
        let pairs: Vec<_> = macros.iter().collect();
        assert_eq!(pairs, [(&b"i"[..], &b"4XyZ"[..]), (b"mail_addr", b"")]);
        assert_eq!(Macros::parse(b"R").unwrap().iter().count(), 0);
    }

    #[test]
    fn a_name_without_a_value_is_malformed() {
        for data in [&b""[..], b"Ri\0", b"Ri\x004XyZ", b"Ri\x004XyZ\0v\0"] {
            assert_eq!(Macros::parse(data), Err(ProtocolError::Malformed(b'D')), "{}", data.escape_ascii());
        }
    }
}
