//! Packets and sequences that no mail server sends: an error or an answer, never a panic, and memory
//! that grows by what arrives.
use crate::server::{Dialogue, OFFER};
use proptest::prelude::*;
use proptest::sample::select;

/// Commands with data that is right, nearly right, or anything.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let command = prop_oneof![8 => select(b"ODCHMRTLNBEAUKQ".to_vec()), 1 => any::<u8>()];
    let piece = select(vec![
        &b"<>"[..],
        b"<alice@example.test>",
        b"<prvs=0786864c09=alice@example.test>",
        b"prvs=",
        b"<",
        b"@",
        b"\"",
        b"\0",
        b"\0",
        b"i",
        b"v",
        b"{mail_addr}",
        b"{rcpt_addr}",
        b"{auth_type}",
        b"Postfix 3.7.11",
        b"M",
        b"R",
        b"4\0\0",
        b"6",
        b"U",
        b"L",
        b"192.0.2.7",
        b"::1",
        b"%",
        b"\xff",
        b"\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff",
    ]);
    let data = prop_oneof![
        8 => proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat()),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
    ];
    (command, data, prop_oneof![20 => Just(0), 1 => -3..3]).prop_map(|(command, mut data, wrong)| {
        data.insert(0, command);
        let length = i32::try_from(data.len()).unwrap() + wrong;
        [&length.to_be_bytes()[..], &data].concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_octets_are_an_error_or_get_an_answer(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Dialogue::new("").try_send(&octets);
    }

    #[test]
    fn any_sequence_is_an_error_or_gets_an_answer(
        packets in proptest::collection::vec(packet(), 0..12),
        policy in select(vec!["monitor = true\n[milter]\nmark = \"X-BATV\"", "[milter]\nrefuse-at = \"headers\""]),
    ) {
        let mut dialogue = Dialogue::new(policy);
        dialogue.send(OFFER);
        for packet in packets {
            if dialogue.try_send(&packet).is_err() {
                break;
            }
        }
    }

    #[test]
    fn it_is_all_the_same_in_which_pieces_octets_come(
        packets in proptest::collection::vec(packet(), 0..8),
        size in 1_usize..9,
    ) {
        let octets = [OFFER, &packets.concat()].concat();
        let (mut whole, mut pieces) = (Dialogue::new(""), Dialogue::new(""));
        // What comes before an error counts too.
        let mut sent = Vec::new();
        let error = octets.chunks(size).find_map(|piece| match pieces.try_send(piece) {
            Ok(more) => { sent.extend(more); None }
            Err(error) => Some(error),
        });
        match whole.try_send(&octets) {
            Ok(answer) => prop_assert_eq!((answer, None), (sent, error)),
            Err(expected) => prop_assert_eq!(Some(expected), error),
        }
        prop_assert_eq!(whole.lines(), pieces.lines());
    }
}
