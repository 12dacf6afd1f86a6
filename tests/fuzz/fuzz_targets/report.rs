//! Any octets in a log: strangers begin no decision, and what the core writes is read back.
#![no_main]

use batv_core::{KeyNumber, KeyRing, Message, Pattern, Policy, Recipient, Secret, Settings};
use decision::{Decision, escape, unescape};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

#[path = "../../../batv-cli/src/report/decision.rs"]
mod decision;
#[path = "../../../batv-cli/src/report/prefix.rs"]
mod prefix;
#[path = "../../../batv-cli/src/report/reasons.rs"]
mod reasons;

const TIME: u64 = 1_795_348_800;

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let key = KeyNumber::new(0).unwrap();
    let mut keys = KeyRing::new(Settings::default());
    keys.add(key, Secret::new(b"secret").unwrap());
    keys.sign_with(key).unwrap();
    let mut policy = Policy::default();
    policy.add_keys(Pattern::parse("example.test").unwrap(), keys);
    policy
});

fn read(line: &[u8]) -> Option<Decision<'_>> {
    Decision::parse(prefix::split(line)?.1)
}

fn is_address(read: &str, written: &[u8]) {
    let inside = written.strip_prefix(b"<").and_then(|path| path.strip_suffix(b">")).unwrap_or(written);
    assert_eq!(unescape(read), inside);
    assert_eq!(escape(inside), read);
}

fuzz_target!(|octets: &[u8]| {
    for line in octets.split(|octet| *octet == b'\n') {
        read(line);
        let helo = [b"Nov 22 07:00:00 mx postfix/smtpd[7]: NOQUEUE: helo=<", line].concat();
        assert_eq!(prefix::split(&helo), None);
    }

    let mut parts = octets.splitn(3, |octet| *octet == 0);
    let [mail_from, rcpt_to, queue] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    let recipient = Recipient::new(mail_from, rcpt_to, TIME);
    let line = POLICY.inbound(&recipient).log_line(&recipient, Some(queue));
    let Some(Decision::Inbound { to, .. }) = read(line.as_bytes()) else { panic!("{line}") };
    is_address(to, rcpt_to);
    let message = Message::new(mail_from, TIME);
    let line = POLICY.outbound(&message).log_line(&message, Some(queue));
    let Some(Decision::Outbound { from, .. }) = read(line.as_bytes()) else { panic!("{line}") };
    is_address(from, mail_from);
});
