//! Functions that Exim calls through `${dlfunc{libbatv.so.0}{NAME}{ARGUMENT}...}`.
//!
//! Exim copies a result at once, and keeps the pointer to the text of a failure. A result in
//! memory of the library is untainted, whatever it was made of. So an address that is made of
//! parts of an argument is handed back inside that argument, and stays tainted.

#![allow(clippy::similar_names)] // argc and argv are what C calls them

use crate::guard::guarded;
use crate::memory::{NUL_TERMINATED, Output, octets};
use crate::status::{Failure, Status, batv_last_error};
use base64ct::{Base64, Base64Unpadded, Encoding};
use batv_core::{
    Action, Address, Inbound, KeyNumber, KeyRing, Pattern, Policy, Secret, Settings, Verdict, strip,
};
use batv_store::{Store, StoreError};
use std::cell::RefCell;
use std::ffi::{OsStr, c_int, c_uchar};
use std::ops::RangeInclusive;
use std::os::unix::ffi::OsStrExt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

const OK: c_int = 0;
/// Exim answers 451 or defers the delivery, and writes the text to its logs. `FAIL_FORCED`, 4, is
/// never returned: it makes an ACL skip the condition as if it were true.
const ERROR: c_int = 3;

/// Signs an address: keys, address [, UNIX time of the message's receipt].
///
/// The result is the address as it is where nothing signs it. A signed address is longer than its
/// argument and comes out untainted.
/// cbindgen:ignore
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_exim_sign(
    result: *mut *mut c_uchar,
    argc: c_int,
    argv: *mut *mut c_uchar,
) -> c_int {
    // SAFETY: Exim calls as `answer` wants it.
    unsafe { answer(result, argc, argv, 2..=3, sign) }
}

fn sign(arguments: &Arguments<'_>) -> Result<Answer, Failure> {
    let address = arguments.get(1)?;
    let time = arguments.time(2)?;
    with_policy(arguments.get(0)?.text, |policy| match policy.outbound(address.text, [], time).signed {
        Some(signed) => Answer::Text(signed),
        None => address.unchanged(),
    })
}

/// Verifies an address: keys, address [, UNIX time]. The result is the verdict's word.
/// cbindgen:ignore
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_exim_verify(
    result: *mut *mut c_uchar,
    argc: c_int,
    argv: *mut *mut c_uchar,
) -> c_int {
    // SAFETY: Exim calls as `answer` wants it.
    unsafe { answer(result, argc, argv, 2..=3, verify) }
}

fn verify(arguments: &Arguments<'_>) -> Result<Answer, Failure> {
    let address = Address::parse(arguments.get(1)?.text).ok();
    let time = arguments.time(2)?;
    with_policy(arguments.get(0)?.text, |policy| {
        let verdict = address.map_or(Verdict::Missing, |address| policy.verify(&address, time));
        Answer::Text(verdict.as_str().into())
    })
}

/// Takes a tag of any dialect off an address. The result is the address as it is where there is none.
/// cbindgen:ignore
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_exim_strip(
    result: *mut *mut c_uchar,
    argc: c_int,
    argv: *mut *mut c_uchar,
) -> c_int {
    // SAFETY: Exim calls as `answer` wants it.
    unsafe { answer(result, argc, argv, 1..=1, without_tag) }
}

fn without_tag(arguments: &Arguments<'_>) -> Result<Answer, Failure> {
    let address = arguments.get(0)?;
    let stripped = Address::parse(address.text).ok().and_then(|address| strip(&address));
    Ok(stripped.map_or_else(|| address.unchanged(), |stripped| address.keep(stripped.original.parts())))
}

/// Judges a recipient: keys, sender, recipient [, client [, UNIX time [, recipients before it]]].
///
/// The result is empty where the recipient is accepted, else the reply that refuses it.
/// cbindgen:ignore
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_exim_refuse(
    result: *mut *mut c_uchar,
    argc: c_int,
    argv: *mut *mut c_uchar,
) -> c_int {
    // SAFETY: Exim calls as `answer` wants it.
    unsafe { answer(result, argc, argv, 3..=6, refuse) }
}

fn refuse(arguments: &Arguments<'_>) -> Result<Answer, Failure> {
    let inbound = Inbound {
        client: arguments.optional(3, "IP address")?,
        recipients_before: arguments.optional(5, "number of recipients")?.unwrap_or(0),
        ..Inbound::new(arguments.get(1)?.text, arguments.get(2)?.text, arguments.time(4)?)
    };
    with_policy(arguments.get(0)?.text, |policy| match policy.inbound(&inbound).action {
        Action::Refuse(reply) => Answer::Text(reply.to_string().into()),
        Action::Accept | Action::AcceptAs(_) => Answer::Text(Vec::new()),
    })
}

/// What the text of the keys stands for.
enum Keys {
    Text(Box<Policy>),
    File(Store),
}

/// Calls a function with the policy that the keys stand for, which is kept for the next call.
fn with_policy<T>(text: &[u8], function: impl FnOnce(&Policy) -> T) -> Result<T, Failure> {
    thread_local! {
        static LAST: RefCell<Option<(Zeroizing<Vec<u8>>, Keys)>> = const { RefCell::new(None) };
    }
    // What fails is not kept: a file that has become bad fails until it is mended.
    let (text, keys) = match LAST.take().filter(|(last, _)| **last == text) {
        Some(last) => last,
        None => (Zeroizing::new(text.to_vec()), Keys::open(text)?),
    };
    let result = match &keys {
        Keys::Text(policy) => function(policy),
        Keys::File(store) => {
            store.refresh().map_err(|error| of_file(&error))?;
            function(&store.config().policy)
        }
    };
    LAST.set(Some((text, keys)));
    Ok(result)
}

impl Keys {
    fn open(text: &[u8]) -> Result<Self, Failure> {
        if text.starts_with(b"/") {
            Store::open(OsStr::from_bytes(text)).map(Self::File).map_err(|error| of_file(&error))
        } else {
            parse_keys(text).map(|policy| Self::Text(Box::new(policy)))
        }
    }
}

/// All the faults of a configuration file, on one line of the log.
fn of_file(error: &StoreError) -> Failure {
    bad_value(error.to_string().replace('\n', "; "))
}

/// Reads `NUMBER:SECRET` or `NUMBER:base64:SECRET`, or several with white space between them, of
/// which the first signs: for every address, since only the configuration of Exim knows which
/// domains are ours. No text at all is no key: then nothing is signed or refused.
fn parse_keys(text: &[u8]) -> Result<Policy, Failure> {
    let mut keys = KeyRing::new(Settings::default());
    let entries = text.split(u8::is_ascii_whitespace).filter(|entry| !entry.is_empty());
    for (index, entry) in entries.enumerate() {
        // What stands there may be a secret, so it is not shown.
        let fault = |what: &str| bad_value(format_args!("key {} in the text of keys {what}", index + 1));
        let [digit @ b'0'..=b'9', b':', secret @ ..] = entry else {
            return Err(fault("is not of the form NUMBER:SECRET"));
        };
        let number = KeyNumber::new(digit - b'0').map_err(|error| fault(&error.to_string()))?;
        let secret = match secret.strip_prefix(b"base64:") {
            Some(secret) => {
                let secret = str::from_utf8(secret).map_err(|_| fault("is not base64"))?;
                Base64::decode_vec(secret)
                    .or_else(|_| Base64Unpadded::decode_vec(secret))
                    .map_err(|_| fault("is not base64"))?
            }
            None => secret.to_vec(),
        };
        let secret = Secret::new(&Zeroizing::new(secret)).map_err(|_| fault("has an empty secret"))?;
        if keys.insert(number, secret).is_some() {
            return Err(fault(&format!("has the number of another, {number}")));
        }
        if index == 0 {
            keys.sign_with(number)?;
        }
    }
    // Exim reads `user%domain` and `domain!user` as they stand.
    let mut policy = Policy { percent_hack: false, bang_path: false, ..Policy::default() };
    if keys.signing().is_some() {
        let every_domain = Pattern::parse("*").map_err(internal)?;
        policy.keys.insert(every_domain, keys.into());
    }
    Ok(policy)
}

fn bad_value(detail: impl std::fmt::Display) -> Failure {
    Failure::new(Status::BadValue, detail)
}

fn internal(detail: impl std::fmt::Display) -> Failure {
    Failure::new(Status::Internal, detail)
}

/// What a function answers.
enum Answer {
    /// Parts of an argument, from left to right, each with its offset and length.
    Parts { start: *mut c_uchar, length: usize, parts: [(usize, usize); 3] },
    /// Text of our own.
    Text(Vec<u8>),
}

/// An argument: a string of Exim, which may be changed within its length.
#[derive(Clone, Copy)]
struct Argument<'a> {
    start: *mut c_uchar,
    text: &'a [u8],
}

impl Argument<'_> {
    /// Answers the parts of the argument, joined.
    fn keep(self, parts: [&[u8]; 3]) -> Answer {
        let offset = |part: &[u8]| part.as_ptr().addr().wrapping_sub(self.start.addr());
        let parts = parts.map(|part| if part.is_empty() { (0, 0) } else { (offset(part), part.len()) });
        Answer::Parts { start: self.start, length: self.text.len(), parts }
    }

    fn unchanged(self) -> Answer {
        Answer::Parts {
            start: self.start,
            length: self.text.len(),
            parts: [(0, self.text.len()), (0, 0), (0, 0)],
        }
    }
}

/// The arguments of a call, of which the last may have been left out.
struct Arguments<'a>(Vec<Argument<'a>>);

impl<'a> Arguments<'a> {
    /// # Safety
    /// `argv` is NULL or holds `argc` pointers, each NULL or to a string that stays as it is for
    /// the time of the call; where `argc` is not expected, nothing at all is asked of `argv`.
    unsafe fn new(
        argc: c_int,
        argv: *mut *mut c_uchar,
        expected: RangeInclusive<usize>,
    ) -> Result<Self, Failure> {
        let count = usize::try_from(argc).ok().filter(|count| expected.contains(count)).ok_or_else(|| {
            bad_value(format_args!("{argc} arguments instead of {} to {}", expected.start(), expected.end()))
        })?;
        if argv.is_null() {
            return Err(Failure::new(Status::NullPointer, "argv is NULL"));
        }
        let argument = |index| {
            // SAFETY: `argv` is not NULL and the index is below `argc`.
            let start = unsafe { argv.add(index).read() };
            // SAFETY: as the caller promises.
            let text = unsafe { octets(start.cast_const().cast(), NUL_TERMINATED, "an argument") }?;
            Ok(Argument { start, text })
        };
        (0..count).map(argument).collect::<Result<_, _>>().map(Self)
    }

    fn get(&self, index: usize) -> Result<Argument<'a>, Failure> {
        self.0.get(index).copied().ok_or_else(|| internal("argument is missing"))
    }

    /// The value of an argument; None where it is left out or empty.
    fn optional<T: FromStr>(&self, index: usize, what: &str) -> Result<Option<T>, Failure> {
        let text = self.0.get(index).map(|argument| argument.text).unwrap_or_default();
        if text.is_empty() {
            return Ok(None);
        }
        let value = str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        value.map(Some).ok_or_else(|| bad_value(format_args!("'{}' is no {what}", text.escape_ascii())))
    }

    /// The time in an argument, or the clock's.
    fn time(&self, index: usize) -> Result<u64, Failure> {
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        Ok(self.optional(index, "UNIX time in seconds")?.unwrap_or_else(clock))
    }
}

/// Calls a function and tells Exim what it answered. At failure the text is the detail, which
/// stays where it is.
///
/// # Safety
/// `result` is NULL or valid for writing; `argc` and `argv` as [`Arguments::new`] wants them, the
/// strings not aliased and valid for writing.
unsafe fn answer(
    result: *mut *mut c_uchar,
    argc: c_int,
    argv: *mut *mut c_uchar,
    expected: RangeInclusive<usize>,
    function: fn(&Arguments<'_>) -> Result<Answer, Failure>,
) -> c_int {
    let answered = guarded(|| {
        // SAFETY: as the caller promises.
        let result = unsafe { Output::required(result, "the result") }?;
        // SAFETY: as the caller promises.
        let answer = function(&unsafe { Arguments::new(argc, argv, expected) }?)?;
        result.write(match answer {
            // SAFETY: the arguments are no longer looked at, and the parts lie inside of one.
            Answer::Parts { start, length, parts } => unsafe { join(start, length, parts) },
            Answer::Text(text) => kept(text),
        });
        Ok(())
    });
    if answered.is_ok() {
        return OK;
    }
    // SAFETY: as the caller promises.
    unsafe { Output::optional(result) }.write(batv_last_error().cast_mut().cast());
    ERROR
}

/// Moves parts of a string together, up to its NUL, and tells where they begin.
///
/// # Safety
/// The string has that length and is valid for writing; the parts, each an offset and a length,
/// lie inside of it from left to right.
unsafe fn join(start: *mut c_uchar, length: usize, parts: [(usize, usize); 3]) -> *mut c_uchar {
    let mut end = length;
    for (offset, length) in parts.into_iter().rev() {
        end -= length;
        // SAFETY: behind `end` are only the parts that stood to the right of this one, so there is
        // room for it, and what has not been moved is not written over.
        unsafe { start.add(offset).copy_to(start.add(end), length) };
    }
    // SAFETY: the parts are no longer than the string.
    unsafe { start.add(end) }
}

/// Keeps a text, with its NUL, until the next one of the thread.
fn kept(mut text: Vec<u8>) -> *mut c_uchar {
    thread_local! {
        static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    text.push(0);
    TEXT.with_borrow_mut(|kept| {
        *kept = text;
        kept.as_mut_ptr()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::{CStr, CString, c_char};
    use std::ptr;

    type Function = unsafe extern "C" fn(*mut *mut c_uchar, c_int, *mut *mut c_uchar) -> c_int;

    /// The status, the result, and the argument in which the result lies, if it does.
    fn call(function: Function, arguments: &[&str]) -> (c_int, String, Option<usize>) {
        let owned: Vec<*mut c_char> =
            arguments.iter().map(|argument| CString::new(*argument).unwrap().into_raw()).collect();
        let mut argv: Vec<*mut c_uchar> = owned.iter().map(|pointer| pointer.cast()).collect();
        let mut result = ptr::null_mut();
        let count = c_int::try_from(argv.len()).unwrap();
        // SAFETY: as Exim calls; the strings live until they are taken back.
        let status = unsafe { function(&raw mut result, count, argv.as_mut_ptr()) };
        // SAFETY: a result is a string.
        let text = unsafe { CStr::from_ptr(result.cast_const().cast()) }.to_str().unwrap().to_owned();
        let inside = argv.iter().zip(arguments).position(|(start, argument)| {
            (start.addr()..=start.addr() + argument.len()).contains(&result.addr())
        });
        for (pointer, argument) in owned.into_iter().zip(arguments) {
            // SAFETY: it came from CString, and the NUL at its end is where it was.
            unsafe {
                assert_eq!(pointer.add(argument.len()).read(), 0);
                drop(Box::from_raw(ptr::slice_from_raw_parts_mut(pointer, argument.len() + 1)));
            }
        }
        (status, text, inside)
    }

    #[test]
    fn an_original_address_lies_inside_its_argument() {
        for (tagged, original) in [
            ("prvs=0786864c09=alice@example.test", "alice@example.test"),
            ("<prvs=0786864c09=alice@example.test>", "<alice@example.test>"),
            ("\"prvs=0786864c09=john doe\"@example.test", "\"john doe\"@example.test"),
            ("<\"prvs=0786864c09=john doe\"@example.test>", "<\"john doe\"@example.test>"),
            ("<alice+prvs=0786864c09@example.test>", "<alice@example.test>"),
            ("<prvs=a=0786864c09@example.test>", "<a@example.test>"),
            ("alice@example.test", "alice@example.test"),
            ("no address", "no address"),
            ("<>", "<>"),
            ("", ""),
        ] {
            assert_eq!(call(batv_exim_strip, &[tagged]), (OK, original.into(), Some(0)), "{tagged}");
        }
    }

    #[test]
    fn what_nothing_signs_lies_inside_its_argument() {
        for address in ["", "<>", "no address", "prvs=0786864c09=alice@example.test", "carol"] {
            let expected = (OK, address.into(), Some(1));
            assert_eq!(call(batv_exim_sign, &["0:secret", address, "1795348800"]), expected, "{address}");
        }
        let none = call(batv_exim_sign, &["", "alice@example.test"]);
        assert_eq!(none, (OK, "alice@example.test".into(), Some(1)));
        let signed = call(batv_exim_sign, &[" 0:secret\n1:older\t", "alice@example.test", "1795348800"]);
        assert_eq!(signed, (OK, "prvs=0786864c09=alice@example.test".into(), None));
    }

    #[test]
    fn keys_without_a_key_refuse_nothing() {
        let bounce = ["0:secret", "", "alice@example.test"];
        assert!(call(batv_exim_refuse, &bounce).1.starts_with("550 5.7.1 "));
        let [_, sender, recipient] = bounce;
        assert_eq!(call(batv_exim_refuse, &[" \n", sender, recipient]), (OK, String::new(), None));
    }

    #[test]
    fn what_exim_reads_as_it_stands_is_signed_as_it_stands() {
        for address in ["a%b.test@example.test", "b.test!a@example.test"] {
            let (status, signed, _) = call(batv_exim_sign, &["0:secret", address, "1795348800"]);
            assert_eq!(status, OK);
            assert!(signed.ends_with(&format!("={address}")), "{signed}");
        }
    }

    #[test]
    fn argv_is_left_alone_when_the_count_does_not_fit() {
        for count in [8, 31, 42, 0, -1, c_int::MIN, c_int::MAX] {
            for function in [batv_exim_sign, batv_exim_verify, batv_exim_strip, batv_exim_refuse] {
                let mut result = ptr::null_mut();
                let argv = ptr::without_provenance_mut(8);
                // SAFETY: with such a count argv may be anything.
                assert_eq!(unsafe { function(&raw mut result, count, argv) }, ERROR);
                assert!(!result.is_null());
            }
        }
    }

    #[test]
    fn null_is_a_failure_and_the_text_of_a_failure_stays() {
        let mut result = ptr::null_mut();
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { batv_exim_strip(&raw mut result, 1, ptr::null_mut()) }, ERROR);
        let mut argv = [ptr::null_mut()];
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { batv_exim_strip(ptr::null_mut(), 1, argv.as_mut_ptr()) }, ERROR);
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { batv_exim_strip(&raw mut result, 1, argv.as_mut_ptr()) }, ERROR);
        assert_eq!(call(batv_exim_strip, &["alice@example.test"]).0, OK);
        // SAFETY: a success does not touch the text of a failure.
        let text = unsafe { CStr::from_ptr(result.cast_const().cast()) };
        assert_eq!(text, c"an argument is NULL");
    }
}
