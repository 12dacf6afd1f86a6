//! The argument that names the keys: a file, keys as text, or the policy of a file with keys as text.

use crate::memory::bad_value;
use crate::status::{Failure, batv_status};
use ::batv_config::{ConfigError, Store, parse_key_text};
use batv_core::{Pattern, Policy};
use std::cell::RefCell;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Asks the policy that the keys stand for: `/PATH`, key text, or `/PATH`, a space and key text. The
/// last is the policy of the file with the keys of the text, and no key where the text is empty.
pub(super) fn with_policy<T>(keys: &[u8], question: impl FnOnce(&Policy) -> T) -> Result<T, Failure> {
    let (mut question, mut answer) = (Some(question), None);
    ask(keys, &mut |policy| answer = question.take().map(|question| question(policy)))?;
    answer.ok_or_else(|| Failure::new(batv_status::Internal, "no policy was asked"))
}

fn ask(keys: &[u8], question: &mut dyn FnMut(&Policy)) -> Result<(), Failure> {
    if !keys.starts_with(b"/") {
        question(&parse_key_text(keys).map_err(bad_value)?);
        return Ok(());
    }
    let mut parts = keys.splitn(2, |octet| *octet == b' ');
    let path = parts.next().unwrap_or_default();
    let Some(text) = parts.next() else {
        return ask_file(path, question);
    };
    let keys = parse_key_text(text).map_err(bad_value)?;
    ask_file(path, &mut |policy| {
        let mut policy = policy.without_keys();
        if let (Some(keys), Ok(every_domain)) = (keys.keys().of_every_domain(), Pattern::parse("*")) {
            policy.add_keys(every_domain, keys.clone());
        }
        question(&policy);
    })
}

/// Asks the policy of a file, which is kept for the next call.
fn ask_file(path: &[u8], question: &mut dyn FnMut(&Policy)) -> Result<(), Failure> {
    thread_local! {
        static LAST: RefCell<Option<Store>> = const { RefCell::new(None) };
    }
    let path = OsStr::from_bytes(path);
    // What fails is not kept: a file that has become bad fails until it is mended.
    let store = match LAST.take().filter(|last| last.path() == path) {
        Some(last) => last,
        None => Store::open(path).map_err(|error| of_file(&error))?,
    };
    store.refresh().map_err(|error| of_file(&error))?;
    question(&store.config().policy);
    LAST.set(Some(store));
    Ok(())
}

/// All the faults of a configuration file, on one line of the log.
fn of_file(error: &ConfigError) -> Failure {
    bad_value(error.to_string().replace('\n', "; "))
}
