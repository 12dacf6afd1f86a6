//! Monitor mode: the reason says what would have been refused.

use super::folded::Folded;
use super::patterns::Patterns;

/// When nothing is refused, and the reason says what would have been.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Monitor {
    /// Never: the policy is enforced.
    #[default]
    Off,
    /// Always.
    On,
    /// Before this time, in UNIX seconds.
    Until(u64),
    /// For these recipients; it is enforced for the others.
    For(Patterns<()>),
}

impl Monitor {
    /// Whether nothing at all is refused at a time in UNIX seconds.
    #[must_use]
    pub fn is_on(&self, time: u64) -> bool {
        match self {
            Self::Off | Self::For(_) => false,
            Self::On => true,
            Self::Until(end) => time < *end,
        }
    }

    /// Whether nothing is refused to a mailbox.
    pub(super) fn is_on_for(&self, mailbox: &Folded, time: u64) -> bool {
        match self {
            Self::For(recipients) => recipients.find(mailbox).is_some(),
            _ => self.is_on(time),
        }
    }
}
