//! The settings at the top of the file: how addresses are signed.

use super::section::{Section, number, switch, text};
use batv_core::{Delimiter, HashCase, Lifetime, Settings, Syntax};
use toml::de::DeValue;

pub(super) fn read(root: &mut Section<'_, '_>) -> Settings {
    let mut settings = Settings::default();
    root.set("lifetime", &mut settings.lifetime, lifetime);
    root.set("syntax", &mut settings.syntax, syntax);
    root.set("delimiter", &mut settings.delimiter, delimiter);
    root.set("hash-case", &mut settings.hash_case, hash_case);
    root.set("long-local-parts", &mut settings.long_local_parts, switch);
    settings
}

fn lifetime(value: &DeValue<'_>) -> Result<Lifetime, String> {
    Lifetime::from_days(number(value, 1..=99)?).map_err(|error| error.to_string())
}

fn syntax(value: &DeValue<'_>) -> Result<Syntax, &'static str> {
    match text(value)? {
        "prefix" => Ok(Syntax::Prefix),
        "sub-address" => Ok(Syntax::SubAddress),
        _ => Err("must be \"prefix\" or \"sub-address\""),
    }
}

fn delimiter(value: &DeValue<'_>) -> Result<Delimiter, String> {
    match text(value)?.as_bytes() {
        [octet] => Delimiter::new(*octet).map_err(|error| error.to_string()),
        _ => Err("must be one character such as \"+\"".to_owned()),
    }
}

fn hash_case(value: &DeValue<'_>) -> Result<HashCase, &'static str> {
    match text(value)? {
        "fold" => Ok(HashCase::Fold),
        "exact" => Ok(HashCase::Exact),
        _ => Err("must be \"fold\" or \"exact\""),
    }
}
