//! The decision on mail that comes: accepted, accepted for the original recipient, or refused.

use super::Policy;
use super::folded::Folded;
use super::reading::{Path, Reading, Role};
use super::reply::Reply;
use crate::address::parse;
use crate::day::Day;
use crate::key_number::KeyNumber;
use crate::key_ring::KeyRing;
use crate::verdict::Verdict;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

/// What is known of a recipient at RCPT. Each recipient is judged by itself.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Recipient<'a> {
    /// The reverse-path as in the command, with or without angle brackets.
    pub mail_from: &'a [u8],
    /// The reverse-path as the server itself reads it, where it tells; empty for the null sender.
    pub mail_from_resolved: Option<&'a [u8]>,
    /// The recipient as in the command, with or without angle brackets.
    pub rcpt_to: &'a [u8],
    /// The recipient as the server itself reads it, where it tells: it says whose mailbox it is.
    pub rcpt_resolved: Option<&'a [u8]>,
    /// The time in UNIX seconds.
    pub time: u64,
    /// The address of the client, if known.
    pub client: Option<IpAddr>,
    /// Whether the client is authenticated or local.
    pub trusted: bool,
    /// The number of recipients of this message before this one.
    pub recipients_before: u32,
    /// Whether the message says that it is a [delivery report](crate::is_delivery_report), where its
    /// header is known. A bounce is not refused if it says that it is something else.
    pub is_report: Option<bool>,
}

impl<'a> Recipient<'a> {
    /// The first recipient of a message of an unknown client.
    #[must_use]
    pub fn new(mail_from: &'a [u8], rcpt_to: &'a [u8], time: u64) -> Self {
        Self {
            mail_from,
            mail_from_resolved: None,
            rcpt_to,
            rcpt_resolved: None,
            time,
            client: None,
            trusted: false,
            recipients_before: 0,
            is_report: None,
        }
    }
}

/// The decision on a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InboundDecision {
    /// What to do.
    pub action: Action,
    /// Why.
    pub reason: InboundReason,
    /// Whether the policy only monitors, and the recipient would have been refused for this
    /// reason.
    pub monitored: bool,
    /// The key number of the tag, authentic or not, where there is one on an address with keys.
    pub key_number: Option<KeyNumber>,
    /// The days that the same tag says are left, 0 to 100; None when its day has passed.
    pub days_left: Option<u8>,
}

impl InboundDecision {
    /// A decision on a recipient that is not monitored and has no tag.
    #[must_use]
    pub fn new(action: Action, reason: InboundReason) -> Self {
        Self { action, reason, monitored: false, key_number: None, days_left: None }
    }
}

/// What to do with a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Accept it as it is.
    Accept,
    /// Accept it, for the original address, which has angle brackets if the recipient had.
    Original(Vec<u8>),
    /// Refuse it.
    Refuse(Reply),
}

impl Action {
    /// The action's word, for logs: `accept`, `original` or `refuse`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Original(_) => "original",
            Self::Refuse(_) => "refuse",
        }
    }
}

/// Why a recipient is accepted or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InboundReason {
    /// Refused: a bounce to what cannot be read, and so was never signed.
    Unreadable,
    /// Accepted: no key is for the recipient.
    NotOurs,
    /// Accepted: the client is trusted, internal or listed.
    Client,
    /// Accepted: the recipient is exempt.
    Exempt,
    /// Accepted: not a bounce.
    NotABounce,
    /// Accepted: the tag is authentic and in time.
    Pass,
    /// Accepted: the recipient is too long to have been signed.
    TooLong,
    /// Refused: a bounce without a tag.
    Missing,
    /// Refused: a bounce with a malformed tag.
    Malformed,
    /// Refused: a bounce with a tag of an unknown key.
    UnknownKey,
    /// Refused: a bounce with a tag that the key did not make.
    BadSignature,
    /// Refused: a bounce with a tag whose day has passed.
    Expired,
    /// Refused: a further recipient of a bounce.
    SecondRecipient,
    /// Refused: ordinary mail to a tagged address.
    TaggedMail,
    /// Accepted: a bounce that would be refused, but does not say that it is a delivery report.
    NotAReport,
}

impl InboundReason {
    /// The reason's word, for logs. Words do not change.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::NotOurs => "not-ours",
            Self::Client => "client",
            Self::Exempt => "exempt",
            Self::NotABounce => "not-a-bounce",
            Self::Pass => "pass",
            Self::TooLong => "too-long",
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown-key",
            Self::BadSignature => "bad-signature",
            Self::Expired => "expired",
            Self::SecondRecipient => "second-recipient",
            Self::TaggedMail => "tagged-mail",
            Self::NotAReport => "not-a-report",
        }
    }
}

impl InboundReason {
    /// Whether a recipient is refused for it.
    fn refuses(self) -> bool {
        match self {
            Self::NotOurs
            | Self::Client
            | Self::Exempt
            | Self::NotABounce
            | Self::Pass
            | Self::TooLong
            | Self::NotAReport => false,
            Self::Unreadable
            | Self::Missing
            | Self::Malformed
            | Self::UnknownKey
            | Self::BadSignature
            | Self::Expired
            | Self::SecondRecipient
            | Self::TaggedMail => true,
        }
    }
}

impl InboundReason {
    /// The reason on a bounce, where it is known whether it is a delivery report.
    fn of_a_report(self, recipient: &Recipient<'_>) -> Self {
        if self.refuses() && recipient.is_report == Some(false) { Self::NotAReport } else { self }
    }
}

impl fmt::Display for InboundReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<&Verdict<'_>> for InboundReason {
    fn from(verdict: &Verdict<'_>) -> Self {
        match verdict {
            Verdict::Missing => Self::Missing,
            Verdict::Malformed => Self::Malformed,
            Verdict::UnknownKey => Self::UnknownKey,
            Verdict::BadSignature => Self::BadSignature,
            Verdict::Expired(_) => Self::Expired,
            Verdict::Pass(_) => Self::Pass,
        }
    }
}

impl Policy {
    /// Decides on one recipient.
    #[must_use]
    pub fn inbound(&self, recipient: &Recipient<'_>) -> InboundDecision {
        let is_bounce = self.is_bounce(recipient);
        let role = if is_bounce { Role::BounceRecipient } else { Role::Recipient };
        let path = self.read(recipient.rcpt_to, recipient.rcpt_resolved, role);
        match (path.address().map(|address| self.look_at(address)), &path) {
            (Some(reading), _) => self.judge(recipient, &reading, is_bounce),
            (None, Path::Unreadable { domain }) => {
                self.judge_unreadable(recipient, domain.as_deref(), is_bounce)
            }
            (None, _) => self.decide(recipient, InboundReason::NotOurs, None, Action::Accept),
        }
    }

    fn judge(
        &self,
        recipient: &Recipient<'_>,
        reading: &Reading<'_, '_>,
        is_bounce: bool,
    ) -> InboundDecision {
        let Some(keys) = reading.keys else {
            return self.decide(recipient, InboundReason::NotOurs, None, Action::Accept);
        };
        let reason = if self.is_known(recipient) {
            InboundReason::Client
        } else if self.is_exempt(reading) {
            InboundReason::Exempt
        } else if is_bounce {
            self.reason_of_bounce(recipient, reading, keys)
        } else if reading.tag().is_some() && self.refuse_tagged_mail {
            InboundReason::TaggedMail
        } else {
            InboundReason::NotABounce
        };
        // Whatever is accepted is delivered to the original, by the shape of the tag: judging happens
        // here, and the servers behind know nothing of tags.
        let accepted = match reading.original() {
            Some(original) => Action::Original(original.to_vec()),
            None => Action::Accept,
        };
        let mut decision = self.decide(recipient, reason, Some(&reading.mailbox), accepted);
        if let Some(tag) = reading.tag() {
            decision.key_number = Some(tag.key_number());
            decision.days_left = tag.expiry().days_left(Day::at(recipient.time));
        }
        decision
    }

    fn reason_of_bounce(
        &self,
        recipient: &Recipient<'_>,
        reading: &Reading<'_, '_>,
        keys: &KeyRing,
    ) -> InboundReason {
        let reason = match InboundReason::from(&reading.verdict(recipient.time)) {
            // What cannot be signed must not be refused for being unsigned.
            InboundReason::Missing if keys.is_too_long(&reading.address) => InboundReason::TooLong,
            reason => reason,
        };
        let is_second = self.one_recipient && recipient.recipients_before > 0;
        let reason = if is_second && !reason.refuses() { InboundReason::SecondRecipient } else { reason };
        reason.of_a_report(recipient)
    }

    /// Decides on what cannot be read: since nothing of the kind is signed, a bounce to it is never a
    /// genuine one of ours, unless its domain is plainly none of ours.
    fn judge_unreadable(
        &self,
        recipient: &Recipient<'_>,
        domain: Option<&[u8]>,
        is_bounce: bool,
    ) -> InboundDecision {
        let mailboxes = domain.map(Folded::of_domain);
        let reason = if domain.is_some_and(|domain| !self.keys().has_domain(domain)) {
            InboundReason::NotOurs
        } else if self.is_known(recipient) {
            InboundReason::Client
        } else if mailboxes.as_ref().is_some_and(|mailboxes| self.exempt.find(mailboxes).is_some()) {
            InboundReason::Exempt
        } else if is_bounce {
            InboundReason::Unreadable.of_a_report(recipient)
        } else {
            InboundReason::NotABounce
        };
        self.decide(recipient, reason, mailboxes.as_ref(), Action::Accept)
    }

    /// The decision that follows from a reason: `accepted` unless it refuses and is enforced.
    fn decide(
        &self,
        recipient: &Recipient<'_>,
        reason: InboundReason,
        mailbox: Option<&Folded>,
        accepted: Action,
    ) -> InboundDecision {
        let is_on = || match mailbox {
            Some(mailbox) => self.monitor.is_on_for(mailbox, recipient.time),
            None => self.monitor.is_on(recipient.time),
        };
        let monitored = reason.refuses() && is_on();
        let action =
            if reason.refuses() && !monitored { Action::Refuse(self.reply.reply(reason)) } else { accepted };
        InboundDecision { monitored, ..InboundDecision::new(action, reason) }
    }

    /// Whether the client is trusted, internal or listed.
    fn is_known(&self, recipient: &Recipient<'_>) -> bool {
        let is_listed = |client| {
            Self::holds(&self.internal_networks, client) || Self::holds(&self.untagged_clients, client)
        };
        recipient.trusted || recipient.client.is_some_and(is_listed)
    }

    /// Whether the reverse-path is that of a bounce.
    fn is_bounce(&self, recipient: &Recipient<'_>) -> bool {
        let path = self.read(recipient.mail_from, recipient.mail_from_resolved, Role::Sender);
        let sender = match &path {
            Path::Null => return true,
            // `mailer-daemon` is known without a domain too.
            Path::NoDomain(text) => parse(text).ok(),
            path => path.address(),
        };
        let sender = sender.map(|sender| Folded::new(&sender.mailbox()));
        sender.is_some_and(|sender| {
            sender.local_part() == b"mailer-daemon" || self.bounce_senders.find(&sender).is_some()
        })
    }
}
