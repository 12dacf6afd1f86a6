//! `batv sign`.

use crate::answer::{Command, Input, answer_all};
use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::options::{KeyOptions, Keys};
use crate::output::{Output, text_of, write_json, write_parts};
use crate::time::TimeOption;
use batv_core::{
    HashCase, KeyRing, Lifetime, Message, OutboundReason, ReversePath, Settings, SignError, Signed, Syntax,
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
/// out unchanged. What cannot be signed, because it is not an address or its local-part would grow
/// beyond 64 octets, comes out unchanged too, with a warning on standard error that names the
/// line or the argument, and makes the exit status 1.
///
/// With --config, what no key of the file is for, and what its policy exempts, comes out unchanged
/// as well. A file that changes is loaded again.
///
/// With --json: {"mail_from", "action", "signed", "reason", "error"}. "action" is sign or leave,
/// "signed" the signed address or null, "reason" the word that "batv check" has too.
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
        let mut settings = Settings::default();
        settings.lifetime = self.lifetime;
        settings.syntax = self.syntax;
        settings.delimiter = self.key.delimiter;
        settings.hash_case = self.hash_case;
        let signer = Signer { keys: self.key.keys(config, settings)?, time: self.time, json: self.json };
        answer_all(&self.addresses, &signer, self.json)
    }
}

struct Signer {
    keys: Keys,
    time: TimeOption,
    json: bool,
}

/// What became of an address.
enum Outcome<'a> {
    /// A key signed it.
    Signed(Signed<'a>),
    /// A configuration signed it.
    Configured(Vec<u8>),
    /// It stays as it is, for a reason, which may be an error.
    Left(OutboundReason, Option<String>),
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
        Ok(ReversePath::Null) => return Outcome::Left(OutboundReason::NullSender, None),
        Err(unreadable) => return Outcome::Left(OutboundReason::Unreadable, Some(unreadable.to_string())),
    };
    match keys.sign(&address, time) {
        Ok(signed) => Outcome::Signed(signed),
        Err(error @ SignError::Tagged) => Outcome::Left(error.into(), None),
        Err(error) => Outcome::Left(error.into(), Some(error.to_string())),
    }
}

fn sign_by<'a>(configuration: &Configuration, input: &Input<'_>, time: u64) -> Outcome<'a> {
    let unreadable = || match input.read() {
        Err(unreadable) => unreadable.to_string(),
        Ok(_) => "not an address".to_owned(),
    };
    // The policy reads more than an address, such as one without a domain.
    let Some(octets) = input.octets() else {
        return Outcome::Left(OutboundReason::Unreadable, Some(unreadable()));
    };
    let decision = configuration.now().policy.outbound(&Message::new(octets, time));
    let error = match decision.reason {
        OutboundReason::Unreadable => unreadable(),
        OutboundReason::TooLong => "signed local-part would have more than 64 octets".to_owned(),
        OutboundReason::NoSigningKey => SignError::NoSigningKey.to_string(),
        reason => return decision.signed.map_or(Outcome::Left(reason, None), Outcome::Configured),
    };
    Outcome::Left(decision.reason, Some(error))
}

#[derive(Serialize)]
struct Answer<'a> {
    mail_from: Option<Cow<'a, str>>,
    action: &'static str,
    signed: Option<Cow<'a, str>>,
    reason: &'static str,
    error: Option<&'a str>,
}

impl<'a> Answer<'a> {
    fn new(input: &Input<'a>, outcome: &'a Outcome<'_>) -> Self {
        let (signed, reason, error) = match outcome {
            Outcome::Signed(signed) => (Some(text_of(signed.parts())), OutboundReason::Signed, None),
            Outcome::Configured(signed) => {
                (Some(String::from_utf8_lossy(signed)), OutboundReason::Signed, None)
            }
            Outcome::Left(reason, error) => (None, *reason, error.as_deref()),
        };
        let action = if signed.is_some() { "sign" } else { "leave" };
        Self { mail_from: input.to_text(), action, signed, reason: reason.as_str(), error }
    }
}

impl Command for Signer {
    fn answer(&self, input: Input<'_>, out: &mut Output) -> Result<bool, Failure> {
        let outcome = self.sign(&input)?;
        let error = if let Outcome::Left(_, error) = &outcome { error.as_deref() } else { None };
        if let Some(error) = error {
            input.warn(&format_args!("not signed: {error}"));
        }
        let is_good = error.is_none();
        match &outcome {
            outcome if self.json => write_json(&Answer::new(&input, outcome), out)?,
            Outcome::Signed(signed) => write_parts(signed.parts(), out)?,
            Outcome::Configured(signed) => out.write_all(signed)?,
            Outcome::Left(..) => input.copy(out)?,
        }
        Ok(is_good)
    }
}
