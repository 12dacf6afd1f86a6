//! Answers to events, and changes of a message.

use super::packet::write_packet;

/// The answer to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// Go on.
    Continue,
    /// Refuse with this SMTP reply: code, enhanced code, text.
    Refuse(&'a str),
}

/// A change of a message, legal before the answer to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// Another sender. Without ESMTP parameters those of the old one stay.
    Sender(&'a [u8]),
    /// A further recipient.
    AddRecipient(&'a [u8]),
    /// A recipient less, named as it came.
    DeleteRecipient(&'a [u8]),
    /// A further header field, with name and value.
    AddHeader(&'a str, &'a str),
}

impl Reply<'_> {
    /// Appends the packet.
    pub fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Continue => write_packet(out, b'c', |_| ()),
            Self::Refuse(reply) => write_strings(out, b'y', &[reply.as_bytes()]),
        }
    }
}

impl Change<'_> {
    /// Appends the packet.
    pub fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Sender(address) => write_strings(out, b'e', &[address]),
            Self::AddRecipient(address) => write_strings(out, b'+', &[address]),
            Self::DeleteRecipient(address) => write_strings(out, b'-', &[address]),
            Self::AddHeader(name, value) => write_strings(out, b'h', &[name.as_bytes(), value.as_bytes()]),
        }
    }
}

fn write_strings(out: &mut Vec<u8>, command: u8, strings: &[&[u8]]) {
    write_packet(out, command, |out| {
        for string in strings {
            out.extend_from_slice(string);
            out.push(0);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_those_of_libmilter() {
        let mut out = Vec::new();
        Reply::Refuse("550 5.7.1 no").write(&mut out);
        Reply::Continue.write(&mut out);
        assert_eq!(out, *b"\0\0\0\x0ey550 5.7.1 no\0\0\0\0\x01c");

        let mut out = Vec::new();
        Change::Sender(b"<a@b>").write(&mut out);
        Change::DeleteRecipient(b"<c@d>").write(&mut out);
        Change::AddRecipient(b"<e@f>").write(&mut out);
        Change::AddHeader("X-BATV", "missing").write(&mut out);
        assert_eq!(
            out,
            *b"\0\0\0\x07e<a@b>\0\0\0\0\x07-<c@d>\0\0\0\0\x07+<e@f>\0\0\0\0\x10hX-BATV\0missing\0"
        );
    }
}
