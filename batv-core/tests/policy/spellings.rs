//! The spellings of one address: none walks past the decision, and a good tag passes in each.

use crate::{ALICE, bounce, bounce_with, inbound, key_for, outbound, patterns, site, with};
use batv_core::{Policy, Settings, Syntax};

/// Judges and signs an address in a spelling, whose local-part is `{}`, and expects it read as
/// another one.
fn check(policy: &Policy, spelling: &str, read: &str) {
    let spelt = |local: &str| spelling.replace("{}", local);
    let read = |local: &str| read.replace("{}", local);
    let (tagged, forged) = ("prvs=0786864c09=alice", "prvs=0786864c08=alice");
    assert_eq!(bounce(policy, &spelt("alice")), "550 missing", "{spelling}");
    assert_eq!(bounce(policy, &spelt(forged)), "550 bad-signature", "{spelling}");
    assert_eq!(bounce(policy, &spelt(tagged)), format!("{} pass", read("alice")), "{spelling}");
    assert_eq!(outbound(policy, &spelt("alice"), &[]), read(tagged), "{spelling}");
    assert_eq!(outbound(policy, &spelt(tagged), &[]), "tagged", "{spelling}");
}

#[test]
fn every_spelling_is_the_one_address() {
    for (spelling, read) in [
        ("{}@example.test", "{}@example.test"),
        ("<{}@example.test>", "<{}@example.test>"),
        // Case of the domain.
        ("{}@EXAMPLE.TEST", "{}@EXAMPLE.TEST"),
        ("<{}@eXample.Test>", "<{}@eXample.Test>"),
        // The trailing dot.
        ("{}@example.test.", "{}@example.test"),
        ("<{}@EXAMPLE.TEST.>", "<{}@EXAMPLE.TEST>"),
        // Source routes.
        ("<@relay:{}@example.test>", "<{}@example.test>"),
        ("@relay:{}@example.test", "{}@example.test"),
        ("<@one.test,@two.test:{}@example.test>", "<{}@example.test>"),
        ("<@[192.0.2.1]:{}@example.test>", "<{}@example.test>"),
        ("<@[IPv6:2001:db8::1],@two.test:{}@example.test>", "<{}@example.test>"),
        ("<@one.test,@[IPv6:2001:db8::1]:{}@EXAMPLE.TEST.>", "<{}@EXAMPLE.TEST>"),
        // user%domain
        ("{}%example.test", "{}@example.test"),
        ("<{}%EXAMPLE.test.>", "<{}@EXAMPLE.test>"),
        ("<@relay:{}%example.test>", "<{}@example.test>"),
        ("{}%example.test@example.test", "{}@example.test"),
        ("<{}%example.test@EXAMPLE.TEST.>", "<{}@example.test>"),
        ("{}%example.test%example.test", "{}@example.test"),
        ("{}%example.test%EXAMPLE.TEST@example.test", "{}@example.test"),
        // domain!user
        ("example.test!{}", "{}@example.test"),
        ("<EXAMPLE.TEST!{}@example.test>", "<{}@EXAMPLE.TEST>"),
        ("example.test!example.test!{}", "{}@example.test"),
        ("@relay:example.test!{}", "{}@example.test"),
        ("example.test!{}%example.test", "{}@example.test"),
        // Quotes: the tag is inside them.
        (r#""{}"@example.test"#, r#""{}"@example.test"#),
        (r#"<@relay:"{}"@example.test.>"#, r#"<"{}"@example.test>"#),
        (r#""{}%example.test"@example.test"#, r#""{}"@example.test"#),
        (r#""example.test!{}"@example.test"#, r#""{}"@example.test"#),
        (r#""{}"%example.test"#, r#""{}"@example.test"#),
        (r#"example.test!"{}""#, r#""{}"@example.test"#),
    ] {
        check(&site(), spelling, read);
    }
}

#[test]
fn an_address_without_a_domain_is_of_the_default_domain() {
    let policy = with(|policy| policy.default_domain = Some("example.test".into()));
    for (spelling, read) in [
        ("{}", "{}@example.test"),
        ("<{}>", "<{}@example.test>"),
        ("<@relay:{}>", "<{}@example.test>"),
        (r#"<"{}">"#, r#"<"{}"@example.test>"#),
        // What stands there comes first.
        ("{}%example.test", "{}@example.test"),
        ("example.test!{}", "{}@example.test"),
    ] {
        check(&policy, spelling, read);
    }
    let dotted = with(|policy| policy.default_domain = Some("EXAMPLE.test.".into()));
    check(&dotted, "<{}>", "<{}@EXAMPLE.test>");
    // Another site's mail is not ours, and without a default domain nobody knows.
    let other = with(|policy| policy.default_domain = Some("other.test".into()));
    assert_eq!(bounce(&other, "alice"), "accept not-ours");
    assert_eq!(outbound(&other, "alice", &[]), "not-ours");
    assert_eq!(bounce(&site(), "alice"), "accept not-ours");
    assert_eq!(outbound(&site(), "<alice>", &[]), "unreadable");
}

#[test]
fn an_address_literal_with_keys_is_a_domain_like_others() {
    const TAGGED: &str = "prvs=07862b59e3=alice";
    let policy = with(|policy| key_for(policy, &["[127.0.0.1]"]));
    for (spelling, read) in [
        ("{}@[127.0.0.1]", "{}@[127.0.0.1]"),
        ("<@relay:{}@[127.0.0.1]>", "<{}@[127.0.0.1]>"),
        ("{}%[127.0.0.1]", "{}@[127.0.0.1]"),
        ("<{}%[127.0.0.1]@example.test>", "<{}@[127.0.0.1]>"),
        ("[127.0.0.1]!{}", "{}@[127.0.0.1]"),
        ("<[127.0.0.1]!{}@example.test>", "<{}@[127.0.0.1]>"),
    ] {
        let spelt = |local: &str| spelling.replace("{}", local);
        assert_eq!(bounce(&policy, &spelt("alice")), "550 missing", "{spelling}");
        assert_eq!(bounce(&policy, &spelt(TAGGED)), format!("{} pass", read.replace("{}", "alice")));
        assert_eq!(outbound(&policy, &spelt("alice"), &[]), read.replace("{}", TAGGED));
    }
    assert_eq!(bounce(&site(), "alice@[127.0.0.1]"), "accept not-ours");
}

#[test]
fn relays_fold_case_and_rewrite_quotes() {
    for (recipient, original) in [
        ("PRVS=0786864c09=alice@example.test", "alice@example.test"),
        ("Prvs=0786864C09=Alice@Example.Test", "Alice@Example.Test"),
        ("<PRVS=0786864C09=ALICE@EXAMPLE.TEST>", "<ALICE@EXAMPLE.TEST>"),
        (r#""prvs=0786864c09=alice"@example.test"#, r#""alice"@example.test"#),
        (r#""prvs=0786864c09=\alice"@example.test"#, r#""\alice"@example.test"#),
        (r#"prvs=0786864c09="alice"@example.test"#, r#""alice"@example.test"#),
        // Only quotes make this a local-part; both places of the tag are read.
        (r#""prvs=0786c3ce9f=al ice"@example.test"#, r#""al ice"@example.test"#),
        (r#"prvs=0786c3ce9f="al ice"@example.test"#, r#""al ice"@example.test"#),
        // The sub-address syntax.
        ("alice+prvs=0786864c09@example.test", "alice@example.test"),
        ("<@relay:ALICE+PRVS=0786864C09@EXAMPLE.TEST.>", "<ALICE@EXAMPLE.TEST>"),
    ] {
        assert_eq!(bounce(&site(), recipient), format!("{original} pass"), "{recipient}");
    }
    for (sender, signed) in [
        ("Alice@Example.Test", "prvs=0786864c09=Alice@Example.Test"),
        (r#""al ice"@example.test"#, r#""prvs=0786c3ce9f=al ice"@example.test"#),
    ] {
        assert_eq!(outbound(&site(), sender, &[]), signed);
    }
}

#[test]
fn what_stands_before_percent_or_bang_elsewhere_is_a_local_part() {
    for recipient in [
        // At other domains it is their business, and what it names may not be ours.
        "alice%example.test@other.test",
        "example.test!alice@other.test",
        "alice%other.test",
        "alice%other.test@example.test",
        "other.test!alice@example.test",
        "alice%example.test%other.test",
        "other.test!example.test!alice",
        "example.test!alice%other.test@other.test",
        // Somebody, though what names them is nearly a tag.
        "other.test!+list@example.test",
        "other.test!+alice0123456789@example.test",
        "other.test!alices0123456789@example.test",
        "other.test!+prvs=012345678@example.test",
        "other.test!-prvs=0123456789@example.test",
    ] {
        assert_eq!(bounce(&site(), recipient), "accept not-ours", "{recipient}");
    }
    // Nothing before the mark or behind it names nobody: the whole is a local-part.
    for recipient in ["100%@example.test", "%example.test@example.test", "wow!@example.test"] {
        assert_eq!(bounce(&site(), recipient), "550 missing", "{recipient}");
    }
}

#[test]
fn settings_turn_percent_and_bang_off() {
    let percent = with(|policy| policy.percent_hack = false);
    assert_eq!(bounce(&percent, "alice%example.test"), "accept not-ours");
    assert_eq!(bounce(&percent, "alice%other.test@example.test"), "550 missing");
    assert_eq!(bounce(&percent, "example.test!alice"), "550 missing");
    assert_eq!(
        outbound(&percent, "user%other.test@example.test", &[]),
        "prvs=078673350c=user%other.test@example.test"
    );
    let bang = with(|policy| policy.bang_path = false);
    assert_eq!(bounce(&bang, "example.test!alice"), "accept not-ours");
    assert_eq!(bounce(&bang, "other.test!alice@example.test"), "550 missing");
    assert_eq!(bounce(&bang, "alice%example.test"), "550 missing");
}

#[test]
fn a_key_of_one_address_guards_all_its_spellings() {
    let mut policy = Policy::default();
    key_for(&mut policy, &["alice@example.test"]);
    for recipient in [
        "ALICE@EXAMPLE.TEST.",
        r#""alice"@example.test"#,
        "alice%example.test",
        "alice%example.test@example.test",
        "example.test!alice@example.test",
    ] {
        assert_eq!(bounce(&policy, recipient), "550 missing", "{recipient}");
    }
    assert_eq!(bounce(&policy, ALICE), "alice@example.test pass");
    assert_eq!(bounce(&policy, "bob@example.test"), "accept not-ours");
    assert_eq!(bounce(&policy, "bob%example.test@example.test"), "accept not-ours");
}

#[test]
fn the_null_sender_and_mailer_daemon_in_every_spelling() {
    for mail_from in [
        "",
        "<>",
        "mailer-daemon@other.test",
        "MAILER-DAEMON@other.test",
        "<Mailer-Daemon@other.test.>",
        "<@relay:MAILER-DAEMON@other.test>",
        r#""MAILER-daemon"@other.test"#,
        "mailer-daemon@example.test",
        "mailer-daemon%example.test",
        "<MAILER-DAEMON>",
        "mailer-daemon",
        r#"<"mailer-daemon">"#,
        "<@relay:Mailer-Daemon>",
    ] {
        assert_eq!(inbound(&site(), mail_from, "alice@example.test"), "550 missing", "{mail_from}");
        let policy = with(|policy| policy.default_domain = Some("example.test".into()));
        assert_eq!(inbound(&policy, mail_from, "alice@example.test"), "550 missing", "{mail_from}");
    }
    for mail_from in [
        "carol@other.test",
        "<mailer-daemons@other.test>",
        "mailer-daemon.x@other.test",
        "carol@mailer-daemon",
        "carol",
        "no address",
    ] {
        let decision = inbound(&site(), mail_from, "alice@example.test");
        assert_eq!(decision, "accept not-a-bounce", "{mail_from}");
    }
}

#[test]
fn what_cannot_be_read_is_never_a_genuine_bounce_of_ours() {
    for text in [
        "@example.test",
        "<alice@example.test",
        "al ice@example.test",
        "alice@",
        "<@relay:>",
        "alice@example.test\0",
        "alice\r\n@example.test",
        "<<alice@example.test>>",
        "\"alice@example.test",
        "\"sales\x01\"@example.test",
        "alice@example.test..",
        r"al\ice",
        // A mark that could not be taken off: Postfix makes alice@example.test of these.
        "!alice%example.test",
        "alice%example.test%",
        "!alice",
    ] {
        assert_eq!(bounce(&site(), text), "550 unreadable", "{text:?}");
        assert_eq!(inbound(&site(), "carol@other.test", text), "accept not-a-bounce", "{text:?}");
    }
    // Where the domain is plainly none of ours it is another's business.
    for text in ["al ice@other.test", "<\"sales\x01\"@other.test.>", "\"@example.test@other.test", "alice"] {
        assert_eq!(bounce(&site(), text), "accept not-ours", "{text:?}");
    }
    for text in ["@", "al ice@example.test", "alice@", "<alice", "alice@example.test..", r"al\ice", "alice"] {
        assert_eq!(
            outbound(&site(), text, &[]),
            if text == "@" { "null-sender" } else { "unreadable" },
            "{text}"
        );
    }
    // Clients and exemptions come first.
    let policy = with(|policy| {
        key_for(policy, &["exempt.test"]);
        policy.exempt = patterns(&["exempt.test"]);
    });
    assert_eq!(bounce(&policy, "al ice@exempt.test"), "accept exempt");
    assert_eq!(bounce(&policy, "al ice@example.test"), "550 unreadable");
    let trusted = bounce_with(&policy, "al ice@example.test", |recipient| recipient.trusted = true);
    assert_eq!(trusted, "accept client");
}

#[test]
fn a_tag_behind_needless_quotes_and_escapes_is_one() {
    let nested = "=prvs=0123456789=prvs=0123456789=alice";
    for (recipient, expected) in [
        (r#""prvs\=0786864c09=alice"@example.test"#, "alice@example.test pass"),
        (r#"<prvs="0786864c09"=alice@example.test>"#, "<alice@example.test> pass"),
        (r#""\prvs=0786864c09=al\ice"@example.test"#, "alice@example.test pass"),
        (r#""alice\+prvs=0786864c09"@example.test"#, "alice@example.test pass"),
        (r#""\prvs=0786c3ce9f=al ice"@example.test"#, r#""al ice"@example.test pass"#),
        (r#""prvs\=abc=alice"@example.test"#, "550 malformed"),
        // Nested ones would be taken off one after another, and are long.
        (&format!(r#""prvs\=0123456789{nested}"@example.test"#), "550 bad-signature"),
        (&format!(r#""\prvs=0123456789{nested}"@example.test"#), "550 bad-signature"),
        (&format!(r#""prvs"=0123456789{nested}@example.test"#), "550 bad-signature"),
    ] {
        assert_eq!(bounce(&site(), recipient), expected, "{recipient}");
    }
    assert_eq!(outbound(&site(), r#""prvs\=0786864c09=alice"@example.test"#, &[]), "tagged");
}

#[test]
fn marks_count_behind_quotes_escapes_and_literals_too() {
    let policy = with(|policy| policy.default_domain = Some("example.test".into()));
    let (percents, ats) = ("%example.test".repeat(4), "@example.test".repeat(4));
    for (recipient, expected) in [
        // Long, and alice's all the same: the server takes one site after another off.
        (format!("alice{percents}%[127.0.0.1]"), "550 missing"),
        (format!("alice{percents}@[127.0.0.1]."), "550 missing"),
        (format!("[127.0.0.1]!alice{percents}@example.test"), "550 missing"),
        (format!("al\"ice{percents}\"@example.test"), "550 missing"),
        (format!("al\"ice{ats}\"@example.test"), "550 missing"),
        (format!("\"example.test!\"{}alice@example.test", "example.test!".repeat(4)), "550 missing"),
        (format!("\"a@b\"{percents}%[127.0.0.1]"), "accept not-ours"),
        (r#"alice"%"other.test@example.test"#.into(), "accept not-ours"),
        (r#""alice\%other.test"@example.test"#.into(), "accept not-ours"),
        ("[127.0.0.1]!other.test!alice".into(), "accept not-ours"),
        // A literal is not a part of a user, and an empty one is none.
        ("al[127.0.0.1]ice%[127.0.0.1]".into(), "550 unreadable"),
        (r#""al"[127.0.0.1]ice%[127.0.0.1]"#.into(), "550 unreadable"),
        ("alice%[]".into(), "550 unreadable"),
        ("alice%[127.0.0.1".into(), "550 unreadable"),
    ] {
        assert_eq!(bounce(&policy, &recipient), expected, "{recipient}");
    }
    // What is rewritten is spelt with quotes where it had some.
    for (recipient, original) in [
        (r#"prvs="0786864c09=alice"%example.test"#, r#""alice"@example.test"#),
        (r#""prvs=0786c3ce9f=al\ ice%example.test"@[127.0.0.1]"#, r#""al ice"@example.test"#),
    ] {
        assert_eq!(bounce(&policy, recipient), format!("{original} pass"), "{recipient}");
    }
    // One that is left alone keeps its spelling.
    assert_eq!(
        bounce(&policy, r#""prvs=0786c3ce9f=al\ ice"@example.test"#),
        r#""al\ ice"@example.test pass"#
    );
}

#[test]
fn a_literal_is_the_default_domain_for_bounces_alone() {
    let policy = with(|policy| policy.default_domain = Some("example.test".into()));
    let tagged = "prvs=0786864c09=alice@[192.0.2.1]";
    assert_eq!(bounce(&policy, tagged), "alice@example.test pass");
    // It may be another host's, which gets its mail as it is.
    assert_eq!(inbound(&policy, "carol@other.test", tagged), "accept not-ours");
    assert_eq!(outbound(&policy, "alice@[192.0.2.1]", &[]), "not-ours");
}

#[test]
fn two_dots_are_not_taken_off_one_after_another() {
    for address in ["alice%other.test@example.test..", "alice@example.test.."] {
        assert_eq!(outbound(&site(), address, &[]), "unreadable", "{address}");
        assert_eq!(bounce(&site(), address), "550 unreadable", "{address}");
    }
}

#[test]
fn a_mark_without_a_user_is_signed_and_comes_back() {
    // The tag alone would be the user of `prvs=07867f58e8=%x`.
    assert_eq!(outbound(&site(), "%x@example.test", &[]), "prvs=07867f58e8=%x@example.test");
    assert_eq!(bounce(&site(), "prvs=07867f58e8=%x@example.test"), "%x@example.test pass");
    // And that of `x!+prvs=078659bf70`.
    let mut settings = Settings::default();
    settings.syntax = Syntax::SubAddress;
    let mut policy = Policy::new(settings);
    key_for(&mut policy, &["example.test"]);
    assert_eq!(outbound(&policy, "x!@example.test", &[]), "x!+prvs=078659bf70@example.test");
    assert_eq!(bounce(&policy, "x!+prvs=078659bf70@example.test"), "x!@example.test pass");
    let hidden = "x!prvs=0123456789=+prvs=078681e750@example.test";
    assert_eq!(outbound(&policy, "x!prvs=0123456789=@example.test", &[]), hidden);
    assert_eq!(bounce(&policy, hidden), "x!prvs=0123456789=@example.test pass");
}

#[test]
fn reading_takes_linear_time() {
    // What looked at the rest again for each mark or label took seconds here, and minutes below.
    let (percents, bangs) = ("%example.test".repeat(500_000), "example.test!".repeat(500_000));
    assert_eq!(bounce(&site(), &format!("alice{percents}")), "550 missing");
    assert_eq!(bounce(&site(), &format!("{bangs}alice")), "550 missing");
    assert_eq!(bounce(&site(), &format!("example.test!alice{percents}")), "550 missing");
    assert_eq!(bounce(&site(), &format!("\"alice{percents}\"@example.test")), "550 missing");
    assert_eq!(bounce(&site(), &format!("alice{}", "%[::1]".repeat(500_000))), "550 unreadable");
    assert_eq!(bounce(&site(), &format!("alice@{}test", "a.".repeat(500_000))), "accept not-ours");
    assert_eq!(inbound(&site(), &"(".repeat(1_000_000), "alice@example.test"), "550 missing");
    assert_eq!(bounce(&site(), &format!("{}alice@example.test", "@a,".repeat(500_000))), "550 unreadable");
}
