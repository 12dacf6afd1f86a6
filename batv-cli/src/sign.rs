//! `batv sign`.

use crate::answer::{Command, Failure, Input, Output, answer_all, text_of, write_json, write_parts};
use crate::config::Configuration;
use crate::options::{KeyOptions, Keys, TimeOption};
use batv_core::{
    HashCase, KeyRing, Lifetime, OutboundReason, ReversePath, Settings, SignError, Signed, Syntax,
};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Serialize;
use std::borrow::Cow;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

/// Sign addresses
///
/// Prints each address with a tag. The null sender and addresses that are tagged already come
/// out unchanged. What cannot be signed, because it is no address or its local-part would grow
/// beyond 64 octets, comes out unchanged too, with a warning on standard error that names the
/// line or the argument, and makes the exit status 1.
///
/// With --config, what no key of the file is for, and what its policy exempts, comes out unchanged
/// as well. A file that changes is loaded again.
///
/// With --json: {"input", "address", "signed", "error"}.
#[derive(Args)]
pub(crate) struct Sign {
    /// The addresses; without any, the lines of standard input
    #[arg(value_name = "ADDRESS")]
    addresses: Vec<OsString>,
    #[command(flatten)]
    key: KeyOptions,
    #[command(flatten)]
    time: TimeOption,
    /// How many days the tag is good, after the day of --at, 1 to 99
    #[arg(long, value_name = "DAYS", default_value = "7", value_parser = parse_lifetime)]
    lifetime: Lifetime,
    /// What is hashed: the address in lower case, or exactly as it stands
    #[arg(long, value_name = "CASE", default_value = "fold", value_parser = hash_cases())]
    hash_case: HashCase,
    /// Where the tag stands: prvs=KDDDSSSSSS=user@domain or user+prvs=KDDDSSSSSS@domain
    #[arg(long, value_name = "SYNTAX", default_value = "prefix", value_parser = syntaxes())]
    syntax: Syntax,
    /// Answer with one JSON object a line
    #[arg(long)]
    json: bool,
}

fn parse_lifetime(text: &str) -> Result<Lifetime, String> {
    let days = text.parse().map_err(|_| "a lifetime is a number of days, 1 to 99".to_owned())?;
    Lifetime::from_days(days).map_err(|error| error.to_string())
}

fn hash_cases() -> impl TypedValueParser<Value = HashCase> {
    PossibleValuesParser::new(["fold", "exact"])
        .map(|word| if word == "exact" { HashCase::Exact } else { HashCase::Fold })
}

fn syntaxes() -> impl TypedValueParser<Value = Syntax> {
    PossibleValuesParser::new(["prefix", "sub-address"])
        .map(|word| if word == "prefix" { Syntax::Prefix } else { Syntax::SubAddress })
}

impl Sign {
    pub(crate) fn run(self, config: Option<&Path>) -> Result<bool, Failure> {
        let settings = Settings {
            lifetime: self.lifetime,
            syntax: self.syntax,
            delimiter: self.key.delimiter,
            hash_case: self.hash_case,
            ..Settings::default()
        };
        let signer = Signer { keys: self.key.keys(config, settings)?, time: self.time, json: self.json };
        answer_all(&self.addresses, &signer, self.json)
    }
}

struct Signer {
    keys: Keys,
    time: TimeOption,
    json: bool,
}

enum Outcome<'a> {
    Signed(Signed<'a>),
    Configured(Vec<u8>),
    Unchanged,
    Failed(String),
}

impl Signer {
    fn sign<'a>(&self, input: &Input<'a>) -> Result<Outcome<'a>, Failure> {
        let time = self.time.time()?;
        Ok(match &self.keys {
            Keys::Configured(configuration) => sign_by(configuration, input, time),
            Keys::One(keys) => sign_with(keys, input, time),
        })
    }
}

fn sign_with<'a>(keys: &KeyRing, input: &Input<'a>, time: u64) -> Outcome<'a> {
    let address = match input.read() {
        Ok(ReversePath::Address(address)) => address,
        Ok(ReversePath::Null) => return Outcome::Unchanged,
        Err(unreadable) => return Outcome::Failed(unreadable.to_string()),
    };
    match keys.sign(&address, time) {
        Ok(signed) => Outcome::Signed(signed),
        Err(SignError::Tagged) => Outcome::Unchanged,
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

fn sign_by<'a>(configuration: &Configuration, input: &Input<'_>, time: u64) -> Outcome<'a> {
    let unreadable = || match input.read() {
        Err(unreadable) => Outcome::Failed(unreadable.to_string()),
        Ok(_) => Outcome::Failed("not an address".to_owned()),
    };
    // The policy reads more than an address, such as one without a domain.
    let Some(octets) = input.octets() else { return unreadable() };
    let outbound = configuration.at(time).policy.outbound(octets, [], time);
    match (outbound.signed, outbound.reason) {
        (Some(signed), _) => Outcome::Configured(signed),
        (None, OutboundReason::Unreadable) => unreadable(),
        (None, OutboundReason::TooLong) => {
            Outcome::Failed("signed local-part would have more than 64 octets".to_owned())
        }
        (None, OutboundReason::NoSigningKey) => Outcome::Failed(SignError::NoSigningKey.to_string()),
        (None, _) => Outcome::Unchanged,
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    input: Option<Cow<'a, str>>,
    address: Option<Cow<'a, str>>,
    signed: bool,
    error: Option<&'a str>,
}

impl Command for Signer {
    fn answer(&self, input: Input<'_>, out: &mut Output) -> Result<bool, Failure> {
        let outcome = self.sign(&input)?;
        let error = if let Outcome::Failed(reason) = &outcome { Some(reason.as_str()) } else { None };
        if let Some(reason) = error {
            input.warn(&format_args!("not signed: {reason}"));
        }
        if self.json {
            let (address, signed) = match &outcome {
                Outcome::Signed(signed) => (Some(text_of(signed.parts())), true),
                Outcome::Configured(signed) => (Some(String::from_utf8_lossy(signed)), true),
                _ => (input.to_text(), false),
            };
            write_json(&Answer { input: input.to_text(), address, signed, error }, out)?;
        } else if let Outcome::Signed(signed) = &outcome {
            write_parts(signed.parts(), out)?;
        } else if let Outcome::Configured(signed) = &outcome {
            out.write_all(signed)?;
        } else {
            input.copy(out)?;
        }
        Ok(error.is_none())
    }
}
