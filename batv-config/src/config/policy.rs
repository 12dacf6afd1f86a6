//! What is signed and refused: the table `[policy]`.

use super::A_LIST;
use super::section::{Section, date, quoted, switch, text};
use batv_core::{Monitor, Pattern, Patterns, Policy, ReplyText};
use ipnet::{IpNet, Ipv4Net};
use std::net::IpAddr;
use toml::Spanned;
use toml::de::DeValue;

pub(super) fn read(mut section: Section<'_, '_>, policy: &mut Policy) {
    let every_domain = policy.keys().of_every_domain().is_some();
    let sign_local = |value: &DeValue<'_>| {
        let sign_local = switch(value)?;
        if every_domain && !sign_local {
            return Err(
                "must be true if a key is for \"*\": every recipient is ours then, and nothing would be signed",
            );
        }
        Ok(sign_local)
    };
    policy.default_domain = section.get("default-domain", domain);
    section.set("percent-hack", &mut policy.percent_hack, switch);
    section.set("bang-path", &mut policy.bang_path, switch);
    policy.exempt = patterns(&mut section, "exempt");
    section.set("sign-local", &mut policy.sign_local, sign_local);
    policy.untagged_destinations = patterns(&mut section, "untagged-destinations");
    policy.untagged_clients = networks(&mut section, "untagged-clients");
    policy.internal_networks = networks(&mut section, "internal-networks");
    policy.bounce_senders = patterns(&mut section, "bounce-senders");
    section.set("refuse-tagged-mail", &mut policy.refuse_tagged_mail, switch);
    section.set("one-recipient", &mut policy.one_recipient, switch);
    policy.monitor = monitor(&mut section);
    section.set("reply", &mut policy.reply, reply);
    section.finish();
}

fn domain(value: &DeValue<'_>) -> Result<String, &'static str> {
    let domain = text(value)?;
    let named = Pattern::parse(domain).is_ok() && !domain.contains(['@', '*']);
    if named { Ok(domain.to_owned()) } else { Err("must be a domain") }
}

fn patterns(section: &mut Section<'_, '_>, name: &'static str) -> Patterns<()> {
    let mut patterns = Patterns::default();
    for (pattern, _) in section.list(name, A_LIST, pattern) {
        patterns.insert(pattern, ());
    }
    patterns
}

fn pattern(value: &DeValue<'_>) -> Result<Pattern, String> {
    let text = text(value)?;
    Pattern::parse(text).map_err(|error| format!("{} is {error}", quoted(text)))
}

fn networks(section: &mut Section<'_, '_>, name: &'static str) -> Vec<IpNet> {
    section.list(name, A_LIST, network).into_iter().map(|(network, _)| network).collect()
}

fn network(value: &DeValue<'_>) -> Result<IpNet, String> {
    let text = text(value)?;
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network
        .map(without_mapping)
        .map_err(|_| format!("{} is not an address or a network such as 192.0.2.0/24", quoted(text)))
}

/// A network of IPv4 that is written as IPv4-mapped IPv6, in its own terms: clients are compared so.
fn without_mapping(network: IpNet) -> IpNet {
    let IpNet::V6(mapped) = network else {
        return network;
    };
    let v4 = mapped.addr().to_ipv4_mapped().zip(mapped.prefix_len().checked_sub(96));
    v4.and_then(|(address, length)| Ipv4Net::new(address, length).ok()).map_or(network, IpNet::V4)
}

fn reply(value: &DeValue<'_>) -> Result<ReplyText, String> {
    ReplyText::new(text(value)?).map_err(|error| error.to_string())
}

/// Whether, and for whom, nothing is refused.
fn monitor(section: &mut Section<'_, '_>) -> Monitor {
    let monitor = match section.value("monitor").map(Spanned::get_ref) {
        Some(DeValue::Array(_)) => Monitor::For(patterns(section, "monitor")),
        _ => match section.get("monitor", true_or_list) {
            Some(true) => Monitor::On,
            _ => Monitor::Off,
        },
    };
    let Some(from) = section.get("enforce-from", date) else { return monitor };
    let given = section.value("monitor").filter(|_| !matches!(monitor, Monitor::On));
    if let Some(value) = given {
        section.fault("monitor", value.span(), &"contradicts `enforce-from`, which monitors until its date");
    }
    Monitor::Until(from.start())
}

fn true_or_list(value: &DeValue<'_>) -> Result<bool, &'static str> {
    value.as_bool().ok_or("must be true, false or a list in brackets: [\"...\", \"...\"]")
}
