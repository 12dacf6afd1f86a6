//! Any octets as sender and recipient, and as the server's readings of them: what is signed comes back
//! and passes, and nothing else passes.
//!
//! The first octet chooses the settings; 0xff stands between the four texts.
#![no_main]

use batv_core::{
    Action, Address, HashCase, InboundReason, KeyNumber, KeyRing, Message, Monitor, OutboundReason, Pattern,
    Patterns, Policy, Recipient, Secret, Settings, Syntax,
};
use libfuzzer_sys::fuzz_target;

const TIME: u64 = 1_795_348_800;

fn policy(choice: u8) -> Policy {
    let is_set = |bit: u8| choice & (1 << bit) != 0;
    let mut settings = Settings::default();
    settings.syntax = if is_set(0) { Syntax::SubAddress } else { Syntax::Prefix };
    settings.hash_case = if is_set(1) { HashCase::Exact } else { HashCase::Fold };
    settings.long_local_parts = is_set(2);
    let number = KeyNumber::new(3).unwrap();
    let mut keys = KeyRing::new(settings);
    keys.add(number, Secret::new(b"a secret that no input of a fuzzer knows").unwrap());
    keys.sign_with(number).unwrap();
    let mut policy = Policy::new(settings);
    policy.add_keys(Pattern::parse("example.test").unwrap(), keys);
    policy.default_domain = is_set(3).then(|| "example.test".into());
    policy.percent_hack = !is_set(4);
    policy.bang_path = !is_set(5);
    policy.monitor = if is_set(6) { Monitor::On } else { Monitor::Off };
    if is_set(7) {
        let mut exempt = Patterns::default();
        exempt.insert(Pattern::parse("SRS0=*@*").unwrap(), ());
        policy.exempt = exempt;
        policy.refuse_tagged_mail = true;
    }
    policy
}

/// One line of printable ASCII, whatever a stranger has sent: it adds no field.
fn check_line(line: &str, names: &[&str]) {
    assert!(line.bytes().all(|octet| matches!(octet, b' '..=b'~')), "{line}");
    let fields = line.strip_prefix("batv: ").unwrap().split(' ');
    let mut names = names.iter();
    for field in fields {
        let (name, value) = field.split_once('=').unwrap();
        assert!(names.any(|known| *known == name), "{line}");
        assert!(
            !value.contains(['"', '<', '>'])
                || value.trim_matches(['<', '>']).find(['"', '<', '>']).is_none()
        );
    }
}

fn inside_brackets(path: &[u8]) -> &[u8] {
    path.strip_prefix(b"<").and_then(|path| path.strip_suffix(b">")).unwrap_or(path)
}

fuzz_target!(|input: &[u8]| {
    let Some((choice, texts)) = input.split_first() else { return };
    let policy = policy(*choice);
    let mut texts = texts.splitn(4, |octet| *octet == 0xff);
    let (sender, recipient) = (texts.next().unwrap(), texts.next().unwrap_or_default());
    let (sender_resolved, recipient_resolved) = (texts.next(), texts.next());

    let mut message = Message::new(sender, TIME);
    message.mail_from_resolved = sender_resolved;
    let recipients = [recipient];
    message.recipients = &recipients;
    let decision = policy.outbound(&message);
    check_line(
        &decision.log_line(&message, Some(recipient)),
        &["dir", "action", "reason", "from", "key", "queue"],
    );
    assert_eq!(decision.signed.is_some(), decision.reason == OutboundReason::Signed);
    if let Some(signed) = &decision.signed {
        let mut bounce = Recipient::new(b"", signed, TIME + 7 * 86_400);
        bounce.rcpt_resolved = sender_resolved.map(|_| inside_brackets(signed));
        let back = policy.inbound(&bounce);
        assert_eq!(back.reason, InboundReason::Pass);
        let Action::Original(original) = back.action else { panic!("{back:?}") };
        let mut again = Message::new(signed, TIME);
        again.mail_from_resolved = bounce.rcpt_resolved;
        assert_eq!(policy.outbound(&again).reason, OutboundReason::Tagged);
        let mut original = Message::new(&original, TIME);
        let resolved = inside_brackets(original.mail_from).to_vec();
        original.mail_from_resolved = sender_resolved.map(|_| &resolved[..]);
        assert_eq!(policy.outbound(&original).signed.as_deref(), Some(&signed[..]));
    }

    let mut bounce = Recipient::new(sender, recipient, TIME);
    bounce.mail_from_resolved = sender_resolved;
    bounce.rcpt_resolved = recipient_resolved;
    let decision = policy.inbound(&bounce);
    assert_ne!(decision.reason, InboundReason::Pass);
    let names = ["dir", "action", "reason", "from", "to", "key", "left", "monitored", "queue"];
    check_line(&decision.log_line(&bounce, Some(sender)), &names);
    match decision.action {
        Action::Accept => {}
        Action::Original(original) => assert!(Address::parse(&original).is_ok()),
        Action::Refuse(reply) => assert!(!matches!(policy.monitor, Monitor::On) && reply.code == 550),
    }
});
