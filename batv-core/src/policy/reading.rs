//! Addresses as the mail server reads them, so that no spelling of one walks past.

use super::Policy;
use crate::address::{Address, AddressError, is_quoted_string, scan_domain, scan_local_part};
use alloc::borrow::Cow;

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
        self.read_at(path, self.default_domain.as_deref().map(str::as_bytes))
    }

    /// Reads a path with another default domain.
    pub(crate) fn read_at<'a>(
        &self,
        path: &'a [u8],
        default_domain: Option<&[u8]>,
    ) -> Result<Reading<'a>, AddressError> {
        let (open, inside, close): (&[u8], _, &[u8]) = match path {
            [b'<', inside @ .., b'>'] => (b"<", inside, b">"),
            path => (b"", path, b""),
        };
        if inside.is_empty() {
            return Ok(Reading::Null);
        }
        let (local, mut domain) = split(without_source_route(inside))?;
        let (quote, mut user): (&[u8], _) = match local {
            [b'"', user @ .., b'"'] if is_quoted_string(local) => (b"\"", user),
            user => (b"", user),
        };
        let mut as_it_stands = domain.is_some();
        // Each turn takes a mark out of the local-part, so there is an end.
        while domain.is_none_or(|domain| self.keys.has_domain(without_trailing_dot(domain)))
            && let Some((rest, site)) = self.rewritten(user)
        {
            (user, domain, as_it_stands) = (rest, Some(site), false);
        }
        let domain = without_trailing_dot(domain.or(default_domain).ok_or(AddressError::NoAtSign)?);
        let text = if as_it_stands && inside.len() == local.len() + 1 + domain.len() {
            Cow::Borrowed(path)
        } else {
            Cow::Owned([open, quote, user, quote, b"@", domain, close].concat())
        };
        Address::parse(&text)?;
        Ok(Reading::Address(text))
    }

    /// What the server makes of `user%site` or `site!user`: user and site.
    fn rewritten<'a>(&self, local: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let bang = local.iter().position(|octet| *octet == b'!').filter(|_| self.bang_path);
        let percent = || local.iter().rposition(|octet| *octet == b'%').filter(|_| self.percent_hack);
        let (user, site) = match bang {
            Some(bang) => (local.get(bang + 1..)?, local.get(..bang)?),
            None => percent().and_then(|percent| Some((local.get(..percent)?, local.get(percent + 1..)?)))?,
        };
        (!user.is_empty() && scan_domain(site).is_ok()).then_some((user, site))
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
        // No local-part has brackets, but `user%[192.0.2.1]` and `[192.0.2.1]!user` do.
        Err(AddressError::LocalPart { octet: b'[', .. }) => {
            let at = mailbox.iter().rposition(|octet| *octet == b'@').unwrap_or(mailbox.len());
            let (local, rest) = mailbox.split_at(at);
            Ok((local, rest.split_first().map(|(_, domain)| domain)))
        }
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
