//! What a good file is warned about, and where each warning begins and ends.

use crate::parse;
use batv_config::Config;

const CREATED: u64 = 20_454 * 86_400; // 2026-01-01
const DAY: u64 = 86_400;

/// That no key signs for these.
fn unsigned(patterns: &str) -> String {
    let effect = "so its mail leaves without a tag and its bounces are refused: let a key sign for it";
    format!("no key signs for {patterns}, {effect}")
}

/// The warnings of a text, but for that of the default domain.
fn warnings(text: &str, time: u64) -> Vec<String> {
    shown(&parse(text), time)
}

fn shown(config: &Config, time: u64) -> Vec<String> {
    let all = config.warnings(time).into_iter().map(|warning| warning.to_string());
    all.filter(|warning| !warning.starts_with("policy.default-domain: ")).collect()
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
    assert_eq!(
        warnings("", 0),
        ["there are no keys, so nothing is signed or judged; add one with `batv keys new`"]
    );
    let verifying = key("0123456789abcdef", "use = \"verify\"");
    assert_eq!(warnings(&verifying, 0), [unsigned("a.test and 1 more")]);
    let one = verifying.replace("\"a.test\", ", "");
    assert_eq!(warnings(&one, 0), [unsigned("b.test")]);
}

#[test]
fn a_secret_of_fifteen_octets_is_weak() {
    let weak = ["line 2: the secret of key 4 has fewer than 16 octets and may be guessed: rotate it"];
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

#[test]
fn monitor_mode_for_some() {
    let text = key("0123456789abcdef", "[policy]\nmonitor = [\"a.test\", \"x@b.test\"]");
    let some = "policy.monitor: monitor mode is on for 2 domains or addresses; nothing is refused there";
    assert_eq!(warnings(&text, 0), [some]);
}

#[test]
fn a_name_without_domain_is_not_judged_for_want_of_a_default_domain() {
    let text = key("0123456789abcdef", "");
    let warnings = |text: &str| parse(text).warnings(0).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        warnings(&text),
        ["policy.default-domain: is not set, so bounces to a name without a domain, such as `postmaster`, \
              are not judged; set it to the domain that the mail server adds"]
    );
    assert_eq!(warnings(&format!("{text}[policy]\ndefault-domain = \"a.test\"\n")), [""; 0]);
}

#[test]
fn a_secret_file_that_ends_in_a_line_break() {
    let text = "[[key]]\nnumber = 4\nsecret-file = \"4.key\"\nfor = [\"a.test\"]\n";
    let with = |octets: &[u8]| shown(&Config::parse(text, |_| Ok(octets.to_vec())).unwrap(), 0);
    let warning = "line 1: the secret file of key 4 ends in a line break, which is part of the secret: check \
                   with `batv keys fingerprint` that every server has the same one";
    assert_eq!(with(b"0123456789abcdef"), [""; 0]);
    assert_eq!(with(b"0123456789\nabcdef"), [""; 0]);
    for octets in [&b"0123456789abcdef\n"[..], b"0123456789abcdef\r\n", b"0123456789abcdef\r"] {
        assert_eq!(with(octets), [warning]);
    }
    // In the configuration file it can be seen.
    assert_eq!(warnings(&key("0123456789abcdef\\n", ""), 0), [""; 0]);
}

#[test]
fn a_key_that_signs_behind_its_last_day() {
    let text = key("0123456789abcdef", "verify-until = 2026-01-01");
    let ended = "line 2: key 4 signs, but its last day was 2026-01-01: rotate it, or remove `verify-until`";
    assert_eq!(warnings(&text, CREATED + DAY - 1), [""; 0]);
    assert_eq!(warnings(&text, CREATED + DAY), [ended]);
    let verifying = key("0123456789abcdef", "verify-until = 2026-01-01\nuse = \"verify\"");
    assert_eq!(warnings(&verifying, CREATED + DAY), [unsigned("a.test and 1 more")]);
}

#[test]
fn a_key_that_signs_before_it_is_made() {
    let text = key("0123456789abcdef", "created = 2026-01-01");
    let early =
        "line 2: key 4 signs, but `created` is in the future, 2026-01-01: correct it, or set the clock";
    assert_eq!(warnings(&text, CREATED - 1), [early]);
    assert_eq!(warnings(&text, CREATED), [""; 0]);
}

#[test]
fn lists_that_hold_everybody() {
    let text =
        |setting: &str, list: &str| key("0123456789abcdef", &format!("[policy]\n{setting} = [{list}]"));
    let clients = "policy.untagged-clients: contains every host, so no bounce is refused; list only hosts that \
                   bounce untagged mail";
    let networks = "policy.internal-networks: contains every host, so mail from strangers is signed and no bounce \
                    is refused; list only your own networks";
    for list in
        ["\"0.0.0.0/0\"", "\"::/0\"", "\"128.0.0.0/1\", \"192.0.2.1\", \"0.0.0.0/1\"", "\"::ffff:0:0/96\""]
    {
        assert_eq!(warnings(&text("untagged-clients", list), 0), [clients], "{list}");
        assert_eq!(warnings(&text("internal-networks", list), 0), [networks], "{list}");
    }
    assert_eq!(warnings(&text("untagged-clients", "\"0.0.0.0/1\", \"8000::/1\""), 0), [""; 0]);
    // Many, each of them twice. What compared each with each took minutes.
    let networks = |all: u32| -> Vec<_> {
        (0..all)
            .flat_map(|n| {
                [format!("\"{}.{}.0.0/16\"", n >> 8, n & 255), format!("\"{}.{}.1.0/24\"", n >> 8, n & 255)]
            })
            .collect()
    };
    assert_eq!(warnings(&text("untagged-clients", &networks(65_536).join(", ")), 0), [clients]);
    assert_eq!(warnings(&text("untagged-clients", &networks(65_535).join(", ")), 0), [""; 0]);
}

#[test]
fn destinations_without_tags_that_no_host_may_bounce_from() {
    let text = |list: &str| key("0123456789abcdef", &format!("[policy]\nuntagged-{list}"));
    let warning = "policy.untagged-destinations: mail there leaves without a tag, so its bounces are refused; list the \
                   servers that send them in `untagged-clients`";
    assert_eq!(warnings(&text("destinations = [\"lists.test\"]"), 0), [warning]);
    let both = "destinations = [\"lists.test\"]\nuntagged-clients = [\"192.0.2.1\"]";
    for list in [both, "destinations = []", "clients = [\"192.0.2.1\"]"] {
        assert_eq!(warnings(&text(list), 0), [""; 0], "{list}");
    }
}

/// A key of a number, which is a part of its secret too.
fn numbered(number: u8, rest: &str, domain: &str) -> String {
    format!(
        "[[key]]\nnumber = {number}\nsecret = \"0123456789abcdef{number}\"\nfor = [\"{domain}\"]\n{rest}\n"
    )
}

#[test]
fn a_narrower_pattern_puts_the_keys_of_a_wider_one_out_of_use() {
    let wide = numbered(0, "created = 2025-06-01", "*");
    let narrow = numbered(1, "created = 2026-01-01", "a.test");
    let lost = "line 1: key 0 does not verify for a.test, which has other keys, so bounces to the tags that it made \
                there are refused: copy it there with use = \"verify\"";
    let text = [&*wide, &narrow].concat();
    // What it signed until then is good for a week, and a day.
    assert_eq!(warnings(&text, CREATED), [lost]);
    assert_eq!(warnings(&text, CREATED + 9 * DAY - 1), [lost]);
    assert_eq!(warnings(&text, CREATED + 9 * DAY), [""; 0]);
    // Its tags are no longer good there.
    let config = parse(&text);
    let signed = crate::sign(&parse(&wide), "x@a.test", CREATED - DAY);
    let address = batv_core::Address::parse(signed.as_bytes()).unwrap();
    assert_eq!(config.policy.verify(&address, CREATED).as_str(), "unknown-key");
    // The cure.
    let cured = [&*text, &numbered(0, "use = \"verify\"", "a.test")].concat();
    assert_eq!(warnings(&cured, CREATED), [""; 0]);
    assert_eq!(parse(&cured).policy.verify(&address, CREATED).as_str(), "pass");
    // One that was made after the narrower pattern had keys never signed there.
    let later = [numbered(0, "created = 2026-01-02", "*"), narrow.clone()].concat();
    assert_eq!(warnings(&later, CREATED + DAY), [""; 0]);
    // One that is spent has no tags under way.
    let spent = [numbered(0, "use = \"verify\"\nverify-until = 2025-12-31", "*"), narrow.clone()].concat();
    assert_eq!(warnings(&spent, CREATED), [unsigned("*")]);
    // The narrower of two: the nearest one counts.
    let text = [&*wide, &numbered(2, "created = 2025-06-01", "*.test"), &narrow].concat();
    assert_eq!(warnings(&text, CREATED).len(), 1);
    assert!(warnings(&text, CREATED)[0].starts_with("line 6: key 2 does not verify for a.test, "));
    let text = [&*wide, &narrow.replace("a.test", "x@a.test\", \"*.a.test")].concat();
    assert_eq!(warnings(&text, CREATED), [lost.replace("a.test", "*.a.test and 1 more")]);
}

#[test]
fn without_dates_the_order_of_the_file_says_which_came_later() {
    let [wide, narrow] = [numbered(0, "", "*"), numbered(1, "", "a.test")];
    assert_eq!(warnings(&[&*wide, &narrow].concat(), CREATED).len(), 1);
    assert_eq!(warnings(&[&*narrow, &wide].concat(), CREATED), [""; 0]);
    // A part of the keys is less than all.
    let text = [numbered(0, "use = \"verify\"", "*\", \"a.test"), numbered(1, "", "*")].concat();
    assert_eq!(warnings(&text, CREATED).len(), 2);
}
