//! `batv check`.

use crate::answer::{Failure, Output, output, write_json};
use crate::config::Configuration;
use crate::options::TimeOption;
use batv_core::{Action, Decision, Inbound, Outbound, OutboundReason, Reason};
use clap::Args;
use serde::Serialize;
use std::borrow::Cow;
use std::ffi::OsString;
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Say what is decided on a message, and why
///
/// Takes the envelope of a message and prints both decisions of the configuration: what becomes of
/// each recipient when such a message comes in, with the SMTP reply if it is refused, and whether
/// the sender, if it is not the null sender, is signed when such a message goes out. Nothing is
/// sent or changed. The exit status
/// is 1 when a recipient is refused, else 0.
///
/// With --json, one object: {"inbound": [{"to", "action", "address", "reason", "monitored",
/// "reply"}], "outbound": {"from", "signed", "reason"}}. "action" is accept, accept-as (then
/// "address" is the one to deliver to) or refuse (then "reply" is the SMTP reply). "monitored"
/// tells that the recipient would be refused for this reason, but for monitor mode.
#[derive(Args)]
pub(crate) struct Check {
    /// The sender, as in MAIL FROM; <> or an empty one for a bounce
    #[arg(long, value_name = "ADDRESS")]
    from: OsString,
    /// A recipient, as in RCPT TO; again for further ones
    #[arg(long, value_name = "ADDRESS", required = true)]
    to: Vec<OsString>,
    /// The IP address of the host that the message comes from
    #[arg(long, value_name = "ADDRESS")]
    client: Option<IpAddr>,
    /// The message comes from an authenticated or internal client
    #[arg(long)]
    trusted: bool,
    #[command(flatten)]
    time: TimeOption,
    /// Answer with a JSON object
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(crate) fn run(self, config: &Path) -> Result<bool, Failure> {
        let time = self.time.time()?;
        let configuration = Configuration::open(config)?;
        let policy = &configuration.at(time).policy;
        let decide = |(recipients_before, to): (u32, &OsString)| {
            policy.inbound(&Inbound {
                client: self.client,
                trusted: self.trusted,
                recipients_before,
                ..Inbound::new(self.from.as_bytes(), to.as_bytes(), time)
            })
        };
        let decisions: Vec<_> = (0..).zip(&self.to).map(decide).collect();
        let recipients = self.to.iter().map(|to| to.as_bytes());
        let outbound = policy.outbound(self.from.as_bytes(), recipients, time);
        let mut out = output();
        if self.json {
            write_json(&self.answer(&decisions, &outbound), &mut out)?;
            out.write_all(b"\n")?;
        } else {
            self.describe(&decisions, &outbound, &mut out)?;
        }
        out.flush()?;
        Ok(!decisions.iter().any(|decision| matches!(decision.action, Action::Refuse(_))))
    }

    fn describe(&self, decisions: &[Decision], outbound: &Outbound, out: &mut Output) -> Result<(), Failure> {
        let from = self.from.as_bytes();
        writeln!(out, "Coming in")?;
        line(out, "  MAIL FROM:", from)?;
        for (to, decision) in self.to.iter().zip(decisions) {
            line(out, "  RCPT TO:", to.as_bytes())?;
            match &decision.action {
                Action::Accept => writeln!(out, "    accept")?,
                Action::AcceptAs(original) => line(out, "    accept for ", original)?,
                Action::Refuse(reply) => writeln!(out, "    refuse: {reply}")?,
            }
            let monitored = if decision.monitored { "; refused, but for monitor mode" } else { "" };
            let reason = decision.reason;
            writeln!(out, "    reason: {reason} ({}{monitored})", explain_inbound(reason))?;
        }
        // No server sends a bounce on, and nobody asks whether it is signed.
        if outbound.reason == OutboundReason::NullSender {
            return Ok(());
        }
        writeln!(out, "Going out")?;
        line(out, "  MAIL FROM:", from)?;
        match &outbound.signed {
            Some(signed) => line(out, "    sign as ", signed)?,
            None => writeln!(out, "    leave as it is")?,
        }
        writeln!(out, "    reason: {} ({})", outbound.reason, explain_outbound(outbound.reason))?;
        Ok(())
    }

    fn answer<'a>(&'a self, decisions: &'a [Decision], outbound: &'a Outbound) -> Answer<'a> {
        let judged = |(to, decision): (&'a OsString, &'a Decision)| {
            let (action, address, reply) = match &decision.action {
                Action::Accept => ("accept", None, None),
                Action::AcceptAs(original) => ("accept-as", Some(String::from_utf8_lossy(original)), None),
                Action::Refuse(reply) => ("refuse", None, Some(reply.to_string())),
            };
            let (reason, monitored) = (decision.reason.as_str(), decision.monitored);
            Judged { to: to.to_string_lossy(), action, address, reason, monitored, reply }
        };
        Answer {
            inbound: self.to.iter().zip(decisions).map(judged).collect(),
            outbound: Leaving {
                from: self.from.to_string_lossy(),
                signed: outbound.signed.as_deref().map(String::from_utf8_lossy),
                reason: outbound.reason.as_str(),
            },
        }
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    inbound: Vec<Judged<'a>>,
    outbound: Leaving<'a>,
}

#[derive(Serialize)]
struct Judged<'a> {
    to: Cow<'a, str>,
    action: &'static str,
    address: Option<Cow<'a, str>>,
    reason: &'static str,
    monitored: bool,
    reply: Option<String>,
}

#[derive(Serialize)]
struct Leaving<'a> {
    from: Cow<'a, str>,
    signed: Option<Cow<'a, str>>,
    reason: &'static str,
}

/// Writes an address as SMTP has it, in angle brackets.
fn line(out: &mut Output, before: &str, address: &[u8]) -> Result<(), Failure> {
    let (open, close) = if address.starts_with(b"<") { ("", "") } else { ("<", ">") };
    write!(out, "{before}{open}")?;
    out.write_all(address)?;
    Ok(writeln!(out, "{close}")?)
}

fn explain_inbound(reason: Reason) -> &'static str {
    match reason {
        Reason::Unreadable => "no address that BATV can judge",
        Reason::NotOurs => "no key is for the recipient",
        Reason::Client => "the client is trusted, or listed in policy.clients",
        Reason::Exempt => "the recipient is listed in policy.exempt",
        Reason::NotABounce => "the message is not a bounce",
        Reason::Pass => "a bounce, and its tag is authentic and in time",
        Reason::TooLong => "a bounce to an address that is too long to have been signed",
        Reason::Missing => "a bounce, and no tag",
        Reason::Malformed => "a bounce, and prvs= without a tag value",
        Reason::UnknownKey => "a bounce, and a tag with a key number that no key has",
        Reason::BadSignature => "a bounce, and a tag that the key did not make",
        Reason::Expired => "a bounce, and an authentic tag whose day has passed",
        Reason::SecondRecipient => "a bounce to several recipients, and policy.one-recipient is on",
        Reason::TaggedMail => "not a bounce, and policy.refuse-tagged-mail is on",
        _ => "",
    }
}

fn explain_outbound(reason: OutboundReason) -> &'static str {
    match reason {
        OutboundReason::Signed => "a key signs for the sender",
        OutboundReason::NullSender => "the null sender is never signed",
        OutboundReason::Unreadable => "the sender is no address",
        OutboundReason::NotOurs => "no key is for the sender",
        OutboundReason::Exempt => "the sender is listed in policy.exempt",
        OutboundReason::Local => "every recipient is ours, and policy.sign-local is off",
        OutboundReason::UntaggedDestination => "a recipient is listed in policy.untagged-destinations",
        OutboundReason::Tagged => "the sender has a tag already",
        OutboundReason::TooLong => "the local-part would grow beyond 64 octets",
        OutboundReason::NoSigningKey => "no key that is for the sender signs",
        _ => "",
    }
}
