//! The decision on mail that comes: accepted, accepted for the original recipient, or refused.

use super::Policy;
use super::reading::Reading;
use crate::address::Address;
use crate::verdict::Verdict;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

/// What is known at RCPT. Each recipient is judged by itself.
#[derive(Clone, Copy, Debug)]
pub struct Inbound<'a> {
    /// The reverse-path, with or without angle brackets.
    pub mail_from: &'a [u8],
    /// The recipient, with or without angle brackets.
    pub rcpt_to: &'a [u8],
    /// The time in UNIX seconds.
    pub time: u64,
    /// The address of the client, if known.
    pub client: Option<IpAddr>,
    /// Whether the client is authenticated or internal.
    pub trusted: bool,
    /// The number of recipients of this message before this one.
    pub recipients_before: u32,
}

impl<'a> Inbound<'a> {
    /// The first recipient of a message of an unknown client.
    #[must_use]
    pub fn new(mail_from: &'a [u8], rcpt_to: &'a [u8], time: u64) -> Self {
        Self { mail_from, rcpt_to, time, client: None, trusted: false, recipients_before: 0 }
    }
}

/// The decision on a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What to do.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// Whether the policy only monitors, and the recipient would have been refused for this
    /// reason.
    pub monitored: bool,
}

/// What to do with a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Accept it as it is.
    Accept,
    /// Accept it, for the original address, which has angle brackets if the recipient had.
    AcceptAs(Vec<u8>),
    /// Refuse it.
    Refuse(Reply),
}

/// The SMTP reply of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The reply code, 550 (RFC 5321 section 4.2.3).
    pub code: u16,
    /// The enhanced status code, 5.7.1 (RFC 3463).
    pub enhanced: &'static str,
    /// What a human reads.
    pub text: &'static str,
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.code, self.enhanced, self.text)
    }
}

/// Why a recipient is accepted or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Accepted: the recipient is no address that BATV could judge; the server will.
    Unreadable,
    /// Accepted: no key is for the recipient.
    NotOurs,
    /// Accepted: the client is internal, authenticated or listed.
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
}

impl Reason {
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
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Malformed => "Not a bounce of mail sent from here (BATV: the tag is malformed)",
            Self::UnknownKey => "Not a bounce of mail sent from here (BATV: the tag has an unknown key)",
            Self::BadSignature => "Not a bounce of mail sent from here (BATV: the tag is forged)",
            Self::Expired => "This bounce comes too late (BATV: the tag has expired)",
            Self::SecondRecipient => "A bounce has exactly one recipient",
            Self::TaggedMail => "This address receives bounces only",
            _ => "Not a bounce of mail sent from here (BATV: the address has no tag)",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A verdict on a bounce that is refused, or why the bounce is accepted.
impl From<&Verdict<'_>> for Reason {
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
    pub fn inbound(&self, inbound: &Inbound<'_>) -> Decision {
        let reading = self.read(inbound.rcpt_to);
        let Some(recipient) = reading.as_ref().ok().and_then(Reading::address) else {
            return accept(Action::Accept, Reason::Unreadable);
        };
        let Some(keys) = self.key_ring(&recipient) else {
            return accept(Action::Accept, Reason::NotOurs);
        };
        let verdict = keys.verify(&recipient, inbound.time);
        let under_authentic = || match verdict.authentic() {
            Some(authentic) => Action::AcceptAs(authentic.original.to_vec()),
            None => Action::Accept,
        };
        if inbound.trusted || self.is_listed(inbound.client) {
            return accept(under_authentic(), Reason::Client);
        }
        if self.is_exempt(&recipient) {
            return accept(under_authentic(), Reason::Exempt);
        }
        let tagged = self.original(&recipient);
        let reason = if self.is_bounce(inbound.mail_from) {
            // What cannot be signed must not be refused for being unsigned.
            let too_long = tagged.is_none() && keys.is_too_long(&recipient);
            match if too_long { Reason::TooLong } else { Reason::from(&verdict) } {
                Reason::Pass | Reason::TooLong if self.one_recipient && inbound.recipients_before > 0 => {
                    Reason::SecondRecipient
                }
                reason @ (Reason::Pass | Reason::TooLong) => return accept(under_authentic(), reason),
                reason => reason,
            }
        } else if tagged.is_some() && self.refuse_tagged_mail {
            Reason::TaggedMail
        } else {
            return accept(self.under_original(&recipient), Reason::NotABounce);
        };
        if self.monitor.is_on(inbound.time) {
            return Decision { action: self.under_original(&recipient), reason, monitored: true };
        }
        let reply = Reply { code: 550, enhanced: "5.7.1", text: reason.text() };
        Decision { action: Action::Refuse(reply), reason, monitored: false }
    }

    /// Whether a reverse-path is that of a bounce.
    fn is_bounce(&self, mail_from: &[u8]) -> bool {
        // `mailer-daemon` may lack a domain where there is no default one to add.
        let default_domain = self.default_domain.as_deref().unwrap_or("invalid");
        let Ok(sender) = self.read_at(mail_from, Some(default_domain.as_bytes())) else {
            return false;
        };
        sender.address().is_none_or(|sender| {
            let mailbox = sender.mailbox();
            mailbox.content().map(|octet| octet.to_ascii_lowercase()).eq(*b"mailer-daemon")
                || self.bounce_senders.find(&mailbox).is_some()
        })
    }

    fn is_listed(&self, client: Option<IpAddr>) -> bool {
        let client = client.map(|client| client.to_canonical());
        client.is_some_and(|client| self.clients.iter().any(|net| net.contains(&client)))
    }

    /// Accepts under the original address whoever made the tag.
    fn under_original(&self, recipient: &Address<'_>) -> Action {
        match self.original(recipient) {
            Some(original) => Action::AcceptAs(original.to_vec()),
            None => Action::Accept,
        }
    }
}

fn accept(action: Action, reason: Reason) -> Decision {
    Decision { action, reason, monitored: false }
}
