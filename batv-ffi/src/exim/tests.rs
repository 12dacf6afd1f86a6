//! The functions as Exim calls them.

use super::answer::{ERROR, OK};
use super::*;
use std::ffi::{CStr, CString, c_char};
use std::path::PathBuf;
use std::{env, fmt, fs, ptr};

type Function = unsafe extern "C" fn(*mut *mut c_uchar, c_int, *mut *mut c_uchar) -> c_int;

const FUNCTIONS: [Function; 7] = [
    batv_exim_sign,
    batv_exim_verify,
    batv_exim_strip,
    batv_exim_recipient,
    batv_exim_refuse,
    batv_exim_log_inbound,
    batv_exim_log_outbound,
];

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
fn a_recipient_loses_one_layer_of_our_own_tags() {
    let delimiter = File::new("recipient", "delimiter = \"-\"\n");
    let keys = format!("{delimiter} 0:secret");
    for (keys, tagged, original) in [
        // By its shape: neither the key number nor the hash counts.
        ("0:secret", "prvs=9786000000=alice@example.test", "alice@example.test"),
        ("0:secret", "<alice+prvs=0786864c09@example.test>", "<alice@example.test>"),
        ("0:secret", "\"prvs=0786864c09=john doe\"@example.test", "\"john doe\"@example.test"),
        (
            "0:secret",
            "prvs=0786864c09=prvs=0786864c09=alice@example.test",
            "prvs=0786864c09=alice@example.test",
        ),
        // Others' tags are theirs.
        ("0:secret", "prvs=123456789=alice@example.test", "prvs=123456789=alice@example.test"),
        ("0:secret", "prvs=alice=0786864c09@example.test", "prvs=alice=0786864c09@example.test"),
        ("0:secret", "alice-prvs=0786864c09@example.test", "alice-prvs=0786864c09@example.test"),
        ("0:secret", "#a@example.test", "#a@example.test"),
        ("0:secret", "no address", "no address"),
        ("0:secret", "", ""),
        ("", "prvs=0786864c09=alice@example.test", "prvs=0786864c09=alice@example.test"),
        (&keys, "alice-prvs=0786864c09@example.test", "alice@example.test"),
    ] {
        let expected = (OK, original.into(), Some(1));
        assert_eq!(call(batv_exim_recipient, &[keys, tagged]), expected, "{tagged}");
    }
}

/// A configuration file without keys, of a name that no other test uses.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = env::temp_dir().join(format!("batv-ffi-{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn the_policy_comes_from_a_file_and_the_keys_from_a_text() {
    let text = "[policy]\nexempt = [\"postmaster@*\"]\nreply = \"See example.test/{reason}\"\n";
    let path = File::new("policy", text);
    let refuse = |keys: &str, recipient| call(batv_exim_refuse, &[keys, "", recipient]);
    let missing = (OK, "550 5.7.1 See example.test/missing".to_owned(), None);
    let accepted = (OK, String::new(), None);
    let with_keys = format!("{path} 1:new 0:secret");
    assert_eq!(refuse(&with_keys, "alice@example.test"), missing);
    assert_eq!(refuse(&with_keys, "postmaster@example.test"), accepted);
    // No text there is no key, and the file has none.
    for without_keys in [format!("{path} "), path.to_string()] {
        assert_eq!(refuse(&without_keys, "alice@example.test"), accepted);
    }
    let bad = call(batv_exim_refuse, &[&format!("{path} 1hush"), "", "alice@example.test"]);
    assert_eq!(bad.0, ERROR);
    assert_eq!(bad.1, "key 1 in the text of keys is not of the form NUMBER:SECRET");
    assert_eq!(refuse("/nowhere/batv.toml 0:secret", "alice@example.test").0, ERROR);
}

#[test]
fn a_time_of_0_is_the_clock_s() {
    for time in ["", "0"] {
        let signed = call(batv_exim_sign, &["0:secret", "alice@example.test", time]).1;
        assert_eq!(call(batv_exim_verify, &["0:secret", &signed]).1, "pass", "{signed}");
    }
}

#[test]
fn the_log_line_is_that_of_the_decision() {
    let bounce = ["0:secret", "", "alice@example.test", "192.0.2.1", "1795348800", "0"];
    let line = "batv: dir=in action=refuse reason=missing from=<> to=<alice@example.test> client=192.0.2.1";
    assert_eq!(call(batv_exim_log_inbound, &bounce), (OK, line.into(), None));
    let message = ["0:secret", "alice@example.test", "1795348800"];
    let line = "batv: dir=out action=sign reason=signed from=<alice@example.test> key=0";
    assert_eq!(call(batv_exim_log_outbound, &message), (OK, line.into(), None));
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
        for function in FUNCTIONS {
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
