//! The decisions, rule by rule and setting by setting, and the spellings that servers read.
//!
//! Tags are written out. Alice's is Exim's; the others come from Python:
//! `python3 -c 'import hmac; print(hmac.new(b"secret", b"0786bob@example.test", "sha1").hexdigest()[:6])'`
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../common/mod.rs"]
mod common;

mod inbound;
mod keys;
mod log_line;
mod monitoring;
mod outbound;
mod reply;
mod resolved;
mod spellings;

use batv_core::{Action, InboundDecision, Message, OutboundReason, Pattern, Patterns, Policy, Recipient};
use common::{NOON, default_ring};
use std::sync::Arc;

/// Alice of example.test, tagged on the day of [`NOON`].
const ALICE: &str = "prvs=0786864c09=alice@example.test";
const BOB: &str = "prvs=07868d896f=bob@example.test";
const FORGED: &str = "prvs=0786864c08=alice@example.test";

/// example.test is ours, with `secret` as key 0.
fn site() -> Policy {
    with(|_| ())
}

fn with(change: impl FnOnce(&mut Policy)) -> Policy {
    let mut policy = Policy::default();
    key_for(&mut policy, &["example.test"]);
    change(&mut policy);
    policy
}

fn key_for(policy: &mut Policy, patterns: &[&str]) {
    let keys = Arc::new(default_ring());
    for pattern in patterns {
        policy.add_keys(Pattern::parse(pattern).unwrap(), Arc::clone(&keys));
    }
}

fn patterns(list: &[&str]) -> Patterns<()> {
    let mut patterns = Patterns::default();
    for text in list {
        patterns.insert(Pattern::parse(text).unwrap(), ());
    }
    patterns
}

/// A decision in words: `accept not-ours`, `alice@example.test pass`, `550 missing`, and
/// `(expired)` for the reason that enforcing would have.
fn shown(decision: &InboundDecision) -> String {
    let action = match &decision.action {
        Action::Accept => "accept".to_owned(),
        Action::Original(original) => String::from_utf8(original.clone()).unwrap(),
        Action::Refuse(reply) => reply.code.to_string(),
    };
    let reason = decision.reason;
    if decision.monitored { format!("{action} ({reason})") } else { format!("{action} {reason}") }
}

fn inbound(policy: &Policy, mail_from: &str, rcpt_to: &str) -> String {
    shown(&policy.inbound(&Recipient::new(mail_from.as_bytes(), rcpt_to.as_bytes(), NOON)))
}

/// A bounce to the recipient, with what is known besides.
fn bounce_with<'a>(policy: &Policy, rcpt_to: &'a str, change: impl FnOnce(&mut Recipient<'a>)) -> String {
    let mut recipient = Recipient::new(b"<>", rcpt_to.as_bytes(), NOON);
    change(&mut recipient);
    shown(&policy.inbound(&recipient))
}

/// A bounce to the recipient.
fn bounce(policy: &Policy, rcpt_to: &str) -> String {
    inbound(policy, "<>", rcpt_to)
}

/// The signed reverse-path, or the word that says why there is none.
fn outbound(policy: &Policy, mail_from: &str, recipients: &[&str]) -> String {
    let recipients: Vec<_> = recipients.iter().map(|text| text.as_bytes()).collect();
    let mut message = Message::new(mail_from.as_bytes(), NOON);
    message.recipients = &recipients;
    let outbound = policy.outbound(&message);
    assert_eq!(outbound.signed.is_some(), outbound.reason == OutboundReason::Signed, "{mail_from}");
    match outbound.signed {
        Some(signed) => String::from_utf8(signed).unwrap(),
        None => outbound.reason.to_string(),
    }
}
