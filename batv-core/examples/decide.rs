//! Answers questions about addresses, one JSON object a line, for `tests/differential`.
//!
//! A line with a `policy` holds for those that come after it. Octets travel as hexadecimal digits,
//! since addresses need not be UTF-8.
#![allow(clippy::unwrap_used, clippy::panic)]

use batv_core::{
    Action, Address, Delimiter, HashCase, KeyNumber, KeyRing, Lifetime, Message, Monitor, Pattern, Patterns,
    Policy, Recipient, ReplyText, Secret, Settings, Syntax, strip,
};
use serde_json::{Value, json};
use std::io::{BufRead, Write, stdin, stdout};
use std::net::IpAddr;

fn main() {
    let mut policy = Policy::default();
    let mut answers = stdout().lock();
    for line in stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if let Some(settings) = question.get("policy") {
            policy = read_policy(settings);
        } else {
            writeln!(answers, "{}", answer(&policy, &question)).unwrap();
        }
    }
}

fn answer(policy: &Policy, question: &Value) -> Value {
    let text = octets(&question["text"]);
    let time = question["time"].as_u64();
    match question["ask"].as_str().unwrap() {
        "inbound" => inbound(policy, question),
        "outbound" => outbound(policy, question),
        "strip" => Address::parse(&text).ok().map_or(json!("unreadable"), |address| match strip(&address) {
            Some(stripped) => {
                json!([stripped.dialect.as_str(), hex(&stripped.original.to_vec()), stripped.day])
            }
            None => Value::Null,
        }),
        "original" => Address::parse(&text).ok().map_or(json!("unreadable"), |address| {
            policy.original(&address).map(|original| hex(&original.to_vec())).into()
        }),
        "verify" => Address::parse(&text)
            .map_or(json!("unreadable"), |address| policy.verify(&address, time.unwrap()).as_str().into()),
        other => panic!("no question: {other}"),
    }
}

fn inbound(policy: &Policy, question: &Value) -> Value {
    let (mail_from, rcpt_to) = (octets(&question["mail_from"]), octets(&question["rcpt_to"]));
    let mail_from_resolved = optional_octets(&question["mail_from_resolved"]);
    let rcpt_resolved = optional_octets(&question["rcpt_resolved"]);
    let queue = optional_octets(&question["queue"]);
    let mut recipient = Recipient::new(&mail_from, &rcpt_to, question["time"].as_u64().unwrap());
    recipient.mail_from_resolved = mail_from_resolved.as_deref();
    recipient.rcpt_resolved = rcpt_resolved.as_deref();
    recipient.client = client(question);
    recipient.trusted = question["trusted"].as_bool().unwrap();
    recipient.recipients_before = u32::try_from(question["recipients_before"].as_u64().unwrap()).unwrap();
    let decision = policy.inbound(&recipient);
    let (original, reply) = match &decision.action {
        Action::Accept => (None, None),
        Action::Original(original) => (Some(hex(original)), None),
        Action::Refuse(reply) => (None, Some(reply.to_string())),
    };
    json!({
        "action": decision.action.as_str(),
        "reason": decision.reason.as_str(),
        "monitored": decision.monitored,
        "original": original,
        "reply": reply,
        "key_number": decision.key_number.map(KeyNumber::get),
        "days_left": decision.days_left,
        "log_line": decision.log_line(&recipient, queue.as_deref()),
    })
}

fn outbound(policy: &Policy, question: &Value) -> Value {
    let mail_from = octets(&question["mail_from"]);
    let mail_from_resolved = optional_octets(&question["mail_from_resolved"]);
    let recipients: Vec<_> = question["recipients"].as_array().unwrap().iter().map(octets).collect();
    let recipients: Vec<_> = recipients.iter().map(Vec::as_slice).collect();
    let queue = optional_octets(&question["queue"]);
    let mut message = Message::new(&mail_from, question["time"].as_u64().unwrap());
    message.mail_from_resolved = mail_from_resolved.as_deref();
    message.recipients = &recipients;
    message.client = client(question);
    message.trusted = question["trusted"].as_bool().unwrap();
    let decision = policy.outbound(&message);
    json!({
        "action": decision.action(),
        "reason": decision.reason.as_str(),
        "signed": decision.signed.as_deref().map(hex),
        "key_number": decision.key_number.map(KeyNumber::get),
        "log_line": decision.log_line(&message, queue.as_deref()),
    })
}

fn read_policy(value: &Value) -> Policy {
    let mut settings = Settings::default();
    settings.lifetime = Lifetime::from_days(small(&value["lifetime"])).unwrap();
    settings.delimiter = Delimiter::new(small(&value["delimiter"])).unwrap();
    settings.syntax = if flag(value, "sub_address") { Syntax::SubAddress } else { Syntax::Prefix };
    settings.hash_case = if flag(value, "exact") { HashCase::Exact } else { HashCase::Fold };
    settings.long_local_parts = flag(value, "long_local_parts");
    let mut policy = Policy::new(settings);
    for key in value["keys"].as_array().unwrap() {
        let mut ring = KeyRing::new(settings);
        for (number, secret) in key["secrets"].as_object().unwrap() {
            ring.add(key_number(number), Secret::new(&octets(secret)).unwrap());
        }
        if let Some(number) = key["signing"].as_str() {
            ring.sign_with(key_number(number)).unwrap();
        }
        policy.add_keys(Pattern::parse(key["for"].as_str().unwrap()).unwrap(), ring);
    }
    policy.default_domain = value["default_domain"].as_str().map(str::to_owned);
    policy.percent_hack = flag(value, "percent_hack");
    policy.bang_path = flag(value, "bang_path");
    policy.exempt = patterns(&value["exempt"]);
    policy.sign_local = flag(value, "sign_local");
    policy.untagged_destinations = patterns(&value["untagged_destinations"]);
    policy.untagged_clients = texts(&value["untagged_clients"]).map(|net| net.parse().unwrap()).collect();
    policy.internal_networks = texts(&value["internal_networks"]).map(|net| net.parse().unwrap()).collect();
    policy.bounce_senders = patterns(&value["bounce_senders"]);
    policy.refuse_tagged_mail = flag(value, "refuse_tagged_mail");
    policy.one_recipient = flag(value, "one_recipient");
    policy.monitor = match &value["monitor"] {
        Value::Bool(on) => {
            if *on {
                Monitor::On
            } else {
                Monitor::Off
            }
        }
        Value::Number(until) => Monitor::Until(until.as_u64().unwrap()),
        list => Monitor::For(patterns(list)),
    };
    if let Some(text) = value["reply"].as_str() {
        policy.reply = ReplyText::new(text).unwrap();
    }
    policy
}

fn client(question: &Value) -> Option<IpAddr> {
    question["client"].as_str().map(|client| client.parse().unwrap())
}

fn patterns(list: &Value) -> Patterns<()> {
    let mut patterns = Patterns::default();
    for text in texts(list) {
        patterns.insert(Pattern::parse(text).unwrap(), ());
    }
    patterns
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap())
}

fn flag(value: &Value, name: &str) -> bool {
    value[name].as_bool().unwrap()
}

fn small(value: &Value) -> u8 {
    u8::try_from(value.as_u64().unwrap()).unwrap()
}

fn key_number(digit: &str) -> KeyNumber {
    KeyNumber::new(digit.parse().unwrap()).unwrap()
}

fn optional_octets(value: &Value) -> Option<Vec<u8>> {
    value.is_string().then(|| octets(value))
}

fn octets(value: &Value) -> Vec<u8> {
    let digits = value.as_str().unwrap_or_default();
    let octet = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.as_bytes().chunks(2).map(octet).collect()
}

fn hex(octets: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap();
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect()
}
