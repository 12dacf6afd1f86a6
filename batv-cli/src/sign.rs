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

/// Sign addresses of mail that leaves
///
/// Prints each address with a tag. The null sender, and addresses that have a tag already, are
/// printed unchanged. An address that cannot be signed, because it is not valid or its local-part would become
/// longer than 64 octets, is printed unchanged too, with a warning on standard error that names the line
/// or the argument.
///
/// With --at, give the time at which the message was received, so that its sender stays the same at every
/// attempt to deliver it.
///
/// With a configuration file, addresses that have no key and addresses that the policy exempts are
/// printed unchanged too. If the file changes meanwhile, it is loaded again.
///
/// With --json: {"mail_from", "action", "signed", "reason", "error"}. "action" is "sign" or "leave",
/// "signed" is the signed address or null, and "reason" is the word that "batv check" prints.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Sign {
    /// The addresses; if there are none, the lines of standard input
    #[arg(value_name = "ADDRESS")]
    addresses: Vec<OsString>,
    #[command(flatten)]
    key: KeyOptions,
    #[command(flatten)]
    time: TimeOption,
    /// How many days the tag is good after the day of --at, 1 to 99
    #[arg(long, value_name = "DAYS", default_value = "7", value_parser = parse_lifetime)]
    lifetime: Lifetime,
    /// What is hashed: the address in lower case, or exactly as given
    #[arg(long, value_name = "CASE", default_value = "fold", value_parser = hash_cases())]
    hash_case: HashCase,
    /// Where the tag goes: prvs=KDDDSSSSSS=user@domain or user+prvs=KDDDSSSSSS@domain
    #[arg(long, value_name = "SYNTAX", default_value = "prefix", value_parser = syntaxes())]
    syntax: Syntax,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  batv sign user@example.com
  batv sign --at 1795348800 < addresses
  batv sign --secret-file secret --key-number 1 user@example.com

Exit status:
  0  every address was signed, or needs no tag
  1  an address could not be signed
  2  wrong usage, or a file that cannot be used";

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
