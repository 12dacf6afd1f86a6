//! Addresses as the mail server reads them, so that no spelling of one walks past.

use super::Policy;
use super::folded::Folded;
use super::trim::{is_null_sender, without_source_route};
use crate::address::{
    Address, AddressError, Content, Original, escaped, parse, scan_domain, scan_local_part,
};
use crate::key_ring::KeyRing;
use crate::tag::{Found, Tag, find, is_nobody};
use crate::verdict::{Verdict, judge};
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// What a path is.
pub(super) enum Path<'a> {
    /// The null sender.
    Null,
    /// An address, as it stands.
    Address(Address<'a>),
    /// The text of an address that was written in another way. It parses.
    Rewritten(Vec<u8>),
    /// A name without a domain, where there is no default domain, as `name@invalid`, a domain that
    /// nobody has (RFC 2606 section 2).
    NoDomain(Vec<u8>),
    /// No address that BATV signs. The domain is the one that it is plainly at, if there is one.
    Unreadable { domain: Option<Vec<u8>> },
}

/// Whose address a path is. All are read alike, but for null senders and address literals.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Sender,
    BounceRecipient,
    /// A recipient of any other mail.
    Recipient,
}

/// An address that was read, and all that the decisions look for in it, found once.
pub(super) struct Reading<'t, 'p> {
    pub(super) address: Address<'t>,
    /// The tag in it, authentic or not.
    pub(super) found: Found<'t>,
    /// The mailbox behind the tag.
    pub(super) mailbox: Folded,
    /// The keys of the mailbox.
    pub(super) keys: Option<&'p KeyRing>,
}

impl<'t> Reading<'t, '_> {
    /// The tag, authentic or not.
    pub(super) fn tag(&self) -> Option<&Tag> {
        match &self.found {
            Found::Tag(tag, ..) => Some(tag),
            Found::Nothing | Found::Malformed => None,
        }
    }

    /// The address without the tag, authentic or not.
    pub(super) fn original(&self) -> Option<&Original<'t>> {
        self.found.original()
    }

    /// What a verifier says. Without keys there is no secret that could have made a tag.
    pub(super) fn verdict(&self, time: u64) -> Verdict<'t> {
        judge(&self.found, |number| self.keys?.secret(number), time)
    }
}

impl Path<'_> {
    /// The address, if it is one.
    pub(super) fn address(&self) -> Option<Address<'_>> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Rewritten(text) => parse(text).ok(),
            Self::Null | Self::NoDomain(_) | Self::Unreadable { .. } => None,
        }
    }

    /// Whether both are addresses of one mailbox.
    fn names_mailbox_of(&self, other: &Self) -> bool {
        let (one, other) = (self.address(), other.address());
        let folded = |address: Address<'_>| Folded::new(&address.mailbox());
        one.zip(other).is_some_and(|(one, other)| folded(one) == folded(other))
    }
}

impl Policy {
    /// Finds in an address what the decisions need.
    pub(super) fn look_at<'t>(&self, address: Address<'t>) -> Reading<'t, '_> {
        let found = find(&address, self.settings().delimiter);
        let mailbox = found.original().map_or_else(|| address.mailbox(), Original::mailbox);
        let mailbox = Folded::new(&mailbox);
        let keys = self.keys().find(&mailbox).map(AsRef::as_ref);
        Reading { address, found, mailbox, keys }
    }

    /// Reads a path: the text of the command where it names the mailbox that the server has read, else
    /// what the server has read.
    pub(super) fn read<'a>(&self, text: &'a [u8], resolved: Option<&'a [u8]>, role: Role) -> Path<'a> {
        self.with_tag_in_sight(self.choose(text, resolved, role))
    }

    fn choose<'a>(&self, text: &'a [u8], resolved: Option<&'a [u8]>, role: Role) -> Path<'a> {
        let read = self.read_text(text, role);
        let Some(resolved) = resolved.map(without_brackets) else {
            return read;
        };
        if role == Role::Sender && is_null_sender(resolved) {
            return Path::Null;
        }
        if resolved.is_empty() {
            return read;
        }
        let resolved = self.read_resolved(resolved, text.starts_with(b"<"), role);
        if read.names_mailbox_of(&resolved) { read } else { resolved }
    }

    /// The address without needless quotes and escapes where these hide a tag: the server takes them off
    /// and delivers `"prvs\=0149c9be41=user"@` as what it means.
    fn with_tag_in_sight<'a>(&self, path: Path<'a>) -> Path<'a> {
        let Some(address) = path.address().filter(|address| !address.is_plain()) else {
            return path;
        };
        let delimiter = self.settings().delimiter;
        let is_bracketed = address.as_bytes().starts_with(b"<");
        let (open, close): (&[u8], &[u8]) = if is_bracketed { (b"<", b">") } else { (b"", b"") };
        let local: Vec<u8> = address.mailbox().canonical().collect();
        let text = [open, &local, b"@", address.domain(), close].concat();
        let hides_tag = find(&address, delimiter).original().is_none()
            && parse(&text).is_ok_and(|plain| !matches!(find(&plain, delimiter), Found::Nothing));
        if hides_tag { Path::Rewritten(text) } else { path }
    }

    /// Reads the text of a command.
    fn read_text<'a>(&self, path: &'a [u8], role: Role) -> Path<'a> {
        match parse(path) {
            Ok(address) if self.stands(&address, role) => return Path::Address(address),
            _ => {}
        }
        let inside = without_brackets(path);
        if role == Role::Sender && is_null_sender(inside) {
            return Path::Null;
        }
        let Ok(Split { local, domain, has_literal }) = split(without_source_route(inside)) else {
            return self.unreadable(inside);
        };
        let quoted = local.contains(&b'"');
        let meant = if quoted { meaning(local) } else { Cow::Borrowed(local) };
        let (user, domain) = self.rewritten(&meant, domain, quoted, role);
        // What was not rewritten keeps its spelling.
        let local = match user {
            user if user.len() == meant.len() => Cow::Borrowed(local),
            // An address literal stands behind a mark or before one, and nowhere else.
            _ if has_literal && user.contains(&b'[') => return self.unreadable(inside),
            user if quoted => Cow::Owned(in_quotes(user)),
            user => Cow::Borrowed(user),
        };
        self.joined(inside, path.starts_with(b"<"), &local, domain, role)
    }

    /// Whether the text of an address is read as it stands.
    fn stands(&self, address: &Address<'_>, role: Role) -> bool {
        let (local, domain) = (address.raw_local_part(), address.domain());
        !domain.ends_with(b".")
            && (role != Role::BounceRecipient || !domain.starts_with(b"["))
            && !self.has_mark(local)
    }

    /// Whether a local-part has a mark of `user%domain`, `domain!user` or `"user@domain"` that counts.
    fn has_mark(&self, local: &[u8]) -> bool {
        let is_mark = |octet: &u8| match octet {
            b'!' => self.bang_path,
            b'%' | b'@' => self.percent_hack,
            _ => false,
        };
        local.iter().any(is_mark)
    }

    /// Reads what the server has read: no source route and no `user%domain` is left in it.
    fn read_resolved<'a>(&self, path: &'a [u8], bracketed: bool, role: Role) -> Path<'a> {
        match split(path) {
            Ok(Split { local, domain, .. }) => self.joined(path, bracketed, local, domain, role),
            Err(_) => self.unreadable(path),
        }
    }

    /// The address of a local-part at a domain, or at the default domain; `inside` is what it was read
    /// from.
    fn joined<'a>(
        &self,
        inside: &[u8],
        bracketed: bool,
        local: &[u8],
        domain: Option<&[u8]>,
        role: Role,
    ) -> Path<'a> {
        let domain = domain.or(self.default_domain());
        let site = domain.map_or(&b"invalid"[..], |domain| self.site(domain, role));
        let (open, close): (&[u8], &[u8]) = if bracketed { (b"<", b">") } else { (b"", b"") };
        let text = [open, local, b"@", site, close].concat();
        if site.ends_with(b".") || parse(&text).is_err() {
            return self.unreadable(inside);
        }
        match domain {
            Some(_) => Path::Rewritten(text),
            // `!user%domain` is no name: the server may find a domain in it.
            None if self.has_mark(local) => Path::Unreadable { domain: None },
            None => Path::NoDomain(text),
        }
    }

    /// The domain that a path is read at: one trailing dot comes off, and for the recipient of a
    /// bounce an address literal without keys of its own is the default domain, for a server delivers
    /// its own literal.
    fn site<'a>(&'a self, domain: &'a [u8], role: Role) -> &'a [u8] {
        let domain = without_trailing_dot(domain);
        let is_literal =
            role == Role::BounceRecipient && domain.starts_with(b"[") && scan_domain(domain).is_ok();
        match self.default_domain() {
            Some(default) if is_literal && !self.keys().has_domain(domain) => without_trailing_dot(default),
            _ => domain,
        }
    }

    fn default_domain(&self) -> Option<&[u8]> {
        self.default_domain.as_deref().map(str::as_bytes)
    }

    /// What cannot be read is at the domain behind its last at sign, if that is one, or at the default
    /// domain where it has no at sign.
    fn unreadable<'a>(&self, inside: &[u8]) -> Path<'a> {
        let at = inside.iter().rposition(|octet| *octet == b'@');
        let domain = match at {
            Some(at) => inside.get(at + 1..),
            None => self.default_domain(),
        };
        let domain = domain.map(|domain| self.site(domain, Role::BounceRecipient));
        Path::Unreadable { domain: domain.filter(|domain| is_name(domain)).map(<[u8]>::to_vec) }
    }

    /// What the server makes of `user%site`, `site!user` and `"user@site"` at a domain of ours, or
    /// without a domain: user and domain.
    fn rewritten<'a>(
        &'a self,
        mut user: &'a [u8],
        mut domain: Option<&'a [u8]>,
        quoted: bool,
        role: Role,
    ) -> (&'a [u8], Option<&'a [u8]>) {
        let first_bang = |user: &[u8]| user.iter().position(|octet| *octet == b'!');
        let is_mark = |octet: &u8| *octet == b'%' || quoted && *octet == b'@';
        let delimiter = self.settings().delimiter;
        // Looked for again only behind one that was found, so that this takes linear time.
        let mut bang = first_bang(user).filter(|_| self.bang_path);
        while domain.is_none_or(|domain| self.is_ours(domain, role)) {
            let percent = || user.iter().rposition(is_mark).filter(|_| self.percent_hack);
            let parts = match bang {
                Some(bang) => user.get(bang + 1..).zip(user.get(..bang)),
                None => percent().and_then(|mark| user.get(..mark).zip(user.get(mark + 1..))),
            };
            match parts {
                // A tag alone is not a user: `prvs=0149c9be41=%x` is the tagged `%x`.
                Some((rest, site)) if !is_nobody(rest, delimiter) && is_domain(site) => {
                    bang = bang.and_then(|_| first_bang(rest));
                    (user, domain) = (rest, Some(site));
                }
                _ => break,
            }
        }
        (user, domain)
    }

    /// Whether what is at a domain, as it was written, is ours to read.
    fn is_ours(&self, domain: &[u8], role: Role) -> bool {
        let site = self.site(domain, role);
        is_domain(domain) && self.keys().has_domain(site)
    }
}

/// What a local-part means: its quotes and escapes come off.
fn meaning(local: &[u8]) -> Cow<'_, [u8]> {
    Content::new(local).collect()
}

/// The quoted string that means these octets.
pub(super) fn in_quotes(user: &[u8]) -> Vec<u8> {
    core::iter::once(b'"').chain(escaped(user.iter().copied())).chain([b'"']).collect()
}

pub(super) fn without_brackets(path: &[u8]) -> &[u8] {
    match path {
        [b'<', inside @ .., b'>'] => inside,
        path => path,
    }
}

/// Whether a text is a domain, with a trailing dot or without.
fn is_domain(text: &[u8]) -> bool {
    is_name(without_trailing_dot(text))
}

/// Whether a text is a domain without a trailing dot.
fn is_name(text: &[u8]) -> bool {
    !text.ends_with(b".") && scan_domain(text).is_ok()
}

/// The parts of a mailbox.
struct Split<'a> {
    local: &'a [u8],
    domain: Option<&'a [u8]>,
    /// Whether the local-part has an address literal in it, as in `user%[192.0.2.1]`.
    has_literal: bool,
}

fn split(mailbox: &[u8]) -> Result<Split<'_>, AddressError> {
    let (mut at, mut has_literal) = (0, false);
    loop {
        let rest = mailbox.get(at..).unwrap_or_default();
        match scan_local_part(rest) {
            Ok(scanned) => {
                at += scanned.len;
                break;
            }
            Err(AddressError::NoAtSign) => {
                at = mailbox.len();
                break;
            }
            // No local-part has brackets, but `user%[192.0.2.1]` and `[192.0.2.1]!user` do.
            Err(error @ AddressError::LocalPart { octet: b'[', position }) => {
                let literal = rest.get(position..).unwrap_or_default();
                let end = literal.iter().position(|octet| *octet == b']').ok_or(error)?;
                let literal = literal.get(..=end).filter(|literal| !literal.contains(&b'"'));
                literal.map_or(Err(error), scan_domain)?;
                at += position + end + 1;
                has_literal = true;
            }
            Err(error) => return Err(error),
        }
    }
    let (local, rest) = mailbox.split_at(at);
    Ok(Split { local, domain: rest.split_first().map(|(_, domain)| domain), has_literal })
}

fn without_trailing_dot(domain: &[u8]) -> &[u8] {
    domain.strip_suffix(b".").unwrap_or(domain)
}
