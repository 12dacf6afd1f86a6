//! Packets: a length, a command and data.

use super::ProtocolError;

/// The most octets of a packet, command and data. A piece of a body has 65,535 octets of data; a header
/// field can be longer, in Postfix 102,400 octets (`header_size_limit`) unless main.cf says more.
pub(super) const LONGEST_PACKET: u32 = 1 << 20;

/// Octets that have come, and the packets in them.
///
/// Memory grows by what arrives, not by the length that a packet announces.
#[derive(Debug, Default)]
pub(super) struct Packets {
    octets: Vec<u8>,
    taken: usize,
}

impl Packets {
    /// Takes octets as they come.
    pub(super) fn receive(&mut self, octets: &[u8]) {
        self.octets.drain(..self.taken);
        self.taken = 0;
        self.octets.extend_from_slice(octets);
    }

    /// Command and data of the next packet, None while it has not come as a whole.
    ///
    /// # Errors
    /// The packet is empty or too long.
    pub(super) fn next_packet(&mut self) -> Result<Option<(u8, &[u8])>, ProtocolError> {
        let octets = self.octets.get(self.taken..).unwrap_or_default();
        let Some((length, rest)) = octets.split_first_chunk() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*length);
        if length > LONGEST_PACKET {
            return Err(ProtocolError::TooLong(length));
        }
        let Some((packet, _)) = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length))
        else {
            return Ok(None);
        };
        let (command, data) = packet.split_first().ok_or(ProtocolError::Empty)?;
        self.taken += size_of::<u32>() + packet.len();
        Ok(Some((*command, data)))
    }
}

/// Appends a packet: the data is what `write` appends.
pub(super) fn write_packet(out: &mut Vec<u8>, command: u8, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0, 0, 0, 0, command]);
    write(out);
    let length = u32::try_from(out.len() - start - size_of::<u32>()).unwrap_or(u32::MAX);
    if let Some(prefix) = out.get_mut(start..start + size_of::<u32>()) {
        prefix.copy_from_slice(&length.to_be_bytes());
    }
}

/// Strings that end in NUL, None where the last one does not.
pub(super) fn strings(data: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let (last, before) = data.split_last()?;
    (*last == 0).then(|| before.split(|octet| *octet == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_in_pieces_and_together() {
        let mut packets = Packets::default();
        for octet in b"\0\0\0\x03M<" {
            packets.receive(&[*octet]);
            assert_eq!(packets.next_packet(), Ok(None));
        }
        packets.receive(b">\0\0\0\x01E\0\0");
        assert_eq!(packets.next_packet(), Ok(Some((b'M', &b"<>"[..]))));
        assert_eq!(packets.next_packet(), Ok(Some((b'E', &b""[..]))));
        assert_eq!(packets.next_packet(), Ok(None));
        packets.receive(b"\0\x01Q");
        assert_eq!(packets.next_packet(), Ok(Some((b'Q', &b""[..]))));
        assert_eq!(packets.next_packet(), Ok(None));
    }

    #[test]
    fn a_packet_has_a_command_and_an_end() {
        let mut packets = Packets::default();
        packets.receive(b"\0\0\0\0");
        assert_eq!(packets.next_packet(), Err(ProtocolError::Empty));

        let mut packets = Packets::default();
        packets.receive(b"\0\x10\0\x01");
        assert_eq!(packets.next_packet(), Err(ProtocolError::TooLong(1_048_577)));

        let mut packets = Packets::default();
        packets.receive(b"\0\x10\0\0M");
        assert_eq!(packets.next_packet(), Ok(None));
        assert!(packets.octets.capacity() < 100, "nothing is allocated for what has not come");
        let data = vec![b'x'; 1_048_575];
        packets.receive(&data);
        assert_eq!(packets.next_packet(), Ok(Some((b'M', &*data))));
    }

    #[test]
    fn strings_end_in_nul() {
        let all = |data| strings(data).map(Iterator::collect::<Vec<_>>);
        assert_eq!(all(b"a\0bc\0"), Some(vec![&b"a"[..], b"bc"]));
        assert_eq!(all(b"\0"), Some(vec![&b""[..]]));
        assert_eq!(all(b"a\0bc"), None);
        assert_eq!(all(b""), None);
    }
}
