//! Policy: which mail is signed, which bounce is refused, for all the domains of a site.

mod folded;
mod inbound;
mod log_line;
mod monitor;
mod outbound;
mod patterns;
mod reading;
mod reply;
mod trim;

pub use inbound::{Action, InboundDecision, InboundReason, Recipient};
pub use log_line::log_line_with_queue;
pub use monitor::Monitor;
pub use outbound::{Message, OutboundDecision, OutboundReason};
pub use patterns::{Pattern, PatternError, Patterns};
pub use reply::{Reply, ReplyText, ReplyTextError};

use crate::address::{Address, Original};
use crate::key_ring::{KeyRing, Settings};
use crate::verdict::Verdict;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;
use ipnet::IpNet;
use reading::Reading;

/// What a site signs and refuses.
///
/// Two pure functions decide: [`outbound`](Self::outbound) for mail that leaves,
/// [`inbound`](Self::inbound) for each recipient of mail that comes. Both read addresses as the
/// mail server will: `<@relay:user@EXAMPLE.COM.>` is `user@example.com`.
///
/// # Examples
/// ```
/// use batv_core::{
///     Action, KeyNumber, KeyRing, Message, Pattern, Policy, Recipient, Secret, Settings,
/// };
///
/// let mut keys = KeyRing::new(Settings::default());
/// keys.add(KeyNumber::new(0)?, Secret::new(b"secret")?);
/// keys.sign_with(KeyNumber::new(0)?)?;
/// let mut policy = Policy::default();
/// policy.add_keys(Pattern::parse("example.test")?, keys);
///
/// let message = Message::new(b"alice@example.test", 1_795_348_800);
/// let signed = policy.outbound(&message).signed;
/// assert_eq!(signed.as_deref(), Some(&b"prvs=0786864c09=alice@example.test"[..]));
///
/// let bounce = Recipient::new(b"<>", b"<alice@example.test>", 1_795_348_800);
/// let Action::Refuse(reply) = policy.inbound(&bounce).action else { panic!() };
/// assert!(reply.to_string().starts_with("550 5.7.1 "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Policy {
    settings: Settings,
    keys: Patterns<Arc<KeyRing>>,
    /// The domain of addresses that have none.
    pub default_domain: Option<String>,
    /// Whether `user%domain` and `"user@domain"` at a domain of ours, or without one, are
    /// `user@domain`: on, as in Postfix (`allow_percent_hack`, `resolve_dequoted_address`).
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
    /// Hosts whose bounces are accepted untagged, such as those of the destinations above.
    pub untagged_clients: Vec<IpNet>,
    /// Networks whose mail is ours to sign and never judged. Mail of other clients that are known
    /// and not trusted is not signed.
    pub internal_networks: Vec<IpNet>,
    /// Envelope senders of bounces besides the null sender and `mailer-daemon@`.
    pub bounce_senders: Patterns<()>,
    /// Whether ordinary mail to a tagged address is refused: off, for vacation responders answer
    /// to the return path.
    pub refuse_tagged_mail: bool,
    /// Whether a bounce is refused from its second recipient on: off. A real one has exactly one
    /// (RFC 5321 section 4.5.5).
    pub one_recipient: bool,
    /// For which recipients, and until when, nothing is refused.
    pub monitor: Monitor,
    /// What a refusal says.
    pub reply: ReplyText,
}

impl Default for Policy {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl Policy {
    /// A policy without keys, which neither signs nor refuses.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            keys: Patterns::default(),
            default_domain: None,
            percent_hack: true,
            bang_path: true,
            exempt: Patterns::default(),
            sign_local: true,
            untagged_destinations: Patterns::default(),
            untagged_clients: Vec::new(),
            internal_networks: Vec::new(),
            bounce_senders: Patterns::default(),
            refuse_tagged_mail: false,
            one_recipient: false,
            monitor: Monitor::Off,
            reply: ReplyText::default(),
        }
    }

    /// The same policy for other keys: a copy of all but the keys.
    #[must_use]
    pub fn without_keys(&self) -> Self {
        Self {
            settings: self.settings,
            keys: Patterns::default(),
            default_domain: self.default_domain.clone(),
            percent_hack: self.percent_hack,
            bang_path: self.bang_path,
            exempt: self.exempt.clone(),
            sign_local: self.sign_local,
            untagged_destinations: self.untagged_destinations.clone(),
            untagged_clients: self.untagged_clients.clone(),
            internal_networks: self.internal_networks.clone(),
            bounce_senders: self.bounce_senders.clone(),
            refuse_tagged_mail: self.refuse_tagged_mail,
            one_recipient: self.one_recipient,
            monitor: self.monitor.clone(),
            reply: self.reply.clone(),
        }
    }

    /// How all the key rings sign, and what they read.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// The key ring of each address and domain; what none is for is not ours.
    #[must_use]
    pub fn keys(&self) -> &Patterns<Arc<KeyRing>> {
        &self.keys
    }

    /// Adds the keys of a domain, with the settings of the policy instead of their own; those that the
    /// pattern had are returned.
    pub fn add_keys(&mut self, pattern: Pattern, keys: impl Into<Arc<KeyRing>>) -> Option<Arc<KeyRing>> {
        let mut keys = keys.into();
        if keys.settings() != self.settings {
            Arc::make_mut(&mut keys).set_settings(self.settings);
        }
        self.keys.insert(pattern, keys)
    }

    /// The key ring of an address; a tag on the address is looked through.
    #[must_use]
    pub fn key_ring(&self, address: &Address<'_>) -> Option<&KeyRing> {
        self.look_at(*address).keys
    }

    /// Judges an address at a time in UNIX seconds by the key ring that is for it.
    ///
    /// An address that no key is for has none of the secrets: a tag on it is
    /// [`Verdict::UnknownKey`].
    #[must_use]
    pub fn verify<'a>(&self, address: &Address<'a>, time: u64) -> Verdict<'a> {
        self.look_at(*address).verdict(time)
    }

    /// The address to deliver to: one layer of a tag in the two syntaxes that are signed with comes off
    /// an address that has keys. None where there is nothing to take off.
    ///
    /// It goes by the shape of the tag and judges nothing: that was done when the recipient was
    /// accepted, and at delivery the time and the keys may be others.
    #[must_use]
    pub fn original<'a>(&self, address: &Address<'a>) -> Option<Original<'a>> {
        let reading = self.look_at(*address);
        reading.keys.and(reading.original()).copied()
    }

    /// Whether a client is in one of the networks.
    fn holds(networks: &[IpNet], client: IpAddr) -> bool {
        let client = client.to_canonical();
        networks.iter().any(|network| network.contains(&client))
    }

    fn is_exempt(&self, reading: &Reading<'_, '_>) -> bool {
        self.exempt.find(&reading.mailbox).is_some()
    }
}
