//! Keys: the tables `[[key]]`.

use super::section::{Section, date, number, quoted, text};
use super::{A_LIST, SecretText};
use crate::date::Date;
use crate::secret::{decode_base64, ends_in_line_break};
use batv_core::{Fingerprint, KeyNumber, Pattern, PatternError, Secret};
use std::fmt;
use std::sync::Arc;
use toml::de::DeValue;
use zeroize::Zeroizing;

/// A key of a configuration file, without its secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Key {
    /// Its number.
    pub number: KeyNumber,
    /// The line of the file on which it begins, counted from 1.
    pub line: usize,
    /// What it is used for.
    pub r#use: Use,
    /// The day on which its secret was made.
    pub created: Option<Date>,
    /// The last day on which it has to verify.
    pub verify_until: Option<Date>,
    /// The domains and addresses that it is for.
    pub patterns: Vec<Pattern>,
    pub(crate) secret: Arc<Secret>,
    /// Whether the secret stands in the configuration file itself.
    pub(crate) is_inline: bool,
    /// Whether the secret is that of a file which ends in CR or LF.
    pub(crate) ends_in_line_break: bool,
}

impl Key {
    /// By which two servers compare their secrets without showing them.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.secret.fingerprint()
    }

    /// Whether another key has the same number and the same secret: it may be a copy for other
    /// domains.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.number == other.number && self.fingerprint() == other.fingerprint()
    }
}

/// What a key is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    /// It signs, and verifies.
    Sign,
    /// It verifies only.
    Verify,
}

impl Use {
    /// The word for it in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Verify => "verify",
        }
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reads what a key is for: an address, a domain, `*.domain` or `*`, but not `user@*` or `list-*@domain`.
///
/// # Errors
/// [`KeyPatternError`] for anything else.
pub fn parse_key_pattern(text: &str) -> Result<Pattern, KeyPatternError> {
    match Pattern::parse(text) {
        Ok(pattern) if pattern.can_have_keys() => Ok(pattern),
        Ok(_) => Err(KeyPatternError::LocalParts),
        Err(error) => Err(KeyPatternError::Pattern(error)),
    }
}

/// A text that is not what a key can be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPatternError {
    /// It is not a pattern.
    Pattern(PatternError),
    /// It is a pattern of local-parts, such as `user@*`.
    LocalParts,
}

impl fmt::Display for KeyPatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Not the text of its own, which names patterns of local-parts.
            Self::Pattern(PatternError) => f.write_str("not an address, a domain, *.domain or *"),
            Self::LocalParts => {
                f.write_str("a pattern of local-parts, but keys are for domains and addresses")
            }
        }
    }
}

impl std::error::Error for KeyPatternError {}

/// Reads a key that begins there.
pub(super) fn read(
    mut section: Section<'_, '_>,
    at: usize,
    read_secret_file: &mut dyn FnMut(&str) -> SecretText,
) -> Option<Key> {
    let number = section.get("number", read_number);
    let found = secret(&mut section, at, read_secret_file);
    let r#use = section.get("use", read_use).unwrap_or(Use::Sign);
    let created = section.get("created", date);
    let verify_until = section.get("verify-until", date);
    let patterns = section.list("for", A_LIST, read_pattern);
    for name in ["number", "for"] {
        match section.value(name) {
            None => section.missing(name, at, "is missing"),
            Some(value) if value.get_ref().as_array().is_some_and(|list| list.is_empty()) => {
                section.fault(name, value.span(), &"must name a domain or an address");
            }
            Some(_) => {}
        }
    }
    let line = section.line(at);
    section.finish();
    let (number, Found { secret, is_inline, ends_in_line_break }) = (number?, found?);
    let secret = Arc::new(secret);
    let patterns = patterns.into_iter().map(|(pattern, _)| pattern).collect();
    Some(Key { number, line, r#use, created, verify_until, patterns, secret, is_inline, ends_in_line_break })
}

fn read_number(value: &DeValue<'_>) -> Result<KeyNumber, String> {
    KeyNumber::new(number(value, 0..=9)?).map_err(|error| error.to_string())
}

fn read_use(value: &DeValue<'_>) -> Result<Use, &'static str> {
    match text(value)? {
        "sign" => Ok(Use::Sign),
        "verify" => Ok(Use::Verify),
        _ => Err("must be \"sign\" or \"verify\""),
    }
}

fn read_pattern(value: &DeValue<'_>) -> Result<Pattern, String> {
    let text = text(value)?;
    parse_key_pattern(text).map_err(|error| format!("{} is {error}", quoted(text)))
}

/// The most octets of the name of a secret file, as Linux has it. A fault shows all of it.
const LONGEST_PATH: usize = 4096;

struct Found {
    secret: Secret,
    is_inline: bool,
    ends_in_line_break: bool,
}

/// The secret, which stands in one of three places.
fn secret(
    section: &mut Section<'_, '_>,
    at: usize,
    read_secret_file: &mut dyn FnMut(&str) -> SecretText,
) -> Option<Found> {
    const NAMES: [&str; 3] = ["secret", "secret-base64", "secret-file"];
    let given: Vec<_> = NAMES.into_iter().filter_map(|name| Some((name, section.value(name)?))).collect();
    let [(name, value)] = *given else {
        let message = "must be given once, as `secret`, `secret-base64` or `secret-file`";
        match *given {
            [.., (_, value)] => section.fault("secret", value.span(), &message),
            [] => section.missing("secret", at, message),
        }
        return None;
    };
    let octets = text(value.get_ref()).map_err(ToOwned::to_owned).and_then(|text| match name {
        "secret" => Ok(Zeroizing::new(text.as_bytes().to_vec())),
        "secret-base64" => decode_base64(text).ok_or_else(|| "is not base64".to_owned()),
        _ if text.len() > LONGEST_PATH => Err(format!("is longer than {LONGEST_PATH} octets")),
        _ => read_secret_file(text),
    });
    let is_inline = name != "secret-file";
    let secret = octets.and_then(|octets| {
        let secret = Secret::new(&octets).map_err(|_| "is empty".to_owned())?;
        Ok(Found { secret, is_inline, ends_in_line_break: !is_inline && ends_in_line_break(&octets) })
    });
    secret.map_err(|error| section.fault(name, value.span(), &error)).ok()
}
