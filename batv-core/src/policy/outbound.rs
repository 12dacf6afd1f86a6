//! The decision on mail that leaves: signed or not.

use super::Policy;
use super::reading::{Path, Reading, Role};
use crate::key_number::KeyNumber;
use crate::key_ring::SignError;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

/// What is known of a message that leaves.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Message<'a> {
    /// The reverse-path as in the command, with or without angle brackets.
    pub mail_from: &'a [u8],
    /// The reverse-path as the server itself reads it, where it tells; empty for the null sender.
    pub mail_from_resolved: Option<&'a [u8]>,
    /// All the recipients. Where they are not known, none: the rules on them then do not apply.
    pub recipients: &'a [&'a [u8]],
    /// When the message was received, in UNIX seconds: the tag must stay the same over all delivery
    /// attempts, or greylisting never lets the message through.
    pub time: u64,
    /// The address of the client, if known.
    pub client: Option<IpAddr>,
    /// Whether the client is authenticated or local.
    pub trusted: bool,
}

impl<'a> Message<'a> {
    /// A message of an unknown client to unknown recipients.
    #[must_use]
    pub fn new(mail_from: &'a [u8], time: u64) -> Self {
        Self { mail_from, mail_from_resolved: None, recipients: &[], time, client: None, trusted: false }
    }
}

/// The decision on the reverse-path of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboundDecision {
    /// The signed reverse-path, None where it stays as it is. It has angle brackets if the
    /// reverse-path had.
    pub signed: Option<Vec<u8>>,
    /// Why.
    pub reason: OutboundReason,
    /// The number of the key that signed.
    pub key_number: Option<KeyNumber>,
}

impl OutboundDecision {
    /// A decision by no key in particular.
    #[must_use]
    pub fn new(signed: Option<Vec<u8>>, reason: OutboundReason) -> Self {
        Self { signed, reason, key_number: None }
    }

    /// What is done, for logs: `sign` or `leave`.
    #[must_use]
    pub fn action(&self) -> &'static str {
        if self.signed.is_some() { "sign" } else { "leave" }
    }
}

/// Why a reverse-path is signed or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutboundReason {
    /// It is signed.
    Signed,
    /// The null sender is never signed.
    NullSender,
    /// It is not an address.
    Unreadable,
    /// No key is for it.
    NotOurs,
    /// It is exempt.
    Exempt,
    /// The client is known, and neither trusted nor in the internal networks.
    NotInternal,
    /// Every recipient is ours, and such mail is left as it is.
    Local,
    /// A recipient's domain cannot bear tags.
    UntaggedDestination,
    /// It carries a tag already.
    Tagged,
    /// The signed local-part would be longer than 64 octets.
    TooLong,
    /// No key that is for it signs.
    NoSigningKey,
}

impl OutboundReason {
    /// The reason's word, for logs. Words do not change.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::NullSender => "null-sender",
            Self::Unreadable => "unreadable",
            Self::NotOurs => "not-ours",
            Self::Exempt => "exempt",
            Self::NotInternal => "not-internal",
            Self::Local => "local",
            Self::UntaggedDestination => "untagged-destination",
            Self::Tagged => "tagged",
            Self::TooLong => "too-long",
            Self::NoSigningKey => "no-signing-key",
        }
    }
}

impl fmt::Display for OutboundReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<SignError> for OutboundReason {
    fn from(error: SignError) -> Self {
        match error {
            SignError::NoSigningKey => Self::NoSigningKey,
            SignError::Tagged => Self::Tagged,
            SignError::TooLong { .. } => Self::TooLong,
        }
    }
}

impl Policy {
    /// Decides on the reverse-path of a message.
    #[must_use]
    pub fn outbound(&self, message: &Message<'_>) -> OutboundDecision {
        let path = self.read(message.mail_from, message.mail_from_resolved, Role::Sender);
        let signed = match path.address() {
            Some(address) => self.sign(message, &self.look_at(address)),
            None if matches!(path, Path::Null) => Err(OutboundReason::NullSender),
            None => Err(OutboundReason::Unreadable),
        };
        match signed {
            Ok((signed, key_number)) => {
                OutboundDecision { key_number, ..OutboundDecision::new(Some(signed), OutboundReason::Signed) }
            }
            Err(reason) => OutboundDecision::new(None, reason),
        }
    }

    fn sign(
        &self,
        message: &Message<'_>,
        sender: &Reading<'_, '_>,
    ) -> Result<(Vec<u8>, Option<KeyNumber>), OutboundReason> {
        let keys = sender.keys.ok_or(OutboundReason::NotOurs)?;
        if self.is_exempt(sender) {
            return Err(OutboundReason::Exempt);
        }
        // Strangers that use our domain get no tag.
        if !message.trusted
            && message.client.is_some_and(|client| !Self::holds(&self.internal_networks, client))
        {
            return Err(OutboundReason::NotInternal);
        }
        self.check_recipients(message.recipients)?;
        let signed = keys.sign_found(&sender.address, &sender.found, message.time)?;
        Ok((signed.to_vec(), keys.signing()))
    }

    fn check_recipients(&self, recipients: &[&[u8]]) -> Result<(), OutboundReason> {
        let mut all_ours = true;
        for recipient in recipients {
            let path = self.read(recipient, None, Role::Recipient);
            let recipient = path.address().map(|address| self.look_at(address));
            all_ours &= recipient.as_ref().is_some_and(|recipient| recipient.keys.is_some());
            if recipient
                .is_some_and(|recipient| self.untagged_destinations.find(&recipient.mailbox).is_some())
            {
                return Err(OutboundReason::UntaggedDestination);
            }
        }
        let is_local = !recipients.is_empty() && all_ours;
        if is_local && !self.sign_local { Err(OutboundReason::Local) } else { Ok(()) }
    }
}
