//! Events: what the mail server says that happens.

use super::packet::strings;
use super::{Macros, Offer, ProtocolError};
use std::net::IpAddr;

/// A step of an SMTP session, as far as BATV needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The mail server begins a dialogue.
    Negotiation(Offer),
    /// Macros for the event that follows.
    Macros(Macros<'a>),
    /// A client has connected.
    Connect(Client),
    /// MAIL FROM with this argument, as the client wrote it.
    Mail(&'a [u8]),
    /// RCPT TO with this argument, as the client wrote it. The mail server accepts it.
    Recipient(&'a [u8]),
    /// DATA: no recipient comes any more.
    Data,
    /// A header field, name and value.
    Header(&'a [u8], &'a [u8]),
    /// The last header field has come.
    EndOfHeaders,
    /// The message has ended: now it can be changed.
    EndOfMessage,
    /// The message will not end.
    Abort,
    /// What the negotiation can switch off, and has not: to be answered, and of no interest.
    Unneeded,
    /// The client has gone, and this connection will serve another.
    QuitNewConnection,
    /// The client has gone.
    Quit,
}

/// Who has connected to the mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// Somebody whose address the mail server does not know or does not say.
    Unknown,
    /// A program on the mail server's host, by a socket that has no address.
    Local,
    /// A host.
    Address(IpAddr),
}

impl<'a> Event<'a> {
    pub(super) fn parse((command, data): (u8, &'a [u8])) -> Result<Self, ProtocolError> {
        let first =
            || strings(data).and_then(|mut strings| strings.next()).ok_or(ProtocolError::Malformed(command));
        Ok(match command {
            b'O' => Self::Negotiation(Offer::parse(data)?),
            b'D' => Self::Macros(Macros::parse(data)?),
            b'C' => Self::Connect(Client::parse(data)?),
            b'M' => Self::Mail(first()?),
            b'R' => Self::Recipient(first()?),
            b'T' => Self::Data,
            b'L' => {
                let mut strings = strings(data).ok_or(ProtocolError::Malformed(command))?;
                Self::Header(strings.next().unwrap_or_default(), strings.next().unwrap_or_default())
            }
            b'N' => Self::EndOfHeaders,
            b'E' => Self::EndOfMessage,
            b'A' => Self::Abort,
            // HELO, a part of the body, an unknown command.
            b'H' | b'B' | b'U' => Self::Unneeded,
            b'K' => Self::QuitNewConnection,
            b'Q' => Self::Quit,
            _ => return Err(ProtocolError::UnknownCommand(command)),
        })
    }
}

impl Client {
    /// Host name, family, and where the family has them, port and address.
    fn parse(data: &[u8]) -> Result<Self, ProtocolError> {
        let name = data.iter().position(|octet| *octet == 0).ok_or(ProtocolError::Malformed(b'C'))?;
        Ok(match data.get(name + 1..).unwrap_or_default() {
            [b'L', ..] => Self::Local,
            [b'4' | b'6', _, _, address @ .., 0] => Self::of_text(address),
            _ => Self::Unknown,
        })
    }

    /// Sendmail writes `IPv6:` before an address, as address literals have it. A zone is of no
    /// interest.
    pub(crate) fn of_text(address: &[u8]) -> Self {
        let text = std::str::from_utf8(address).unwrap_or_default();
        let text = text.strip_prefix("IPv6:").unwrap_or(text);
        let text = text.split_once('%').map_or(text, |(address, _)| address);
        text.parse().map_or(Self::Unknown, |address: IpAddr| Self::Address(address.to_canonical()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(packet: &[u8]) -> Result<Event<'_>, ProtocolError> {
        let (command, data) = packet.split_first().unwrap();
        Event::parse((*command, data))
    }

    #[test]
    fn commands_are_events() {
        assert_eq!(parse(b"M<alice@example.test>\0SIZE=5\0"), Ok(Event::Mail(b"<alice@example.test>")));
        assert_eq!(parse(b"M<>\0"), Ok(Event::Mail(b"<>")));
        assert_eq!(parse(b"R<bob@example.net>\0NOTIFY=NEVER\0"), Ok(Event::Recipient(b"<bob@example.net>")));
        for (packet, event) in [
            (&b"E"[..], Event::EndOfMessage),
            (b"Ethe last part of a body", Event::EndOfMessage),
            (b"A", Event::Abort),
            (b"Hclient.example.net\0", Event::Unneeded),
            (b"T", Event::Data),
            (b"LSubject\0test\0", Event::Header(b"Subject", b"test")),
            (b"LSubject\0\0", Event::Header(b"Subject", b"")),
            (b"LSubject\0", Event::Header(b"Subject", b"")),
            (b"N", Event::EndOfHeaders),
            (b"Btest\r\n", Event::Unneeded),
            (b"UEXPN\0", Event::Unneeded),
            (b"K", Event::QuitNewConnection),
            (b"Q", Event::Quit),
        ] {
            assert_eq!(parse(packet), Ok(event));
        }
    }

    #[test]
    fn what_has_no_argument_or_no_end_is_malformed() {
        for packet in [&b"M"[..], b"M<>", b"R", b"R<bob@example.net>", b"C", b"Cmail.example.net", b"LTo\0a"]
        {
            assert_eq!(parse(packet), Err(ProtocolError::Malformed(packet[0])), "{}", packet.escape_ascii());
        }
        assert_eq!(parse(b"x"), Err(ProtocolError::UnknownCommand(b'x')));
        assert_eq!(parse(b"\0"), Err(ProtocolError::UnknownCommand(0)));
    }

    #[test]
    fn a_client_has_an_address_or_is_unknown() {
        let address = |text: &str| Client::Address(text.parse().unwrap());
        for (data, client) in [
            (&b"mail.example.net\x004\x04\x00192.0.2.1\0"[..], address("192.0.2.1")),
            (b"localhost\x004\x00\x00127.0.0.1\0", address("127.0.0.1")),
            (b"[2001:db8::1]\x006\x04\x002001:db8::1\0", address("2001:db8::1")),
            (b"[2001:db8::1]\x006\x04\x00IPv6:2001:db8::1\0", address("2001:db8::1")),
            (b"[192.0.2.1]\x006\x04\x00::ffff:192.0.2.1\0", address("192.0.2.1")),
            (b"[fe80::1]\x006\x04\x00fe80::1%eth0\0", address("fe80::1")),
            (b"localhost\0L\0\0/run/socket\0", Client::Local),
            (b"localhost\0L", Client::Local),
            (b"unknown\0U", Client::Unknown),
            (b"unknown\x004\0\0unknown\0", Client::Unknown),
            (b"unknown\x004\0\0\0", Client::Unknown),
            (b"unknown\x004\x00\x00192.0.2.1", Client::Unknown),
            (b"unknown\x004", Client::Unknown),
            (b"unknown\0X", Client::Unknown),
            (b"unknown\0", Client::Unknown),
            (b"\0", Client::Unknown),
        ] {
            assert_eq!(Client::parse(data), Ok(client), "{}", data.escape_ascii());
        }
    }
}
