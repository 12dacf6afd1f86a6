//! What holds for every sender, recipient and setting: what is signed comes back and passes, in any spelling
//! that the server delivers, and nothing else does.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use batv_core::{
    Action, Address, HashCase, InboundDecision, InboundReason, Message, OutboundReason, Pattern, Policy,
    Recipient, Settings, Syntax,
};
use common::{DAY, NOON};
use proptest::prelude::*;
use proptest::sample::select;

/// A policy of every setting that reading, signing and verifying depend on.
fn any_policy() -> impl Strategy<Value = Policy> {
    (any::<[bool; 6]>(), select(vec!["example.test", "EXAMPLE.test."])).prop_map(|(flags, default)| {
        let [sub_address, exact, long_local_parts, has_default, percent_hack, bang_path] = flags;
        let mut settings = Settings::default();
        settings.syntax = if sub_address { Syntax::SubAddress } else { Syntax::Prefix };
        settings.hash_case = if exact { HashCase::Exact } else { HashCase::Fold };
        settings.long_local_parts = long_local_parts;
        let mut policy = Policy::new(settings);
        policy.add_keys(Pattern::parse("example.test").unwrap(), common::ring(settings, 0, b"secret"));
        policy.default_domain = has_default.then(|| default.to_owned());
        policy.percent_hack = percent_hack;
        policy.bang_path = bang_path;
        policy
    })
}

/// What addresses are made of, and what makes them trouble.
fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let piece = select(vec![
        "alice",
        "Al",
        "\u{e9}",
        "\u{c9}",
        "@example.test",
        "@EXAMPLE.test.",
        "@other.test",
        "@[127.0.0.1]",
        "%",
        "!",
        "@",
        "%example.test",
        "example.test!",
        "%other.test",
        "%[::1]",
        "@relay:",
        "\"",
        "\"",
        "\\",
        "\\\"",
        " ",
        "(c)",
        "<",
        ">",
        "prvs=",
        "+prvs=",
        "0123456789",
        "prvs=0123456789=",
        "SRS0=a=b=c.test=",
        "=",
        "+",
        ".",
        "..",
        "\r\n",
        "\0",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
    ]);
    let pieces = proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat().into_bytes());
    let at_ours = pieces.clone().prop_map(|pieces| [&pieces[..], b"@example.test"].concat());
    prop_oneof![2 => at_ours.clone(), 1 => at_ours.prop_map(|path| [b"<", &path[..], b">"].concat()), 1 => pieces]
}

fn bounce(policy: &Policy, rcpt_to: &[u8], time: u64) -> InboundDecision {
    policy.inbound(&Recipient::new(b"<>", rcpt_to, time))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn what_is_signed_comes_back_and_passes(policy in any_policy(), sender in any_text()) {
        let decision = policy.outbound(&Message::new(&sender, NOON));
        let Some(signed) = decision.signed else {
            return Ok(());
        };
        for (time, reason) in [
            (NOON, InboundReason::Pass),
            (NOON + 7 * DAY, InboundReason::Pass),
            (NOON + 8 * DAY, InboundReason::Expired),
        ] {
            prop_assert_eq!(bounce(&policy, &signed, time).reason, reason, "{}", signed.escape_ascii());
        }
        let Action::Original(original) = bounce(&policy, &signed, NOON).action else {
            panic!("{}", signed.escape_ascii());
        };
        prop_assert_eq!(policy.outbound(&Message::new(&signed, NOON)).reason, OutboundReason::Tagged);
        prop_assert_eq!(policy.outbound(&Message::new(&original, NOON)).signed, Some(signed));
    }

    #[test]
    fn what_is_signed_passes_in_the_spellings_of_relays(policy in any_policy(), sender in any_text()) {
        let Some(signed) = policy.outbound(&Message::new(&sender, NOON)).signed else {
            return Ok(());
        };
        let inside = signed.strip_prefix(b"<").and_then(|path| path.strip_suffix(b">")).unwrap_or(&signed);
        let mut spellings = vec![
            [b"<", inside, b">"].concat(),
            [inside, b"."].concat(),
            [b"@relay,@[IPv6:2001:db8::1]:", inside].concat(),
        ];
        if policy.settings().hash_case == HashCase::Fold {
            spellings.extend([signed.to_ascii_uppercase(), signed.to_ascii_lowercase()]);
        }
        for spelling in spellings {
            let reason = bounce(&policy, &spelling, NOON).reason;
            prop_assert_eq!(reason, InboundReason::Pass, "{}", spelling.escape_ascii());
        }
    }

    #[test]
    fn nothing_else_passes_and_nothing_panics(
        policy in any_policy(),
        texts in proptest::array::uniform4(any_text()),
        resolved in any::<[bool; 2]>(),
        time in any::<u64>(),
    ) {
        let [mail_from, rcpt_to, mail_from_resolved, rcpt_resolved] = &texts;
        let mut recipient = Recipient::new(mail_from, rcpt_to, time);
        recipient.mail_from_resolved = resolved[0].then_some(&mail_from_resolved[..]);
        recipient.rcpt_resolved = resolved[1].then_some(&rcpt_resolved[..]);
        let decision = policy.inbound(&recipient);
        prop_assert_ne!(decision.reason, InboundReason::Pass);
        if let Action::Original(original) = &decision.action {
            prop_assert!(Address::parse(original).is_ok(), "{}", original.escape_ascii());
        }
        let line = decision.log_line(&recipient, Some(mail_from));
        prop_assert!(line.bytes().all(|octet| matches!(octet, b' '..=b'~')), "{}", line);
        prop_assert!(line.split(' ').skip(1).all(|field| field.contains('=')), "{}", line);
    }
}
