//! `batv check`.

use crate::failure::Failure;
use crate::output::{Output, output, write_json};
use crate::time::TimeOption;
use batv_config::Store;
use batv_core::{
    Action, InboundDecision, InboundReason, KeyNumber, Message, OutboundDecision, OutboundReason, Policy,
    Recipient,
};
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
/// With --log it prints instead the line that a server logs for each of these decisions.
///
/// With --json, one object: {"inbound": [{"rcpt_to", "action", "original", "reason", "key_number",
/// "days_left", "monitored", "reply"}], "outbound": {"mail_from", "action", "signed", "reason",
/// "key_number"}}. An inbound "action" is accept, original (then "original" is the address to deliver
/// to) or refuse (then "reply" is the SMTP reply), an outbound one sign or leave. "monitored" says that
/// the recipient would be refused for this reason, but for monitor mode.
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
    /// Answer with the lines of a server's log
    #[arg(long, conflicts_with = "json")]
    log: bool,
}

impl Check {
    pub(crate) fn run(self, config: &Path) -> Result<bool, Failure> {
        let time = self.time.time()?;
        let store = Store::open(config).map_err(Failure::Configuration)?;
        let policy = &store.config().policy;
        let recipients: Vec<_> = self.to.iter().map(|to| to.as_bytes()).collect();
        let message = self.message(&recipients, time);
        let outbound = policy.outbound(&message);
        let inbound: Vec<_> =
            (0..).zip(&recipients).map(|(before, to)| self.judge(policy, to, before, time)).collect();
        let decisions: Vec<_> = inbound.iter().map(|(_, decision)| decision).collect();
        let mut out = output();
        if self.json {
            write_json(&self.answer(&decisions, &outbound), &mut out)?;
            out.write_all(b"\n")?;
        } else if self.log {
            for (recipient, decision) in &inbound {
                writeln!(out, "{}", decision.log_line(recipient, None))?;
            }
            if leaves(&outbound) {
                writeln!(out, "{}", outbound.log_line(&message, None))?;
            }
        } else {
            self.describe(&decisions, &outbound, &mut out)?;
        }
        out.flush()?;
        Ok(!decisions.iter().any(|decision| matches!(decision.action, Action::Refuse(_))))
    }

    fn message<'a>(&'a self, recipients: &'a [&'a [u8]], time: u64) -> Message<'a> {
        let mut message = Message::new(self.from.as_bytes(), time);
        (message.recipients, message.client, message.trusted) = (recipients, self.client, self.trusted);
        message
    }

    fn judge<'a>(
        &'a self,
        policy: &Policy,
        to: &'a [u8],
        recipients_before: u32,
        time: u64,
    ) -> (Recipient<'a>, InboundDecision) {
        let mut recipient = Recipient::new(self.from.as_bytes(), to, time);
        (recipient.client, recipient.trusted) = (self.client, self.trusted);
        recipient.recipients_before = recipients_before;
        (recipient, policy.inbound(&recipient))
    }

    fn describe(
        &self,
        decisions: &[&InboundDecision],
        outbound: &OutboundDecision,
        out: &mut Output,
    ) -> Result<(), Failure> {
        let from = self.from.as_bytes();
        writeln!(out, "Coming in")?;
        line(out, "  MAIL FROM:", from)?;
        for (to, decision) in self.to.iter().zip(decisions) {
            line(out, "  RCPT TO:", to.as_bytes())?;
            match &decision.action {
                Action::Accept => writeln!(out, "    accept")?,
                Action::Original(original) => line(out, "    accept for ", original)?,
                Action::Refuse(reply) => writeln!(out, "    refuse: {reply}")?,
            }
            let monitored = if decision.monitored { "; refused, but for monitor mode" } else { "" };
            let reason = decision.reason;
            writeln!(out, "    reason: {reason} ({}{monitored})", explain_inbound(reason))?;
        }
        if !leaves(outbound) {
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

    fn answer<'a>(&'a self, decisions: &[&'a InboundDecision], outbound: &'a OutboundDecision) -> Answer<'a> {
        let judged = |(to, decision): (&'a OsString, &&'a InboundDecision)| {
            let (original, reply) = match &decision.action {
                Action::Accept => (None, None),
                Action::Original(original) => (Some(String::from_utf8_lossy(original)), None),
                Action::Refuse(reply) => (None, Some(reply.to_string())),
            };
            Judged {
                rcpt_to: to.to_string_lossy(),
                action: decision.action.as_str(),
                original,
                reason: decision.reason.as_str(),
                key_number: decision.key_number.map(KeyNumber::get),
                days_left: decision.days_left,
                monitored: decision.monitored,
                reply,
            }
        };
        Answer {
            inbound: self.to.iter().zip(decisions).map(judged).collect(),
            outbound: Leaving {
                mail_from: self.from.to_string_lossy(),
                action: outbound.action(),
                signed: outbound.signed.as_deref().map(String::from_utf8_lossy),
                reason: outbound.reason.as_str(),
                key_number: outbound.key_number.map(KeyNumber::get),
            },
        }
    }
}

/// Whether such a message can leave: no server sends a bounce on, and nobody asks whether it is signed.
fn leaves(outbound: &OutboundDecision) -> bool {
    outbound.reason != OutboundReason::NullSender
}

#[derive(Serialize)]
struct Answer<'a> {
    inbound: Vec<Judged<'a>>,
    outbound: Leaving<'a>,
}

#[derive(Serialize)]
struct Judged<'a> {
    rcpt_to: Cow<'a, str>,
    action: &'static str,
    original: Option<Cow<'a, str>>,
    reason: &'static str,
    key_number: Option<u8>,
    days_left: Option<u8>,
    monitored: bool,
    reply: Option<String>,
}

#[derive(Serialize)]
struct Leaving<'a> {
    mail_from: Cow<'a, str>,
    action: &'static str,
    signed: Option<Cow<'a, str>>,
    reason: &'static str,
    key_number: Option<u8>,
}

/// Writes an address as SMTP has it, in angle brackets.
fn line(out: &mut Output, before: &str, address: &[u8]) -> Result<(), Failure> {
    let (open, close) = if address.starts_with(b"<") { ("", "") } else { ("<", ">") };
    write!(out, "{before}{open}")?;
    out.write_all(address)?;
    Ok(writeln!(out, "{close}")?)
}

fn explain_inbound(reason: InboundReason) -> &'static str {
    match reason {
        InboundReason::Unreadable => {
            "a bounce, and an address that cannot be read, for which nothing was signed"
        }
        InboundReason::NotOurs => "no key is for the recipient",
        InboundReason::Client => {
            "the client is trusted, or listed in policy.untagged-clients or policy.internal-networks"
        }
        InboundReason::Exempt => "the recipient is listed in policy.exempt",
        InboundReason::NotABounce => "the message is not a bounce",
        InboundReason::Pass => "a bounce, and its tag is authentic and in time",
        InboundReason::TooLong => "a bounce to an address that is too long to have been signed",
        InboundReason::Missing => "a bounce, and no tag",
        InboundReason::Malformed => "a bounce, and prvs= without a tag value",
        InboundReason::UnknownKey => "a bounce, and a tag with a key number that no key has",
        InboundReason::BadSignature => "a bounce, and a tag that the key did not make",
        InboundReason::Expired => "a bounce, and an authentic tag whose day has passed",
        InboundReason::SecondRecipient => "a bounce to several recipients, and policy.one-recipient is on",
        InboundReason::TaggedMail => "not a bounce, and policy.refuse-tagged-mail is on",
        _ => "",
    }
}

fn explain_outbound(reason: OutboundReason) -> &'static str {
    match reason {
        OutboundReason::Signed => "a key signs for the sender",
        OutboundReason::NullSender => "the null sender is never signed",
        OutboundReason::Unreadable => "the sender is not an address",
        OutboundReason::NotOurs => "no key is for the sender",
        OutboundReason::Exempt => "the sender is listed in policy.exempt",
        OutboundReason::NotInternal => "the client is neither trusted nor listed in policy.internal-networks",
        OutboundReason::Local => "every recipient is ours, and policy.sign-local is off",
        OutboundReason::UntaggedDestination => "a recipient is listed in policy.untagged-destinations",
        OutboundReason::Tagged => "the sender has a tag already",
        OutboundReason::TooLong => "the local-part would grow beyond 64 octets",
        OutboundReason::NoSigningKey => "no key that is for the sender signs",
        _ => "",
    }
}
