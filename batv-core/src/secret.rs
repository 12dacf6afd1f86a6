//! Secrets: what the hash of a tag is made with.
//!
//! The hash is HMAC-SHA1 (RFC 2104) over key number, expiry day and original address.

use crate::address::Mailbox;
use crate::tag::{Day, KeyNumber};
use crate::text::{self, LOCAL_PART};
use core::fmt;
use hmac::KeyInit;
use hmac::block_api::HmacCore;
use hmac::digest::array::Array;
use hmac::digest::block_api::{Buffer, FixedOutputCore, UpdateCore};
use sha1::Sha1;

/// A secret: any octets, one or more.
///
/// What is kept is the state of the HMAC after the secret, not the secret, and it is wiped
/// from memory when dropped. `Debug` shows neither.
#[derive(Clone)]
pub struct Secret {
    hmac: HmacCore<Sha1>,
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
        let hmac = HmacCore::new_from_slice(octets).map_err(|_| SecretError)?;
        Ok(Self { hmac, len: octets.len() })
    }

    /// Whether the secret is short enough to be guessed: under 16 octets.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.len < Self::STRONG
    }

    /// The first three octets of the HMAC over the hash-source.
    #[inline]
    pub(crate) fn hash(&self, source: &HashSource<'_>) -> [u8; 3] {
        let mut running = self.start();
        source.feed(&mut running);
        let [a, b, c, ..] = running.finish();
        [a, b, c]
    }

    #[inline]
    fn start(&self) -> Running {
        Running { hmac: self.hmac.clone(), buffer: Buffer::<HmacCore<Sha1>>::default() }
    }
}

/// An HMAC at work. The block API spares the copies that `Mac` makes of short texts.
struct Running {
    hmac: HmacCore<Sha1>,
    buffer: Buffer<HmacCore<Sha1>>,
}

impl Running {
    #[inline]
    fn update(&mut self, octets: &[u8]) {
        self.buffer.digest_blocks(octets, |blocks| self.hmac.update_blocks(blocks));
    }

    #[inline]
    fn finish(mut self) -> [u8; 20] {
        let mut output = Array::default();
        self.hmac.finalize_fixed_core(&mut self.buffer, &mut output);
        output.0
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
    pub(crate) mailbox: Mailbox<'a>,
    pub(crate) case: HashCase,
}

impl HashSource<'_> {
    /// Hashes the octets, without allocating.
    #[inline]
    fn feed(&self, running: &mut Running) {
        let [d2, d1, d0] = self.expiry.digits();
        running.update(&[b'0' + self.key_number.get(), d2, d1, d0]);
        let Mailbox { local, at_domain, in_one, quoted, plain, folded } = self.mailbox;
        let as_it_stands = self.case == HashCase::Exact || plain && folded;
        match in_one {
            Some(mailbox) if as_it_stands => running.update(mailbox),
            None if as_it_stands => {
                let quote: &[u8] = if quoted { b"\"" } else { b"" };
                for part in [quote, local, quote, at_domain] {
                    running.update(part);
                }
            }
            _ => {
                if plain {
                    feed_folded(local, running);
                } else {
                    self.feed_canonical(running);
                }
                feed_folded(at_domain, running);
            }
        }
    }

    /// The local-part in lower case, with quotes and escapes only where it needs them.
    fn feed_canonical(&self, running: &mut Running) {
        let content = self.mailbox.content();
        // Strictly RFC 5321 wants quotes around `a..b` too, but servers and peers do without.
        let needs_quotes = content.clone().any(|octet| !text::is(octet, LOCAL_PART));
        let quote: &[u8] = if needs_quotes { b"\"" } else { b"" };
        running.update(quote);
        for octet in content {
            if matches!(octet, b'"' | b'\\') {
                running.update(b"\\");
            }
            running.update(&[octet.to_ascii_lowercase()]);
        }
        running.update(quote);
    }
}

/// The octets in lower case.
fn feed_folded(octets: &[u8], running: &mut Running) {
    for chunk in octets.chunks(32) {
        let mut folded = [0; 32];
        let (folded, _) = folded.split_at_mut(chunk.len());
        folded.copy_from_slice(chunk);
        folded.make_ascii_lowercase();
        running.update(folded);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2202 section 3: all seven test cases of HMAC-SHA-1.
    #[test]
    fn hmac_is_that_of_rfc_2202() {
        let counting: [u8; 25] = core::array::from_fn(|i| u8::try_from(i).unwrap() + 1);
        let large = [0xaa; 80];
        let cases: [(&[u8], &[u8], &str); 7] = [
            (&[0x0b; 20], b"Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
            (b"Jefe", b"what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (&[0xaa; 20], &[0xdd; 50], "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
            (&counting, &[0xcd; 50], "4c9007f4026250c6bc8414f9bf50c86c2d7235da"),
            (&[0x0c; 20], b"Test With Truncation", "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"),
            (
                &large,
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "aa4ae5e15272d00e95705637ce8a3b55ed402112",
            ),
            (
                &large,
                b"Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data",
                "e8e99d0f45237d786d6bbaa7965c7808bbff1a91",
            ),
        ];
        for (key, data, digest) in cases {
            let secret = Secret::new(key).unwrap();
            // However the data is cut.
            for cut in 0..=data.len() {
                let (start, end) = data.split_at(cut);
                let mut running = secret.start();
                running.update(start);
                running.update(end);
                let hex = running.finish().map(|octet| std::format!("{octet:02x}")).concat();
                assert_eq!(hex, digest);
            }
        }
    }
}
