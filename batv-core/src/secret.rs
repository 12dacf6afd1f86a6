//! Secrets: what the hash of a tag is made with.
//!
//! The hash is HMAC-SHA1 (RFC 2104) over key number, expiry day and original address.

use crate::address::LocalPart;
use crate::tag::{Day, KeyNumber};
use crate::text;
use core::fmt;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// A secret: any octets, one or more.
///
/// What is kept is the state of the HMAC after the secret, not the secret, and it is wiped
/// from memory when dropped. `Debug` shows neither.
#[derive(Clone)]
pub struct Secret {
    hmac: Hmac<Sha1>,
    len: usize,
}

impl Secret {
    /// The least length in octets that is not [weak](Self::is_weak).
    pub const STRONG: usize = 16;

    /// A secret from its octets. Longer ones than 64 octets are hashed first (RFC 2104 section 3).
    ///
    /// # Errors
    /// [`SecretError`] for an empty secret.
    pub fn new(octets: &[u8]) -> Result<Self, SecretError> {
        if octets.is_empty() {
            return Err(SecretError);
        }
        // HMAC takes keys of any length.
        let hmac = Hmac::new_from_slice(octets).map_err(|_| SecretError)?;
        Ok(Self { hmac, len: octets.len() })
    }

    /// Whether the secret is short enough to be guessed: under 16 octets.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.len < Self::STRONG
    }

    /// The first three octets of the HMAC over the hash-source.
    pub(crate) fn hash(&self, source: &HashSource<'_>) -> [u8; 3] {
        let mut hmac = self.hmac.clone();
        source.feed(|octets| hmac.update(octets));
        let [a, b, c, ..] = hmac.finalize().into_bytes().0;
        [a, b, c]
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// An empty secret, with which anybody could sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretError;

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("secret is empty")
    }
}

impl core::error::Error for SecretError {}

/// Which writing of an address is hashed when signing. Verifying accepts both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HashCase {
    /// The address in ASCII lower case and without needless quotes, so that the tag survives
    /// servers that fold the local-part or rewrite its quotes.
    #[default]
    Fold,
    /// The address as it stands, for peers that compare case.
    Exact,
}

/// The hash-source: `KDDD` and the original address, `0149user@example.com`.
pub(crate) struct HashSource<'a> {
    pub(crate) key_number: KeyNumber,
    pub(crate) expiry: Day,
    pub(crate) local: LocalPart<'a>,
    pub(crate) domain: &'a [u8],
    pub(crate) case: HashCase,
}

/// Most addresses fit into one chunk.
const CHUNK: usize = 128;

impl HashSource<'_> {
    fn feed(&self, mut sink: impl FnMut(&[u8])) {
        let [d2, d1, d0] = self.expiry.digits();
        let mut chunk =
            Chunk { octets: [0; CHUNK], len: 0, fold: self.case == HashCase::Fold, sink: &mut sink };
        chunk.add(&[b'0' + self.key_number.get(), d2, d1, d0]);
        match self.case {
            HashCase::Fold if !self.local.is_plain() => self.feed_canonical(&mut chunk),
            _ if self.local.quoted => {
                chunk.add(b"\"");
                chunk.add(self.local.inner);
                chunk.add(b"\"");
            }
            _ => chunk.add(self.local.inner),
        }
        chunk.add(b"@");
        chunk.add(self.domain);
        chunk.flush();
    }

    /// The local-part with quotes where it needs them, and only the escapes it needs.
    fn feed_canonical(&self, chunk: &mut Chunk<'_>) {
        let content = self.local.content();
        let quote: &[u8] = if text::is_dot_string(content.clone()) { b"" } else { b"\"" };
        chunk.add(quote);
        for octet in content {
            if matches!(octet, b'"' | b'\\') {
                chunk.add(b"\\");
            }
            chunk.add(&[octet]);
        }
        chunk.add(quote);
    }
}

/// Collects octets, folds them and hands them on, without allocating.
struct Chunk<'s> {
    octets: [u8; CHUNK],
    len: usize,
    fold: bool,
    sink: &'s mut dyn FnMut(&[u8]),
}

impl Chunk<'_> {
    #[inline]
    fn add(&mut self, mut octets: &[u8]) {
        loop {
            let (_, free) = self.octets.split_at_mut(self.len);
            if let Some((place, _)) = free.split_at_mut_checked(octets.len()) {
                place.copy_from_slice(octets);
                self.len += octets.len();
                return;
            }
            let (fits, rest) = octets.split_at(free.len());
            free.copy_from_slice(fits);
            self.len = CHUNK;
            self.flush();
            octets = rest;
        }
    }

    fn flush(&mut self) {
        if self.fold {
            self.octets.make_ascii_lowercase();
        }
        (self.sink)(self.octets.split_at(self.len).0);
        self.len = 0;
    }
}
