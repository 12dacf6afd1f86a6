//! What `batv keys` makes of the file: comments, order, owner, mode and secret files.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{ALICE, NOON, Site, noon, run};
use std::fs::{File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

const COMMENTED: &str = r#"# BATV of example.com.
lifetime = 7 # days

# Keys: two of us know them.

# This one is from the shop.
[[key]] # shop
number = 0 # the first
secret-base64 = 'MDEyMzQ1Njc4OWFiY2RlZg=='
# It signs.
use = "sign" # for now
for = [ # ours
    "example.com",
    '*.example.com', # all of them
]

# What we do.
[policy]
exempt = ["postmaster@example.com"]   # as RFC 5321 says

# The last one.
[[key]]
number = 9
secret = "another secret of ours"
for = ["example.org"]
# The end.
"#;

#[test]
fn rotation_keeps_comments_and_order() {
    let site = Site::new(COMMENTED);
    assert_eq!(
        site.out("keys rotate"),
        "key 1 for example.com, *.example.com: new, signs
key 0 for example.com, *.example.com: verifies until 2026-11-30
key 0 for example.org: new, signs
key 9 for example.org: verifies until 2026-11-30
"
    );
    let expected = COMMENTED
        .replace("use = \"sign\" # for now", "use = \"verify\" # for now")
        .replace(
            "# all of them\n]\n",
            "# all of them\n]\nverify-until = 2026-11-30\n\n[[key]]\nnumber = 1\nsecret = \"SECRET\"\n\
             created = 2026-11-22\nfor = [ # ours\n    \"example.com\",\n    '*.example.com', # all of them\n]\n",
        )
        .replace(
            "for = [\"example.org\"]\n",
            "for = [\"example.org\"]\nuse = \"verify\"\nverify-until = 2026-11-30\n\n[[key]]\nnumber = 0\n\
             secret = \"SECRET\"\ncreated = 2026-11-22\nfor = [\"example.org\"]\n",
        );
    assert_eq!(site.text_without_secrets(), expected);
    // Back to the old one: what the two commands wrote goes again, the comments stay.
    site.out("keys rotate --to 0 --for example.com");
    let back = expected
        .replace("use = \"verify\" # for now", "use = \"sign\" # for now")
        .replacen("\nverify-until = 2026-11-30", "", 1)
        .replacen(
            "'*.example.com', # all of them\n]\n\n# What",
            "'*.example.com', # all of them\n]\nuse = \"verify\"\nverify-until = 2026-11-30\n\n# What",
            1,
        );
    assert_eq!(site.text_without_secrets(), back);
}

#[test]
fn pruning_takes_the_comment_of_the_key_and_leaves_the_others() {
    let site = Site::new(COMMENTED);
    site.out("keys rotate");
    assert_eq!(site.run_at(&noon(8), "keys prune").text(), "no key is spent\n");
    let ran = site.run_at(&noon(9), "keys prune");
    assert_eq!(ran.text(), "key 0 for example.com, *.example.com: removed\nkey 9 for example.org: removed\n");
    assert_eq!(
        site.text_without_secrets(),
        r#"# BATV of example.com.
lifetime = 7 # days

# Keys: two of us know them.

[[key]]
number = 1
secret = "SECRET"
created = 2026-11-22
for = [ # ours
    "example.com",
    '*.example.com', # all of them
]

# What we do.
[policy]
exempt = ["postmaster@example.com"]   # as RFC 5321 says

[[key]]
number = 0
secret = "SECRET"
created = 2026-11-22
for = ["example.org"]
# The end.
"#
    );
}

#[test]
fn comments_between_keys_that_go_stay() {
    let key = |number| {
        format!(
            "[[key]] # shop\nnumber = {number}\nsecret = \"0123456789abcdef\"\nfor = [\"a.test\"]\nuse = \"verify\"\n\
             verify-until = 2026-11-21\n"
        )
    };
    let [zero, one, two] = [key(0), key(1), key(2)];
    let site = Site::new(&format!(
        "# File.\n\n# Group.\n\n# Zero.\n{zero}\n# One.\n{one}\n# Shops.\n\n# Two,\n# the last.\n{two}# End.\n"
    ));
    assert_eq!(site.out("keys prune").lines().count(), 3);
    assert_eq!(site.text(), "# File.\n\n# Group.\n\n# Shops.\n# End.\n");
    let site = Site::new(&format!("{zero}\n[policy]\nmonitor = true\n\n{one}"));
    assert_eq!(site.out("keys prune"), "key 0 for a.test: removed\nkey 1 for a.test: removed\n");
    assert_eq!(site.text(), "[policy]\nmonitor = true\n");
}

#[test]
fn secrets_of_their_own_files_get_new_files() {
    let text = "[[key]]\nnumber = 0\nsecret-file = \"exim.key\"\nfor = [\"example.test\"]\n";
    let site = Site::new(text);
    // The file itself holds no secret: anybody may read it.
    std::fs::set_permissions(site.path("batv.toml"), Permissions::from_mode(0o644)).unwrap();
    std::fs::set_permissions(site.path("exim.key"), Permissions::from_mode(0o440)).unwrap();
    std::fs::write(site.path("batv-2026-11-22-1.key"), "not ours").unwrap();
    site.out("keys rotate");
    assert_eq!(
        site.text(),
        "[[key]]\nnumber = 0\nsecret-file = \"exim.key\"\nfor = [\"example.test\"]\nuse = \"verify\"\n\
         verify-until = 2026-11-30\n\n[[key]]\nnumber = 1\nsecret-file = \"batv-2026-11-22-1-2.key\"\n\
         created = 2026-11-22\nfor = [\"example.test\"]\n"
    );
    let secret = std::fs::read(site.path("batv-2026-11-22-1-2.key")).unwrap();
    assert_eq!(secret.len(), 64);
    let modes = ["batv-2026-11-22-1-2.key", "batv.toml"]
        .map(|name| site.path(name).metadata().unwrap().mode() & 0o7777);
    assert_eq!(modes, [0o440, 0o644]);
    let show = |number| run(&mut site.command(&format!("keys show {number} --config batv.toml")), b"").out;
    assert_eq!(show(1), secret);
    assert_eq!(show(0), (0x80..0xc0).collect::<Vec<u8>>());
    assert_eq!(site.out(&format!("verify {ALICE}")), "pass\talice@example.test\n");
    site.out("keys new --for example.test");
    assert_eq!(std::fs::read_to_string(site.path("batv-2026-11-22-2.key")).unwrap().len(), 64);
    assert_eq!(
        site.run_at(&noon(9), "keys prune").text(),
        "key 0 for example.test: removed; its secret stays in exim.key\n"
    );
    assert_eq!(
        site.files(),
        [
            "batv-2026-11-22-1-2.key",
            "batv-2026-11-22-1.key",
            "batv-2026-11-22-2.key",
            "batv.toml",
            "exim.key"
        ]
    );
}

#[test]
fn owner_mode_and_link_stay() {
    let site = Site::new("");
    std::fs::create_dir(site.path("real")).unwrap();
    std::fs::rename(site.path("batv.toml"), site.path("real/batv.toml")).unwrap();
    symlink("real/batv.toml", site.path("batv.toml")).unwrap();
    // Only root can give a file away.
    let uid = std::fs::metadata("/proc/self").unwrap().uid();
    let owner = if uid == 0 { (4242, 4343) } else { (uid, site.path("real").metadata().unwrap().gid()) };
    chown(site.path("real/batv.toml"), Some(owner.0), Some(owner.1)).unwrap();
    std::fs::set_permissions(site.path("real/batv.toml"), Permissions::from_mode(0o460)).unwrap();
    site.out("keys new --for example.com");
    let metadata = site.path("real/batv.toml").symlink_metadata().unwrap();
    assert_eq!((metadata.uid(), metadata.gid(), metadata.mode()), (owner.0, owner.1, 0o100_460));
    assert!(site.path("batv.toml").symlink_metadata().unwrap().is_symlink());
    assert!(site.text().contains("number = 0"));
}

#[test]
fn what_cannot_be_changed_in_place_is_left_alone() {
    let key = "number = 0\nsecret = \"0123456789abcdef\"\nfor = [\"example.com\"]\n";
    let crlf = format!("[[key]]\n{key}").replace('\n', "\r\n");
    let list = "key = [{ number = 0, secret = \"0123456789abcdef\", for = [\"example.com\"] }]\n";
    let by_hand = "lines that end in CRLF, a byte order mark or scattered names with dots would not stay as \
                   they are: change it by hand";
    for (text, message) in [
        (crlf.as_str(), by_hand),
        ("policy.monitor = true\nlifetime = 9\npolicy.percent-hack = true\n", by_hand),
        (list, "`key` is a list: write each key as [[key]] to change it here"),
    ] {
        assert_eq!(
            Site::new(text).refused("keys new --for example.org"),
            format!("batv: batv.toml: {message}\n")
        );
    }
    // No secret gets into a file that everybody may read.
    let site = Site::new("");
    std::fs::set_permissions(site.path("batv.toml"), Permissions::from_mode(0o644)).unwrap();
    assert_eq!(
        site.refused("keys new --for example.com"),
        "batv: batv.toml: would hold a secret, and is open to every user; first run: chmod o= -- 'batv.toml'\n"
    );
    let bad = Site::new("lifetime = 0\n");
    assert!(bad.refused("keys rotate").starts_with("batv.toml:1: lifetime: "));
    for domain in ["a b", "user@*", "@example.com"] {
        let ran = run(site.command("keys new --config batv.toml --for").arg(domain), b"");
        assert!(ran.status == 2 && ran.err.contains("invalid value"), "{}", ran.err);
    }
}

#[test]
fn a_text_without_final_newline_or_with_octal_or_long_lists() {
    let domains: Vec<_> = (0..5).map(|number| format!("\"d{number}.test\"")).collect();
    let site = Site::new(&format!(
        "[[key]]\nnumber = 0x0\nsecret = \"0123456789abcdef\"\nfor = [{}]",
        domains.join(", ")
    ));
    assert_eq!(
        site.out("keys rotate").lines().next(),
        Some("key 1 for d0.test, d1.test, d2.test and 2 more: new, signs")
    );
}

#[test]
fn a_change_that_cannot_be_told_has_been_made_all_the_same() {
    let site = Site::new("");
    site.out("keys new --for example.com");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ran = run(site.command(&format!("keys rotate --config batv.toml --at {NOON}")).stdout(full), b"");
    let error = "batv: batv.toml: changed, but standard output: No space left on device (os error 28)\n";
    assert_eq!((ran.err.as_str(), ran.status), (error, 2));
    assert!(site.text().contains("number = 1"));
    // Where nothing has changed, that is all.
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ran = run(site.command(&format!("keys prune --config batv.toml --at {NOON}")).stdout(full), b"");
    assert_eq!(ran.err, "batv: standard output: No space left on device (os error 28)\n");
}
