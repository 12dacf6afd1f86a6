//! Keys in one line of text, as the configuration of a mail server may hold them.

use crate::secret::decode_base64;
use batv_core::{KeyNumber, KeyRing, Pattern, Policy, Secret, Settings};
use std::fmt;
use zeroize::Zeroizing;

/// Reads `NUMBER:SECRET` or `NUMBER:base64:SECRET`, or several with white space between them. The
/// first one signs.
///
/// They are for every address, since only the mail server knows which domains are ours, and reads
/// `user%domain` and `domain!user` as they stand. No text at all is no key: then nothing is signed
/// or refused.
///
/// # Errors
/// [`KeyTextError`] names the key that is at fault, and never shows it: it may be a secret.
///
/// # Examples
/// ```
/// let policy = batv_config::parse_key_text(b"1:a secret-of-16-octets 0:base64:c2VjcmV0");
/// assert_eq!(policy.unwrap_err().to_string(), "key 2 in the text of keys is not of the form NUMBER:SECRET");
/// ```
pub fn parse_key_text(text: &[u8]) -> Result<Policy, KeyTextError> {
    let mut keys = KeyRing::new(Settings::default());
    let entries = text.split(u8::is_ascii_whitespace).filter(|entry| !entry.is_empty());
    for (index, entry) in entries.enumerate() {
        let fault = |what: &str| KeyTextError { key: index + 1, what: what.to_owned() };
        let [digit @ b'0'..=b'9', b':', secret @ ..] = entry else {
            return Err(fault("is not of the form NUMBER:SECRET"));
        };
        let number = KeyNumber::new(digit - b'0').map_err(|error| fault(&error.to_string()))?;
        let secret = match secret.strip_prefix(b"base64:") {
            Some(secret) => std::str::from_utf8(secret).ok().and_then(decode_base64),
            None => Some(Zeroizing::new(secret.to_vec())),
        };
        let secret = secret.ok_or_else(|| fault("is not base64"))?;
        let secret = Secret::new(&secret).map_err(|_| fault("has an empty secret"))?;
        if keys.add(number, secret).is_some() {
            return Err(fault(&format!("has the number of another, {number}")));
        }
        if index == 0 {
            keys.sign_with(number).map_err(|error| fault(&error.to_string()))?;
        }
    }
    let mut policy = Policy::default();
    (policy.percent_hack, policy.bang_path) = (false, false);
    if let Some(every_domain) = Pattern::parse("*").ok().filter(|_| keys.signing().is_some()) {
        policy.add_keys(every_domain, keys);
    }
    Ok(policy)
}

/// What is wrong with a text of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTextError {
    /// Which of the keys, counted from 1.
    key: usize,
    what: String,
}

impl fmt::Display for KeyTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {} in the text of keys {}", self.key, self.what)
    }
}

impl std::error::Error for KeyTextError {}
