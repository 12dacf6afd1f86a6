//! Policy: which mail is signed, which bounce is refused, for all the domains of a site.

mod inbound;
mod outbound;
mod patterns;
mod reading;

pub use inbound::{Action, Decision, Inbound, Reason, Reply};
pub use outbound::{Outbound, OutboundReason};
pub use patterns::{Pattern, PatternError, Patterns};

use crate::address::{Address, Mailbox, Original};
use crate::key_ring::KeyRing;
use crate::tag::{Delimiter, Found, find};
use crate::verdict::Verdict;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use ipnet::IpNet;

/// What a site signs and refuses.
///
/// Two pure functions decide: [`outbound`](Self::outbound) for mail that leaves,
/// [`inbound`](Self::inbound) for each recipient of mail that comes. Both read addresses as the
/// mail server will: `<@relay:user@EXAMPLE.COM.>` is `user@example.com`.
///
/// # Examples
/// ```
/// use batv_core::{Action, Inbound, KeyNumber, KeyRing, Pattern, Policy, Secret, Settings};
///
/// let mut keys = KeyRing::new(Settings::default());
/// keys.insert(KeyNumber::new(0)?, Secret::new(b"secret")?);
/// keys.sign_with(KeyNumber::new(0)?)?;
/// let mut policy = Policy::default();
/// policy.keys.insert(Pattern::parse("example.test")?, keys.into());
///
/// let signed = policy.outbound(b"alice@example.test", [&b"bob@example.org"[..]], 1_795_348_800);
/// assert_eq!(signed.signed.as_deref(), Some(&b"prvs=0786864c09=alice@example.test"[..]));
///
/// let bounce = Inbound::new(b"<>", b"<alice@example.test>", 1_795_348_800);
/// let Action::Refuse(reply) = policy.inbound(&bounce).action else { panic!() };
/// assert!(reply.to_string().starts_with("550 5.7.1 "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    /// The key ring of each address and domain; what none is for is not ours.
    pub keys: Patterns<Arc<KeyRing>>,
    /// What stands before the tag of a sub-address; the same as in the settings of the key rings.
    pub delimiter: Delimiter,
    /// The domain of addresses that have none.
    pub default_domain: Option<String>,
    /// Whether `user%domain` at a domain of ours, or without one, is `user@domain`: on, as in
    /// Postfix (`allow_percent_hack`).
    pub percent_hack: bool,
    /// Whether `domain!user` at a domain of ours, or without one, is `user@domain`: on, as in
    /// Postfix (`swap_bangpath`).
    pub bang_path: bool,
    /// Addresses neither signed nor judged.
    pub exempt: Patterns<()>,
    /// Whether mail is signed whose every recipient is ours: on, for a recipient may forward it,
    /// and its bounce would come back unsigned.
    pub sign_local: bool,
    /// Destinations that cannot bear tags: mail with a recipient there stays unsigned.
    pub untagged_destinations: Patterns<()>,
    /// Hosts whose bounces are accepted untagged: internal ones, and those of the destinations.
    pub clients: Vec<IpNet>,
    /// Envelope senders of bounces besides the null sender and `mailer-daemon@`.
    pub bounce_senders: Patterns<()>,
    /// Whether ordinary mail to a tagged address is refused: off, for vacation responders answer
    /// to the return path.
    pub refuse_tagged_mail: bool,
    /// Whether a bounce is refused from its second recipient on: off. A real one has exactly one
    /// (RFC 5321 section 4.5.5).
    pub one_recipient: bool,
    /// Whether, and until when, nothing is refused.
    pub monitor: Monitor,
}

/// When nothing is refused, and the reason says what would have been.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Monitor {
    /// Never: the policy is enforced.
    #[default]
    Off,
    /// Always.
    On,
    /// Before this time, in UNIX seconds.
    Until(u64),
}

impl Monitor {
    /// Whether nothing is refused at a time in UNIX seconds.
    #[must_use]
    pub fn is_on(self, time: u64) -> bool {
        match self {
            Self::Off => false,
            Self::On => true,
            Self::Until(end) => time < end,
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            keys: Patterns::default(),
            delimiter: Delimiter::default(),
            default_domain: None,
            percent_hack: true,
            bang_path: true,
            exempt: Patterns::default(),
            sign_local: true,
            untagged_destinations: Patterns::default(),
            clients: Vec::new(),
            bounce_senders: Patterns::default(),
            refuse_tagged_mail: false,
            one_recipient: false,
            monitor: Monitor::Off,
        }
    }
}

impl Policy {
    /// The key ring of an address; a tag on the address is looked through.
    #[must_use]
    pub fn key_ring(&self, address: &Address<'_>) -> Option<&KeyRing> {
        self.keys.find(&self.untagged(address)).map(AsRef::as_ref)
    }

    /// Judges an address at a time in UNIX seconds by the key ring that is for it.
    ///
    /// An address that no key is for has none of the secrets: a tag on it is
    /// [`Verdict::UnknownKey`].
    #[must_use]
    pub fn verify<'a>(&self, address: &Address<'a>, time: u64) -> Verdict<'a> {
        match self.key_ring(address) {
            Some(keys) => keys.verify(address, time),
            None => KeyRing::default().verify(address, time),
        }
    }

    /// The address without the tag of a key ring, authentic or not.
    fn original<'a>(&self, address: &Address<'a>) -> Option<Original<'a>> {
        match find(address, self.delimiter) {
            Found::Tag(_, _, original) => Some(original),
            Found::Nothing | Found::Malformed => None,
        }
    }

    fn untagged<'a>(&self, address: &Address<'a>) -> Mailbox<'a> {
        self.original(address).map_or_else(|| address.mailbox(), |original| original.mailbox())
    }

    fn is_ours(&self, address: &Address<'_>) -> bool {
        self.key_ring(address).is_some()
    }

    fn is_exempt(&self, address: &Address<'_>) -> bool {
        self.exempt.find(&self.untagged(address)).is_some()
    }
}
