//! Mailboxes as they compare.

use crate::address::Mailbox;
use alloc::vec::Vec;

/// A mailbox as it compares: the local-part without quotes and escapes, and the domain without a
/// trailing dot, both in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folded {
    octets: Vec<u8>,
    /// Where the at sign before the domain stands.
    at: usize,
}

impl Folded {
    pub(crate) fn new(mailbox: &Mailbox<'_>) -> Self {
        let local: Vec<u8> = mailbox.content().collect();
        let (_, domain) = mailbox.at_domain.split_at_checked(1).unwrap_or_default();
        Self::of_parts(&local, domain)
    }

    /// All the mailboxes of a domain.
    pub(crate) fn of_domain(domain: &[u8]) -> Self {
        Self::of_parts(b"", domain)
    }

    fn of_parts(local: &[u8], domain: &[u8]) -> Self {
        let mut octets = Vec::with_capacity(local.len() + domain.len() + 1);
        fold_into(&mut octets, local);
        let at = octets.len();
        octets.push(b'@');
        fold_into(&mut octets, domain.strip_suffix(b".").unwrap_or(domain));
        Self { octets, at }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.octets
    }

    pub(crate) fn local_part(&self) -> &[u8] {
        self.octets.get(..self.at).unwrap_or_default()
    }

    /// The domain, with the at sign before it.
    pub(crate) fn at_domain(&self) -> &[u8] {
        self.octets.get(self.at..).unwrap_or_default()
    }

    /// The local-part, with the at sign behind it.
    pub(crate) fn local_part_at(&self) -> &[u8] {
        self.octets.get(..=self.at).unwrap_or_default()
    }
}

/// Appends text in lower case. Postfix folds the letters of UTF-8 too: `BÜCHER.example` is
/// `bücher.example`.
pub(super) fn fold_into(folded: &mut Vec<u8>, text: &[u8]) {
    match core::str::from_utf8(text) {
        Ok(utf8) if !text.is_ascii() => folded.extend(utf8.to_lowercase().bytes()),
        _ => folded.extend(text.iter().map(u8::to_ascii_lowercase)),
    }
}
