//! Secrets: what the hash of a tag is made with, HMAC-SHA1 (RFC 2104).

use core::fmt;
use core::slice;
use hmac::KeyInit;
use hmac::block_api::HmacCore;
use hmac::digest::array::Array;
use hmac::digest::block_api::{Buffer, FixedOutputCore, UpdateCore};
use sha1::block_api::compress;
use sha1::{Digest, Sha1};
use zeroize::{Zeroize, Zeroizing};

/// A secret: any octets, one or more.
///
/// What is kept is the state of the HMAC after the secret, not the secret, and it is wiped
/// from memory when dropped. `Debug` shows neither.
#[derive(Clone)]
pub struct Secret {
    /// The states of SHA-1 behind the block that the secret makes, inner and outer (RFC 2104 section 4):
    /// what a text that fits into one block goes on from.
    inner: [u32; 5],
    outer: [u32; 5],
    /// The same for longer texts.
    hmac: HmacCore<Sha1>,
    len: usize,
}

/// The octets of a block of SHA-1.
const BLOCK: usize = 64;
/// The initial state of SHA-1 (FIPS 180-4 section 5.3.1).
const INITIAL: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

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
        let mut block = Zeroizing::new([0; BLOCK]);
        match block.get_mut(..octets.len()) {
            Some(place) => place.copy_from_slice(octets),
            None => block.iter_mut().zip(Sha1::digest(octets)).for_each(|(place, octet)| *place = octet),
        }
        let state = |pad: u8| {
            let mut state = INITIAL;
            compress(&mut state, &[*Zeroizing::new(block.map(|octet| octet ^ pad))]);
            state
        };
        Ok(Self { inner: state(0x36), outer: state(0x5c), hmac, len: octets.len() })
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
        running.push(b"BATV secret fingerprint");
        let mut octets = [0; 8];
        octets.iter_mut().zip(running.finish()).for_each(|(place, octet)| *place = octet);
        Fingerprint(octets)
    }

    /// The first three octets of the HMAC of a text, as a number.
    #[inline(always)]
    pub(crate) fn hash(&self, text: &impl Text) -> u32 {
        let mut block = Block { octets: [0; BLOCK], len: 0 };
        text.write(&mut block);
        match block.padded() {
            Some(block) => {
                let mut state = self.inner;
                compress(&mut state, block);
                self.finish(state)
            }
            None => self.hash_long(text),
        }
    }

    /// The first three octets of the HMAC, from the inner hash.
    #[inline(always)]
    fn finish(&self, inner: [u32; 5]) -> u32 {
        let mut block = Block { octets: [0; BLOCK], len: 0 };
        for word in inner {
            block.push(&word.to_be_bytes());
        }
        let mut state = self.outer;
        compress(&mut state, block.padded().unwrap_or_default());
        let [first, ..] = state;
        first >> 8
    }

    #[cold]
    fn hash_long(&self, text: &impl Text) -> u32 {
        let mut running = self.start();
        text.write(&mut running);
        let [a, b, c, ..] = running.finish();
        u32::from_be_bytes([0, a, b, c])
    }

    /// Begins an HMAC.
    fn start(&self) -> Running {
        Running { hmac: self.hmac.clone(), buffer: Buffer::<HmacCore<Sha1>>::default() }
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        // `hmac` wipes itself.
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

/// A text that is written piece by piece, the same pieces each time.
pub(crate) trait Text {
    fn write(&self, place: &mut impl Place);
}

/// What takes a text.
pub(crate) trait Place {
    fn push(&mut self, octets: &[u8]);
}

/// The last block of SHA-1 after the one of the secret.
struct Block {
    octets: [u8; BLOCK],
    /// The octets of the text, also of one that does not fit.
    len: usize,
}

impl Place for Block {
    #[inline(always)]
    fn push(&mut self, octets: &[u8]) {
        let end = self.len + octets.len();
        if let Some(place) = self.octets.get_mut(self.len..end) {
            place.copy_from_slice(octets);
        }
        self.len = end;
    }
}

impl Block {
    /// The block with the padding of SHA-1 (FIPS 180-4 section 5.1.1), where it was written: a copy of
    /// what was just written would wait for it. None where the text does not fit.
    #[inline(always)]
    fn padded(&mut self) -> Option<&[[u8; BLOCK]]> {
        let text = self.octets.get_mut(..BLOCK - 8)?;
        *text.get_mut(self.len)? = 0x80;
        let bits = (BLOCK + self.len) as u64 * 8;
        *self.octets.last_chunk_mut()? = bits.to_be_bytes();
        Some(slice::from_ref(&self.octets))
    }
}

/// An HMAC at work. The block API spares the copies that `Mac` makes of short texts.
struct Running {
    hmac: HmacCore<Sha1>,
    buffer: Buffer<HmacCore<Sha1>>,
}

impl Place for Running {
    fn push(&mut self, octets: &[u8]) {
        self.buffer.digest_blocks(octets, |blocks| self.hmac.update_blocks(blocks));
    }
}

impl Running {
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
            assert_eq!(std::format!("{:06x}", secret.hash(&Pieces(data, 0))), digest[..6]);
            // However the data is cut.
            for cut in 0..=data.len() {
                let (start, end) = data.split_at(cut);
                let mut running = secret.start();
                running.push(start);
                running.push(end);
                let hex = running.finish().map(|octet| std::format!("{octet:02x}")).concat();
                assert_eq!(hex, digest);
            }
        }
    }

    struct Pieces<'a>(&'a [u8], usize);

    impl Text for Pieces<'_> {
        fn write(&self, place: &mut impl Place) {
            let (start, end) = self.0.split_at(self.1);
            place.push(start);
            place.push(end);
        }
    }

    #[test]
    fn a_text_of_any_length_has_the_hash_that_hmac_makes() {
        use hmac::{Hmac, Mac};
        let text: [u8; 200] = core::array::from_fn(|i| u8::try_from(i).unwrap().wrapping_mul(37));
        for key in [1, 20, 63, 64, 65, 128, 200] {
            let secret = Secret::new(&text[..key]).unwrap();
            for len in 0..text.len() {
                let mut hmac = Hmac::<Sha1>::new_from_slice(&text[..key]).unwrap();
                hmac.update(&text[..len]);
                let expected = hmac.finalize().into_bytes();
                let hash = u32::from_be_bytes([0, expected[0], expected[1], expected[2]]);
                for cut in [0, len / 3, len] {
                    assert_eq!(secret.hash(&Pieces(&text[..len], cut)), hash, "{key} {len} {cut}");
                }
            }
        }
    }
}
