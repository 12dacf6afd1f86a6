//! Addresses as the mail server reads them, so that no spelling of one walks past.

use super::Policy;
use crate::address::{Address, AddressError, is_quoted_string, scan_domain, scan_local_part};
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// A path as the server reads it.
pub(crate) enum Reading<'a> {
    /// The null sender.
    Null,
    /// An address; it parses.
    Address(Cow<'a, [u8]>),
}

impl Reading<'_> {
    /// The address, None for the null sender.
    pub(crate) fn address(&self) -> Option<Address<'_>> {
        match self {
            Self::Null => None,
            Self::Address(text) => Address::parse(text).ok(),
        }
    }
}

impl Policy {
    /// Reads a path: source route and the trailing dot of the domain come off, a domain that is
    /// missing is the default domain, `user%domain` is what the settings say.
    pub(crate) fn read<'a>(&self, path: &'a [u8]) -> Result<Reading<'a>, AddressError> {
        let (open, inside, close): (&[u8], _, &[u8]) = match path {
            [b'<', inside @ .., b'>'] => (b"<", inside, b">"),
            path => (b"", path, b""),
        };
        if inside.is_empty() {
            return Ok(Reading::Null);
        }
        let (local, domain) = split(without_source_route(inside))?;
        let (mut local, mut domain) = (Cow::Borrowed(local), domain.map(Cow::Borrowed));
        let mut as_it_stands = domain.is_some();
        // Each turn takes a mark out of the local-part, so there is an end.
        while let Some((user, site)) = self.rewritten(&local, domain.as_deref()) {
            (local, domain) = (Cow::Owned(user), Some(Cow::Owned(site)));
            as_it_stands = false;
        }
        let domain = match &domain {
            Some(domain) => domain,
            None => self.default_domain.as_deref().map(str::as_bytes).ok_or(AddressError::NoAtSign)?,
        };
        let domain = without_trailing_dot(domain);
        let text = if as_it_stands && inside.len() == local.len() + 1 + domain.len() {
            Cow::Borrowed(path)
        } else {
            Cow::Owned([open, &local, b"@", domain, close].concat())
        };
        Address::parse(&text)?;
        Ok(Reading::Address(text))
    }

    /// What the server makes of `user%site` or `site!user`, at a domain of ours or without one.
    fn rewritten(&self, local: &[u8], domain: Option<&[u8]>) -> Option<(Vec<u8>, Vec<u8>)> {
        if domain.is_some_and(|domain| !self.is_our_domain(without_trailing_dot(domain))) {
            return None;
        }
        let (quote, inner): (&[u8], _) = match local {
            [b'"', inner @ .., b'"'] if is_quoted_string(local) => (b"\"", inner),
            inner => (b"", inner),
        };
        let around = |mark| {
            Some((inner.split(|octet| *octet == mark).next()?, inner.rsplit(|octet| *octet == mark).next()?))
        };
        let bang = || {
            let (site, _) = around(b'!').filter(|_| self.bang_path)?;
            Some((inner.split_at_checked(site.len() + 1)?.1, site))
        };
        let percent = || {
            let (_, site) = around(b'%').filter(|_| self.percent_hack)?;
            Some((inner.split_at_checked(inner.len().checked_sub(site.len() + 1)?)?.0, site))
        };
        let (user, site) = bang().or_else(percent)?;
        scan_domain(site).ok()?;
        Some(([quote, user, quote].concat(), site.to_vec()))
    }
}

/// The local-part and the domain, if there is one.
fn split(mailbox: &[u8]) -> Result<(&[u8], Option<&[u8]>), AddressError> {
    match scan_local_part(mailbox) {
        Ok(scanned) => {
            let (local, rest) = mailbox.split_at(scanned.len);
            Ok((local, rest.split_first().map(|(_, domain)| domain)))
        }
        Err(AddressError::NoAtSign) => Ok((mailbox, None)),
        Err(error) => Err(error),
    }
}

/// RFC 5321 section 4.1.2: `@one,@two:` before the mailbox is accepted and ignored.
fn without_source_route(path: &[u8]) -> &[u8] {
    if !path.starts_with(b"@") {
        return path;
    }
    let mut in_literal = false;
    let colon = path.iter().position(|octet| {
        match octet {
            b'[' => in_literal = true,
            b']' => in_literal = false,
            _ => {}
        }
        *octet == b':' && !in_literal
    });
    colon.and_then(|colon| path.get(colon + 1..)).unwrap_or(path)
}

fn without_trailing_dot(domain: &[u8]) -> &[u8] {
    domain.strip_suffix(b".").unwrap_or(domain)
}
