//! Key rings: the secrets of a domain by number, of which one signs.

use crate::address::{Address, Mailbox};
use crate::day::{Day, Lifetime};
use crate::hash_source::{HashCase, HashSource};
use crate::key_number::KeyNumber;
use crate::secret::Secret;
use crate::syntax::{Delimiter, Syntax};
use crate::tag::{Found, TAG_LEN, Tag, behind_tag, find, is_srs};
use crate::text;
use crate::verdict::{Verdict, judge};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

/// The most octets that a local-part may have (RFC 5321 section 4.5.3.1.1).
const LOCAL_PART_LIMIT: usize = 64;

/// How a key ring signs, and what it reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// How long tags are good. For signing alone: a tag says itself when it expires.
    pub lifetime: Lifetime,
    /// The syntax of the tags that are made. Both are read.
    pub syntax: Syntax,
    /// What stands before the tag of a sub-address, made or read.
    pub delimiter: Delimiter,
    /// Which writing of an address is hashed. Verifying accepts both.
    pub hash_case: HashCase,
    /// Whether to sign where the local-part grows beyond 64 octets (RFC 5321 section
    /// 4.5.3.1.1), which many servers accept all the same.
    pub long_local_parts: bool,
}

/// Secrets by key number: one signs, all verify.
///
/// # Examples
/// ```
/// use batv_core::{Address, KeyNumber, KeyRing, Secret, Settings};
///
/// let mut keys = KeyRing::new(Settings::default());
/// keys.add(KeyNumber::new(0)?, Secret::new(b"secret")?);
/// keys.sign_with(KeyNumber::new(0)?)?;
///
/// let alice = Address::parse(b"alice@example.test")?;
/// let signed = keys.sign(&alice, 1_795_348_800)?.to_vec();
/// assert_eq!(signed, b"prvs=0786864c09=alice@example.test");
///
/// let verdict = keys.verify(&Address::parse(&signed)?, 1_795_348_800 + 7 * 86_400);
/// assert_eq!(verdict.as_str(), "pass");
/// assert_eq!(verdict.authentic().unwrap().original.as_part(), Some(alice.as_bytes()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct KeyRing {
    secrets: [Option<Arc<Secret>>; 10],
    signing: Option<KeyNumber>,
    settings: Settings,
}

impl KeyRing {
    /// A key ring without keys.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Adds a secret, for verifying; the secret that had the number is returned.
    pub fn add(&mut self, number: KeyNumber, secret: impl Into<Arc<Secret>>) -> Option<Arc<Secret>> {
        let place = self.secrets.get_mut(usize::from(number.get()))?;
        place.replace(secret.into())
    }

    /// Chooses the key that signs.
    ///
    /// # Errors
    /// [`UnknownKeyError`] when the ring has no secret of that number.
    pub fn sign_with(&mut self, number: KeyNumber) -> Result<(), UnknownKeyError> {
        self.secret(number).ok_or(UnknownKeyError(number))?;
        self.signing = Some(number);
        Ok(())
    }

    /// The number of the key that signs, if one does.
    #[must_use]
    pub fn signing(&self) -> Option<KeyNumber> {
        self.signing
    }

    /// The secret of a number.
    #[must_use]
    pub fn secret(&self, number: KeyNumber) -> Option<&Secret> {
        self.secrets.get(usize::from(number.get()))?.as_deref()
    }

    /// How the ring signs.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// Takes over other settings.
    pub fn set_settings(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Signs an address, as draft-levine-smtp-batv-01 section 4.2 says.
    ///
    /// `time`, in UNIX seconds, is when the message was received: it must stay the same over
    /// all delivery attempts, or greylisting never lets the message through.
    ///
    /// # Errors
    /// [`SignError`] says why the address stays as it is.
    #[inline(always)]
    pub fn sign<'a>(&self, address: &Address<'a>, time: u64) -> Result<Signed<'a>, SignError> {
        self.sign_found(address, &find(address, self.settings.delimiter), time)
    }

    /// Signs an address in which this was found.
    #[inline(always)]
    pub(crate) fn sign_found<'a>(
        &self,
        address: &Address<'a>,
        found: &Found<'_>,
        time: u64,
    ) -> Result<Signed<'a>, SignError> {
        let number = self.signing.ok_or(SignError::NoSigningKey)?;
        let secret = self.secret(number).ok_or(SignError::NoSigningKey)?;
        // A sub-address behind it would be read as the original of that tag.
        let is_hidden =
            || self.settings.syntax == Syntax::SubAddress && behind_tag(address.raw_local_part()).is_some();
        if found.original().is_some() || is_hidden() {
            return Err(SignError::Tagged);
        }
        let mailbox = address.mailbox();
        if self.exceeds(&mailbox) {
            return Err(SignError::TooLong { octets: mailbox.local_part_len() + TAG_LEN });
        }
        let expiry = Day::at(time).plus(self.settings.lifetime);
        let source = HashSource { key_number: number, expiry, mailbox, case: self.settings.hash_case };
        let hash = secret.hash(&source);
        let tag = Tag { key_number: number, expiry, hash };
        Ok(Signed::new(address, &tag, &self.settings))
    }

    /// Judges an address at a time in UNIX seconds.
    #[inline(always)]
    #[must_use]
    pub fn verify<'a>(&self, address: &Address<'a>, time: u64) -> Verdict<'a> {
        self.verify_found(&find(address, self.settings.delimiter), time)
    }

    /// Judges what was found in an address.
    #[inline(always)]
    pub(crate) fn verify_found<'a>(&self, found: &Found<'a>, time: u64) -> Verdict<'a> {
        judge(found, |number| self.secret(number), time)
    }

    /// Whether the address would have too long a local-part if it were signed.
    ///
    /// The length is that of the local-part with quotes and escapes only where it needs them. What
    /// cannot be signed must not be refused for being unsigned.
    #[must_use]
    pub fn is_too_long(&self, address: &Address<'_>) -> bool {
        self.exceeds(&address.mailbox())
    }

    #[inline(always)]
    fn exceeds(&self, mailbox: &Mailbox<'_>) -> bool {
        !self.settings.long_local_parts && mailbox.local_part_len() + TAG_LEN > LOCAL_PART_LIMIT
    }
}

/// A signed address in parts: nothing is copied or allocated until it is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signed<'a> {
    head: &'a [u8],
    tag: [u8; TAG_LEN],
    tail: &'a [u8],
}

impl<'a> Signed<'a> {
    #[inline(always)]
    fn new(address: &Address<'a>, tag: &Tag, settings: &Settings) -> Self {
        let local_part = address.raw_local_part_range();
        let (at, delimiter) = match settings.syntax {
            Syntax::SubAddress if !is_srs(address.raw_local_part()) => {
                (local_part.end, Some(settings.delimiter))
            }
            Syntax::SubAddress | Syntax::Prefix => (local_part.start, None),
        };
        let (head, tail) = address.as_bytes().split_at(at);
        Self { head, tag: tag.written(delimiter), tail }
    }

    /// The three consecutive parts: the address up to the tag, the tag, and the rest.
    #[must_use]
    pub fn parts(&self) -> [&[u8]; 3] {
        [self.head, &self.tag, self.tail]
    }

    /// The signed address in one piece.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        text::concat(self.parts())
    }
}

impl fmt::Display for Signed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::display(self.parts(), f)
    }
}

impl fmt::Debug for Signed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signed(\"{}\")", self.to_vec().escape_ascii())
    }
}

/// Why an address stays unsigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// No key of the ring signs.
    NoSigningKey,
    /// The address carries a tag already: it is left as it is (the draft's SHOULD).
    Tagged,
    /// The local-part would be longer than 64 octets.
    TooLong {
        /// The octets it would have.
        octets: usize,
    },
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSigningKey => f.write_str("no key signs"),
            Self::Tagged => f.write_str("address has a tag already"),
            Self::TooLong { octets } => {
                write!(f, "signed local-part would have {octets} octets, but {LOCAL_PART_LIMIT} are allowed")
            }
        }
    }
}

impl core::error::Error for SignError {}

/// A key number that the ring has no secret of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownKeyError(KeyNumber);

impl fmt::Display for UnknownKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key ring has no key {}", self.0)
    }
}

impl core::error::Error for UnknownKeyError {}
