//! The decision on mail that leaves: signed or not.

use super::Policy;
use super::reading::Reading;
use crate::address::Address;
use crate::key_ring::SignError;
use alloc::vec::Vec;
use core::fmt;

/// The decision on the reverse-path of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// The signed reverse-path, None where it stays as it is. It has angle brackets if the
    /// reverse-path had.
    pub signed: Option<Vec<u8>>,
    /// Why.
    pub reason: OutboundReason,
}

/// Why a reverse-path is signed or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutboundReason {
    /// It is signed.
    Signed,
    /// The null sender is never signed.
    NullSender,
    /// It is no address.
    Unreadable,
    /// No key is for it.
    NotOurs,
    /// It is exempt.
    Exempt,
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
    /// The reason's word, for logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::NullSender => "null-sender",
            Self::Unreadable => "unreadable",
            Self::NotOurs => "not-ours",
            Self::Exempt => "exempt",
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
    /// Decides on the reverse-path of a message with these recipients.
    ///
    /// `time`, in UNIX seconds, is when the message was received: the tag must stay the same over
    /// all delivery attempts. Where the recipients are not known, pass none: the rules on them
    /// then do not apply.
    pub fn outbound<'r>(
        &self,
        mail_from: &[u8],
        recipients: impl IntoIterator<Item = &'r [u8]>,
        time: u64,
    ) -> Outbound {
        match self.sign(mail_from, recipients, time) {
            Ok(signed) => Outbound { signed: Some(signed), reason: OutboundReason::Signed },
            Err(reason) => Outbound { signed: None, reason },
        }
    }

    fn sign<'r>(
        &self,
        mail_from: &[u8],
        recipients: impl IntoIterator<Item = &'r [u8]>,
        time: u64,
    ) -> Result<Vec<u8>, OutboundReason> {
        let sender = self.read(mail_from).map_err(|_| OutboundReason::Unreadable)?;
        let sender = sender.address().ok_or(OutboundReason::NullSender)?;
        let keys = self.key_ring(&sender).ok_or(OutboundReason::NotOurs)?;
        if self.is_exempt(&sender) {
            return Err(OutboundReason::Exempt);
        }
        self.check_recipients(recipients)?;
        Ok(keys.sign(&sender, time)?.to_vec())
    }

    fn check_recipients<'r>(
        &self,
        recipients: impl IntoIterator<Item = &'r [u8]>,
    ) -> Result<(), OutboundReason> {
        let (mut some, mut all_ours) = (false, true);
        for recipient in recipients {
            some = true;
            let recipient = self.read(recipient);
            let recipient = recipient.as_ref().ok().and_then(Reading::address);
            all_ours &= recipient.is_some_and(|recipient| self.is_ours(&recipient));
            if recipient.is_some_and(|recipient| self.cannot_bear_tags(&recipient)) {
                return Err(OutboundReason::UntaggedDestination);
            }
        }
        if some && all_ours && !self.sign_local { Err(OutboundReason::Local) } else { Ok(()) }
    }

    fn cannot_bear_tags(&self, recipient: &Address<'_>) -> bool {
        self.untagged_destinations.find(&recipient.mailbox()).is_some()
    }
}
