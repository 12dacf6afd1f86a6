//! `batv check`.

use crate::configuration::named;
use crate::failure::Failure;
use crate::output::{Output, Painter, Tone, output, write_json};
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

/// Show what is decided on a message, and why
///
/// Takes the envelope of a message and shows both decisions. When such a message comes in: is each
/// recipient accepted, accepted for the original address, or refused, and with which SMTP reply? When it
/// goes out: is the sender signed? Nothing is sent or changed.
///
/// With --json, one object: {"inbound": [{"rcpt_to", "action", "original", "reason", "key_number",
/// "days_left", "monitored", "reply"}], "outbound": {"mail_from", "action", "signed", "reason",
/// "key_number"}}. An inbound "action" is "accept", "original" (then "original" is the address to deliver
/// to) or "refuse" (then "reply" is the SMTP reply). An outbound one is "sign" or "leave". "monitored" is
/// true if the recipient is accepted only because of monitor mode.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Check {
    /// The sender, as in MAIL FROM; <> or an empty one for a bounce
    #[arg(long, value_name = "ADDRESS")]
    from: OsString,
    /// A recipient, as in RCPT TO; may be repeated
    #[arg(long, value_name = "ADDRESS", required = true)]
    to: Vec<OsString>,
    /// The IP address of the host that the message comes from
    #[arg(long, value_name = "ADDRESS")]
    client: Option<IpAddr>,
    /// The message comes from an authenticated client
    #[arg(long)]
    trusted: bool,
    #[command(flatten)]
    time: TimeOption,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
    /// Print the lines that a server logs for these decisions
    #[arg(long, conflicts_with = "json")]
    log: bool,
}

const EXAMPLES: &str = "\
Examples:
  batv check --from '<>' --to user@example.com --client 192.0.2.1
  batv check --from user@example.com --to friend@example.org
  batv check --log --from '<>' --to user@example.com

Exit status:
  0  every recipient is accepted
  1  a recipient is refused
  2  wrong usage, or a configuration file that cannot be used";

impl Check {
    pub(crate) fn run(self, config: Option<&Path>) -> Result<bool, Failure> {
        let config = named(config, "")?;
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
        let (from, painter) = (self.from.as_bytes(), Painter::new());
        writeln!(out, "Coming in")?;
        line(out, "  MAIL FROM:", from)?;
        for (to, decision) in self.to.iter().zip(decisions) {
            line(out, "  RCPT TO:", to.as_bytes())?;
            out.write_all(b"    ")?;
            let accepted = if decision.monitored { Tone::Doubtful } else { Tone::Good };
            match &decision.action {
                Action::Accept => {
                    painter.write(accepted, "accept", out)?;
                    out.write_all(b"\n")?;
                }
                Action::Original(original) => {
                    painter.write(accepted, "accept", out)?;
                    line(out, " for ", original)?;
                }
                Action::Refuse(reply) => {
                    painter.write(Tone::Bad, "refuse", out)?;
                    writeln!(out, ": {reply}")?;
                }
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
            Some(signed) => {
                out.write_all(b"    ")?;
                painter.write(Tone::Good, "sign", out)?;
                line(out, " as ", signed)?;
            }
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

/// Whether such a message can leave. Nobody asks whether a bounce is signed.
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
            "a bounce to an address that cannot be read, so nothing was ever signed for it"
        }
        InboundReason::NotOurs => "there is no key for the recipient",
        InboundReason::Client => {
            "the client is trusted, or listed in policy.untagged-clients or policy.internal-networks"
        }
        InboundReason::Exempt => "the recipient is listed in policy.exempt",
        InboundReason::NotABounce => "the message is not a bounce",
        InboundReason::Pass => "a bounce with an authentic tag, in time",
        InboundReason::TooLong => "a bounce to an address that is too long to have been signed",
        InboundReason::Missing => "a bounce without a tag",
        InboundReason::Malformed => "a bounce to prvs= without a valid tag",
        InboundReason::UnknownKey => "a bounce with a tag of a key that we do not have",
        InboundReason::BadSignature => "a bounce with a tag that our key did not make",
        InboundReason::Expired => "a bounce with an authentic tag whose last day has passed",
        InboundReason::SecondRecipient => "a bounce to several recipients, and policy.one-recipient is on",
        InboundReason::TaggedMail => "not a bounce, and policy.refuse-tagged-mail is on",
        InboundReason::NotAReport => {
            "a bounce that would be refused, but says that it is not a delivery report"
        }
        _ => "",
    }
}

fn explain_outbound(reason: OutboundReason) -> &'static str {
    match reason {
        OutboundReason::Signed => "a key signs for the sender",
        OutboundReason::NullSender => "the null sender is never signed",
        OutboundReason::Unreadable => "the sender is not an address",
        OutboundReason::NotOurs => "there is no key for the sender",
        OutboundReason::Exempt => "the sender is listed in policy.exempt",
        OutboundReason::NotInternal => "the client is neither trusted nor listed in policy.internal-networks",
        OutboundReason::Local => "every recipient is ours, and policy.sign-local is off",
        OutboundReason::UntaggedDestination => "a recipient is listed in policy.untagged-destinations",
        OutboundReason::Tagged => "the sender has a tag already",
        OutboundReason::TooLong => "the local-part would become longer than 64 octets",
        OutboundReason::NoSigningKey => "the keys for the sender only verify",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{INBOUND, OUTBOUND};

    #[test]
    fn every_reason_is_explained_here_and_in_a_report() {
        let inbound = [
            InboundReason::Unreadable,
            InboundReason::NotOurs,
            InboundReason::Client,
            InboundReason::Exempt,
            InboundReason::NotABounce,
            InboundReason::Pass,
            InboundReason::TooLong,
            InboundReason::Missing,
            InboundReason::Malformed,
            InboundReason::UnknownKey,
            InboundReason::BadSignature,
            InboundReason::Expired,
            InboundReason::SecondRecipient,
            InboundReason::TaggedMail,
            InboundReason::NotAReport,
        ];
        let outbound = [
            OutboundReason::Signed,
            OutboundReason::NullSender,
            OutboundReason::Unreadable,
            OutboundReason::NotOurs,
            OutboundReason::Exempt,
            OutboundReason::NotInternal,
            OutboundReason::Local,
            OutboundReason::UntaggedDestination,
            OutboundReason::Tagged,
            OutboundReason::TooLong,
            OutboundReason::NoSigningKey,
        ];
        let sorted = |mut words: Vec<&'static str>| {
            words.sort_unstable();
            words
        };
        let words =
            |reported: &[(&'static str, &str)]| sorted(reported.iter().map(|(word, _)| *word).collect());
        assert_eq!(words(&INBOUND), sorted(inbound.iter().map(|reason| reason.as_str()).collect()));
        assert_eq!(words(&OUTBOUND), sorted(outbound.iter().map(|reason| reason.as_str()).collect()));
        assert!(inbound.iter().all(|reason| !explain_inbound(*reason).is_empty()));
        assert!(outbound.iter().all(|reason| !explain_outbound(*reason).is_empty()));
    }
}
