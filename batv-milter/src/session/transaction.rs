//! A message, from MAIL to its end.

use super::Site;
use super::macros::Resolved;
use crate::log::Level;
use crate::metrics::Decided;
use crate::protocol::{Agreement, Change, Client};
use batv_config::{Config, RefuseAt};
use batv_core::{
    Action, Address, InboundDecision, InboundReason, Message, OutboundDecision, OutboundReason, Recipient,
    Reply, is_delivery_report,
};
use std::borrow::Cow;
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// A message in progress.
#[derive(Debug)]
pub(crate) struct Transaction {
    config: Arc<Config>,
    refuse_at: RefuseAt,
    time: u64,
    mail_from: Vec<u8>,
    mail_from_resolved: Option<Vec<u8>>,
    client: Option<IpAddr>,
    trusted: bool,
    /// The first one may be to be refused, later.
    accepted: Vec<Accepted>,
    /// Whether a header field says that this is a delivery report.
    is_report: bool,
    /// Whether it is logged that the message is refused.
    refused: bool,
}

/// Stands for a client whose address is not known, which no network holds. Without an address the
/// policy would sign for it.
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Others would be lost if the first one is refused after DATA: then all recipients are.
const LATER: &str = "451 4.7.1 One recipient at a time";

/// A recipient that was accepted.
#[derive(Debug)]
struct Accepted {
    rcpt_to: Vec<u8>,
    resolved: Resolved,
    decision: InboundDecision,
}

impl Accepted {
    /// What Postfix has kept of a text such as `<@relay:User@example.com>` or `<User <Us\er@example.com>>`: the
    /// address within it, unquoted, which its own reading has in lower case.
    fn kept(&self) -> Option<Vec<u8>> {
        let resolved = self.resolved.reading()?;
        if Address::parse(&self.rcpt_to).is_ok() {
            return None;
        }
        find(&self.rcpt_to, resolved).or_else(|| find(&unquoted(&self.rcpt_to), &unquoted(resolved)))
    }
}

/// The part of a text that is another one but for its case.
fn find(text: &[u8], part: &[u8]) -> Option<Vec<u8>> {
    let mut parts = text.windows(part.len().max(1));
    parts.find(|candidate| candidate.eq_ignore_ascii_case(part)).map(<[u8]>::to_vec)
}

fn unquoted(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|octet| !matches!(octet, b'\\' | b'"')).collect()
}

impl Transaction {
    /// Begins with the sender, as written and as the mail server reads it, and a client, which may have
    /// authenticated.
    pub(crate) fn new(
        config: Arc<Config>,
        refuse_at: RefuseAt,
        time: u64,
        (mail_from, mail_from_resolved): (&[u8], Option<Vec<u8>>),
        (client, authenticated): (Client, bool),
    ) -> Self {
        let trusted = authenticated
            || match client {
                Client::Local => true,
                // What the host itself sends, unless the file says which networks are internal.
                Client::Address(address) => {
                    config.policy.internal_networks.is_empty() && address.is_loopback()
                }
                Client::Unknown => false,
            };
        let client = match client {
            Client::Local => None,
            Client::Address(address) => Some(address),
            Client::Unknown => Some(STRANGER),
        };
        Self {
            config,
            refuse_at,
            time,
            mail_from: mail_from.to_vec(),
            mail_from_resolved,
            client,
            trusted,
            accepted: Vec::new(),
            is_report: false,
            refused: false,
        }
    }

    /// Judges a recipient. Returns the reply where it is not accepted.
    pub(crate) fn recipient(
        &mut self,
        rcpt_to: &[u8],
        resolved: Resolved,
        queue: Option<&[u8]>,
        site: &impl Site,
    ) -> Option<String> {
        if self.held().is_some() {
            return Some(LATER.to_owned());
        }
        let question = self.question(rcpt_to, resolved.reading());
        let decision = self.config.policy.inbound(&question);
        match decision.action {
            Action::Refuse(ref reply) if !self.can_hold(decision.reason) => {
                self.log_inbound(&decision, question, queue, site);
                Some(reply.to_string())
            }
            _ => {
                self.accepted.push(Accepted { rcpt_to: rcpt_to.to_vec(), resolved, decision });
                None
            }
        }
    }

    /// The original of the last recipient, where it is delivered to that.
    pub(crate) fn original(&self) -> Option<&[u8]> {
        match &self.accepted.last()?.decision.action {
            Action::Original(original) => Some(original),
            Action::Accept | Action::Refuse(_) => None,
        }
    }

    /// Forgets the last recipient: the mail server has refused it itself.
    pub(crate) fn forget_last(&mut self) {
        self.accepted.pop();
    }

    /// Whether a recipient that is refused for a reason waits. A callout is a bounce to one recipient.
    fn can_hold(&self, reason: InboundReason) -> bool {
        self.refuse_at != RefuseAt::Rcpt && self.accepted.is_empty() && reason != InboundReason::TaggedMail
    }

    /// The refusal that waits.
    fn held(&self) -> Option<&Reply> {
        match &self.accepted.first()?.decision.action {
            Action::Refuse(reply) => Some(reply),
            Action::Accept | Action::Original(_) => None,
        }
    }

    /// Looks at a header field.
    pub(super) fn header(&mut self, name: &[u8], value: &[u8]) {
        self.is_report |= name.eq_ignore_ascii_case(b"Content-Type") && is_delivery_report(value);
    }

    /// The reply that refuses the message, now that all is known on which that depends.
    pub(super) fn refusal(&mut self, queue: Option<&[u8]>, site: &impl Site) -> Option<Reply> {
        if self.refuse_at == RefuseAt::Headers && !self.is_report {
            self.judge_what_is_no_report();
        }
        let reply = self.held().cloned()?;
        // The client may say DATA again.
        if let (false, Some(to)) = (self.refused, self.accepted.first()) {
            self.log_inbound(&to.decision, self.question(&to.rcpt_to, to.resolved.reading()), queue, site);
        }
        self.refused = true;
        Some(reply)
    }

    fn judge_what_is_no_report(&mut self) {
        let decisions = self.accepted.iter().zip(0..).map(|(to, before)| {
            let mut question = self.question(&to.rcpt_to, to.resolved.reading());
            question.recipients_before = before;
            question.is_report = Some(false);
            self.config.policy.inbound(&question)
        });
        let decisions: Vec<_> = decisions.collect();
        for (to, decision) in self.accepted.iter_mut().zip(decisions) {
            to.decision = decision;
        }
    }

    /// Appends the changes of the message, and logs what was decided on it.
    // Inlined, it would take a page of every session's stack, also of those that wait.
    #[inline(never)]
    pub(super) fn end(self, agreement: Agreement, queue: Option<&[u8]>, site: &impl Site, out: &mut Vec<u8>) {
        // Whose they are is Postfix's reading, where there is one.
        let recipients: Vec<&[u8]> =
            self.accepted.iter().map(|to| to.resolved.reading().unwrap_or(&to.rcpt_to)).collect();
        let decision = self.outbound(&recipients);
        self.log_accepted(&decision, queue, site);
        if let Some(signed) = &decision.signed {
            Change::Sender(&in_brackets(signed)).write(out);
        }
        self.deliver_to_originals(out);
        let mark = self.config.milter.as_ref().and_then(|milter| milter.mark.as_deref());
        if let Some(name) = mark.filter(|_| agreement.adds_headers()) {
            self.mark(name, out);
        }
    }

    fn question<'a>(&'a self, rcpt_to: &'a [u8], resolved: Option<&'a [u8]>) -> Recipient<'a> {
        let mut question = Recipient::new(&self.mail_from, rcpt_to, self.time);
        question.mail_from_resolved = self.mail_from_resolved.as_deref();
        question.rcpt_resolved = resolved;
        question.client = self.client;
        question.trusted = self.trusted;
        question.recipients_before = u32::try_from(self.accepted.len()).unwrap_or(u32::MAX);
        question
    }

    /// Whether the sender is signed, when these recipients are known.
    pub(crate) fn outbound(&self, recipients: &[&[u8]]) -> OutboundDecision {
        let mut question = Message::new(&self.mail_from, self.time);
        question.mail_from_resolved = self.mail_from_resolved.as_deref();
        question.recipients = recipients;
        question.client = self.client;
        question.trusted = self.trusted;
        self.config.policy.outbound(&question)
    }

    /// Logs what was decided on an accepted message.
    pub(crate) fn log_accepted(&self, decision: &OutboundDecision, queue: Option<&[u8]>, site: &impl Site) {
        for Accepted { rcpt_to, resolved, decision } in &self.accepted {
            self.log_inbound(decision, self.question(rcpt_to, resolved.reading()), queue, site);
        }
        let mut question = Message::new(&self.mail_from, self.time);
        question.client = known(self.client);
        let level = match decision.reason {
            OutboundReason::NullSender | OutboundReason::NotOurs => Level::Debug,
            _ => Level::Info,
        };
        self.log(level, decision.into(), &decision.log_line(&question, queue), site);
    }

    /// What is accepted is delivered to the original. One that is a recipient already is not added: it
    /// would get the message twice. No server tells mailboxes apart by case.
    fn deliver_to_originals(&self, out: &mut Vec<u8>) {
        let as_they_are = self.accepted.iter().filter(|to| matches!(to.decision.action, Action::Accept));
        let mut recipients: HashSet<_> =
            as_they_are.map(|to| in_brackets(&to.rcpt_to).to_ascii_lowercase()).collect();
        for to in &self.accepted {
            let Action::Original(original) = &to.decision.action else { continue };
            // Sendmail delivers to the original already. To delete the address would delete all that it
            // stands for, and Sendmail does not add again what was deleted: the message would be lost.
            if matches!(to.resolved, Resolved::Untagged) {
                continue;
            }
            Change::DeleteRecipient(&to.rcpt_to).write(out);
            if let Some(kept) = to.kept() {
                Change::DeleteRecipient(&in_brackets(&kept)).write(out);
            }
            let original = in_brackets(original);
            if recipients.insert(original.to_ascii_lowercase()) {
                Change::AddRecipient(&original).write(out);
            }
        }
    }

    /// Marks a message that would have been refused, with the reasons.
    fn mark(&self, name: &str, out: &mut Vec<u8>) {
        let mut reasons: Vec<&str> = Vec::new();
        for decision in self.accepted.iter().map(|to| &to.decision).filter(|decision| decision.monitored) {
            if !reasons.contains(&decision.reason.as_str()) {
                reasons.push(decision.reason.as_str());
            }
        }
        if !reasons.is_empty() {
            Change::AddHeader(name, &reasons.join(", ")).write(out);
        }
    }

    fn log_inbound(
        &self,
        decision: &InboundDecision,
        mut question: Recipient<'_>,
        queue: Option<&[u8]>,
        site: &impl Site,
    ) {
        question.client = known(self.client);
        let level = match (&decision.action, decision.reason) {
            (Action::Refuse(_), _) => Level::Notice,
            _ if decision.monitored => Level::Notice,
            (_, InboundReason::NotOurs) => Level::Debug,
            _ => Level::Info,
        };
        self.log(level, decision.into(), &decision.log_line(&question, queue), site);
    }

    fn log(&self, level: Level, decision: Decided, line: &str, site: &impl Site) {
        site.count(decision);
        let quiet = self.config.milter.as_ref().is_some_and(|milter| milter.quiet);
        if level <= Level::Notice || !quiet {
            site.log(level, line);
        }
    }
}

/// The address of a client for the log.
fn known(client: Option<IpAddr>) -> Option<IpAddr> {
    client.filter(|client| *client != STRANGER)
}

/// A path as SMTP has it.
fn in_brackets(path: &[u8]) -> Cow<'_, [u8]> {
    if path.starts_with(b"<") { Cow::Borrowed(path) } else { Cow::Owned([b"<", path, b">"].concat()) }
}
