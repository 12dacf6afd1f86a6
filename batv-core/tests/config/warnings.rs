//! What a good file is warned about, and where each warning begins.

use crate::parse;

const CREATED: u64 = 20_454 * 86_400; // 2026-01-01

fn warnings(text: &str, time: u64) -> Vec<String> {
    parse(text).warnings(time).iter().map(ToString::to_string).collect()
}

fn key(secret: &str, rest: &str) -> String {
    format!("\n[[key]]\nnumber = 4\nsecret = \"{secret}\"\nfor = [\"a.test\", \"b.test\"]\n{rest}\n")
}

#[test]
fn a_good_file_has_none() {
    assert_eq!(warnings(&key("0123456789abcdef", "created = 2026-01-01"), CREATED), [""; 0]);
}

#[test]
fn no_keys_and_no_key_that_signs() {
    assert_eq!(warnings("", 0), ["no keys: nothing is signed or judged"]);
    let verifying = key("0123456789abcdef", "use = \"verify\"");
    assert_eq!(warnings(&verifying, 0), ["no key signs for a.test and 1 more"]);
    let one = verifying.replace("\"a.test\", ", "");
    assert_eq!(warnings(&one, 0), ["no key signs for b.test"]);
}

#[test]
fn a_secret_of_fifteen_octets_is_weak() {
    let weak = ["line 2: the secret of key 4 has fewer than 16 octets and may be guessed"];
    assert_eq!(warnings(&key("0123456789abcde", ""), 0), weak);
    assert_eq!(warnings(&key("0123456789abcdef", ""), 0), [""; 0]);
    // Octets count, not characters.
    assert_eq!(warnings(&key("éééééééé", ""), 0), [""; 0]);
}

#[test]
fn a_secret_is_old_after_900_days() {
    let text = key("0123456789abcdef", "created = 2026-01-01");
    let old = "line 2: the secret of key 4 is 901 days old; after 900 days tags that have expired turn \
               valid again: rotate it";
    assert_eq!(warnings(&text, CREATED + 901 * 86_400 - 1), [""; 0]);
    assert_eq!(warnings(&text, CREATED + 901 * 86_400), [old]);
    // Made tomorrow, by a clock that stands wrong.
    assert_eq!(warnings(&text, CREATED - 1), [""; 0]);
    // One that only verifies lets old tags in as well.
    let verifying = key("0123456789abcdef", "created = 2026-01-01\nuse = \"verify\"");
    assert_eq!(warnings(&verifying, CREATED + 901 * 86_400).last().map(String::as_str), Some(old));
}

#[test]
fn monitor_mode_until_it_ends() {
    let on = ["policy.monitor: monitor mode is on, nothing is refused"];
    let text = key("0123456789abcdef", "[policy]\nmonitor = true");
    assert_eq!(warnings(&text, u64::MAX), on);
    let text = key("0123456789abcdef", "[policy]\nenforce-from = 2026-01-01");
    assert_eq!(warnings(&text, CREATED - 1), on);
    assert_eq!(warnings(&text, CREATED), [""; 0]);
}
