//! The octets of secrets: as base64, in a file of their own, and new ones.

use crate::file::{ReadError, SECRET_FILE_LIMIT, read_bounded};
use base64ct::{Base64Unpadded, Encoding};
use std::fs::File;
use std::path::Path;
use zeroize::Zeroizing;

/// Reads base64 with or without padding.
pub(crate) fn decode_base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let unpadded = text.trim_end_matches('=');
    let padding = text.len() - unpadded.len();
    if padding > 2 || padding > 0 && text.len() % 4 != 0 {
        return None;
    }
    Base64Unpadded::decode_vec(unpadded).map(Zeroizing::new).ok()
}

/// Writes base64 with padding.
#[cfg(feature = "edit")]
pub(crate) fn encode_base64(octets: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(base64ct::Base64::encode_string(octets))
}

/// Reads a secret from a file, or a pipe, that somebody names on the spot: at most 64 KiB. Who may
/// read the file is not checked; that is for those that a configuration names.
///
/// # Errors
/// [`ReadError`] when it cannot be read, or is longer.
pub fn read_secret_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    read_bounded(&File::open(path)?, SECRET_FILE_LIMIT, SECRET_FILE_LIMIT)
}

/// Whether the octets end in a line break. All the octets of a file are the secret, so `echo` on
/// one server and `printf` on another make two.
#[must_use]
pub fn ends_in_line_break(octets: &[u8]) -> bool {
    matches!(octets, [.., b'\r' | b'\n'])
}

/// A new secret of 256 bits, as 64 hexadecimal digits: text, so that it is the same octets wherever
/// it is copied to.
///
/// # Errors
/// The system has no random octets.
#[cfg(feature = "edit")]
pub fn new_secret() -> Result<Zeroizing<String>, getrandom::Error> {
    let mut octets = Zeroizing::new([0; 32]);
    getrandom::fill(octets.as_mut())?;
    // Room for all of it, so that no copy is left behind when it grows.
    let mut secret = Zeroizing::new(String::with_capacity(64));
    for nibble in octets.iter().flat_map(|octet| [octet >> 4, octet & 15]) {
        secret.extend(char::from_digit(nibble.into(), 16));
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_padded_to_a_multiple_of_four_or_not_at_all() {
        for (text, octets) in [
            ("", Some("")),
            ("Zg==", Some("f")),
            ("Zg", Some("f")),
            ("Zm8=", Some("fo")),
            ("Zm8", Some("fo")),
            ("Zm9v", Some("foo")),
            // RFC 4648 section 3.5: bits that are left over are 0.
            ("Zh==", None),
            ("Zg=", None),
            ("Zm8==", None),
            ("Zm9v====", None),
            ("=", None),
            ("Z=g=", None),
            ("Zm9v ", None),
        ] {
            let decoded = decode_base64(text).map(|octets| String::from_utf8(octets.to_vec()).unwrap());
            assert_eq!(decoded.as_deref(), octets, "{text}");
        }
    }
}
