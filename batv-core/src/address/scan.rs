//! The grammar of local-parts and domains, octet by octet.

use super::AddressError;
use crate::text::{self, CONTROL, DOMAIN, DOT, LOCAL_PART};

/// Whether the local-part is one quoted string, given that every quote in it is closed.
pub(crate) fn is_quoted_string(local: &[u8]) -> bool {
    let [b'"', inner @ .., b'"'] = local else {
        return false;
    };
    let mut octets = inner.iter();
    while let Some(octet) = octets.next() {
        match octet {
            b'"' => return false,
            b'\\' if octets.next().is_none() => return false,
            _ => {}
        }
    }
    true
}

/// What a scan of the local-part found.
pub(crate) struct Scanned {
    /// Its octets; the at sign stands behind them.
    pub(crate) len: usize,
    /// Whether it has no quotes.
    pub(super) plain: bool,
    /// The classes of its octets.
    pub(super) seen: u8,
}

/// Scans the local-part that the path begins with.
#[inline(always)]
pub(crate) fn scan_local_part(path: &[u8]) -> Result<Scanned, AddressError> {
    let mut seen = 0;
    for (len, &octet) in path.iter().enumerate() {
        let classes = text::classes(octet);
        if classes & LOCAL_PART == 0 {
            return if octet == b'@' { Ok(Scanned { len, plain: true, seen }) } else { scan_quoted(path) };
        }
        seen |= classes;
    }
    Err(AddressError::NoAtSign)
}

/// Scans a local-part octet by octet: it has quotes or is none.
#[cold]
fn scan_quoted(path: &[u8]) -> Result<Scanned, AddressError> {
    let mut seen = 0;
    let mut octets = path.iter().enumerate();
    let mut in_quotes = false;
    while let Some((position, &octet)) = octets.next() {
        seen |= text::classes(octet);
        match octet {
            b'"' => in_quotes = !in_quotes,
            b'\\' if in_quotes => match octets.next() {
                Some((position, &octet)) if text::is(octet, CONTROL) => {
                    return Err(AddressError::Control { octet, position });
                }
                Some((_, octet)) => seen |= text::classes(*octet),
                None => return Err(AddressError::UnclosedQuote),
            },
            _ if in_quotes && !text::is(octet, CONTROL) => {}
            b'@' => return Ok(Scanned { len: position, plain: false, seen }),
            _ if text::is(octet, LOCAL_PART) => {}
            _ => {
                return Err(AddressError::wrong(
                    octet,
                    position,
                    AddressError::LocalPart { octet, position },
                ));
            }
        }
    }
    Err(if in_quotes { AddressError::UnclosedQuote } else { AddressError::NoAtSign })
}

/// Scans a domain for the classes of its octets.
#[inline(always)]
pub(crate) fn scan_domain(domain: &[u8]) -> Result<u8, AddressError> {
    // One dot may stand at the end.
    let name = domain.strip_suffix(b".").unwrap_or(domain);
    let (mut all, mut seen, mut two_dots, mut before) = (DOMAIN, 0, 0, DOT);
    for octet in name {
        let classes = text::classes(*octet);
        all &= classes;
        seen |= classes;
        two_dots |= classes & before;
        before = classes;
    }
    if all != 0 && (two_dots | before) & DOT == 0 {
        return Ok(seen);
    }
    scan_literal(domain).ok_or_else(|| domain_error(domain))
}

#[cold]
fn domain_error(domain: &[u8]) -> AddressError {
    let mut before = DOT;
    for (position, &octet) in domain.iter().enumerate() {
        let classes = text::classes(octet);
        if classes & DOMAIN == 0 || classes & before & DOT != 0 {
            return match domain {
                [b'.'] | [b'[', b']'] => AddressError::EmptyDomain,
                _ => AddressError::wrong(octet, position, AddressError::Domain { octet, position }),
            };
        }
        before = classes;
    }
    AddressError::EmptyDomain
}

/// Scans an address literal, `[192.0.2.1]` or `[IPv6:2001:db8::1]`.
fn scan_literal(domain: &[u8]) -> Option<u8> {
    let [b'[', inside @ .., b']'] = domain else {
        return None;
    };
    let fits = |octet: &u8| octet.is_ascii_graphic() && !matches!(octet, b'[' | b'\\' | b']');
    let seen = inside.iter().fold(0, |seen, octet| seen | text::classes(*octet));
    if !inside.is_empty() && inside.iter().all(fits) { Some(seen) } else { None }
}
