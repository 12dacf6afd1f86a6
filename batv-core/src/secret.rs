//! Secrets: what the hash of a tag is made with, HMAC-SHA1 (RFC 2104).

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

    /// What two servers can compare to see whether they have the same secret.
    ///
    /// A secret that is too short to be a good one can be found from its fingerprint by trying; from
    /// that of a [strong](Self::is_weak) one nothing can be learned.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut running = self.start();
        // No hash-source looks like this: there is no at sign.
        running.update(b"BATV secret fingerprint");
        let mut octets = [0; 8];
        octets.iter_mut().zip(running.finish()).for_each(|(place, octet)| *place = octet);
        Fingerprint(octets)
    }

    /// Begins an HMAC.
    #[inline]
    pub(crate) fn start(&self) -> Running {
        Running { hmac: self.hmac.clone(), buffer: Buffer::<HmacCore<Sha1>>::default() }
    }
}

/// An HMAC at work. The block API spares the copies that `Mac` makes of short texts.
pub(crate) struct Running {
    hmac: HmacCore<Sha1>,
    buffer: Buffer<HmacCore<Sha1>>,
}

impl Running {
    #[inline]
    pub(crate) fn update(&mut self, octets: &[u8]) {
        self.buffer.digest_blocks(octets, |blocks| self.hmac.update_blocks(blocks));
    }

    #[inline]
    pub(crate) fn finish(mut self) -> [u8; 20] {
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

/// The fingerprint of a secret: eight octets, shown as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 8]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
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
