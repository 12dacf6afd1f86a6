//! Seven dialects, and what only looks like them.

use crate::common::address;
use batv_core::{Dialect, Tag, strip};

fn stripped(text: &str) -> Option<(Dialect, String)> {
    let text = address(text.as_bytes());
    strip(&text).map(|stripped| (stripped.dialect, stripped.original.to_string()))
}

/// What comes off, and what is left of it.
fn assert_strips(dialect: Dialect, cases: &[(&str, &str)]) {
    for (text, original) in cases {
        assert_eq!(stripped(text), Some((dialect, (*original).to_owned())), "{text}");
    }
}

fn assert_left_alone(texts: &[&str]) {
    for text in texts {
        assert_eq!(stripped(text), None, "{text}");
    }
}

#[test]
fn draft() {
    assert_strips(
        Dialect::Draft,
        &[
            ("prvs=0149c9be41=user@example.com", "user@example.com"),
            ("PRVS=0149C9BE41=User@example.com", "User@example.com"),
            ("<prvs=0149c9be41=user@example.com>", "<user@example.com>"),
            ("prvs=0123456789=a=b@example.com", "a=b@example.com"),
            ("prvs=0123456789==@example.com", "=@example.com"),
            (
                "prvs=0149c9be41=SRS0=HHH=TT=example.org=user@example.com",
                "SRS0=HHH=TT=example.org=user@example.com",
            ),
            (r#""prvs=0149c9be41=john doe"@example.com"#, r#""john doe"@example.com"#),
            (r#"prvs=0149c9be41="john doe"@example.com"#, r#""john doe"@example.com"#),
            ("prvs=0149c9be41=üser@example.com", "üser@example.com"),
        ],
    );
    assert_left_alone(&[
        "prvs=abc@example.com",
        "prvs=0149c9be=user@example.com",
        "prvs=0149c9be411=user@example.com",
        "prvs=0149c9beg1=user@example.com",
        "prvs=a149c9be41=user@example.com",
        "prvs=014ac9be41=user@example.com",
        "prvs=0149c9be41=@example.com",
        "prvs=0149c9be41user@example.com",
        "prvs=0149c9be41@example.com",
        "prvs0149c9be41=user@example.com",
        "xprvs=0149c9be41=user@example.com",
        "prvs2=0149c9be41=user@example.com",
        "user=prvs=0149c9be41@example.com",
        r#""prvs=0149c9be41="@example.com"#,
        r#"prvs=0149c9be41=""@example.com"#,
        "user@prvs.example.com",
    ]);
}

#[test]
fn ironport() {
    assert_strips(
        Dialect::Ironport,
        &[
            ("prvs=123abcdef=user@example.com", "user@example.com"),
            ("prvs=123456789=user@example.com", "user@example.com"),
            ("Prvs=123ABCDEF=a=b@example.com", "a=b@example.com"),
            (r#""prvs=123abcdef=john doe"@example.com"#, r#""john doe"@example.com"#),
            // A draft's tag value without one of its digits.
            ("prvs=0149c9be4=user@example.com", "user@example.com"),
        ],
    );
    // Ten digits are the draft's.
    assert_strips(Dialect::Draft, &[("prvs=1234567890=user@example.com", "user@example.com")]);
    assert_left_alone(&[
        "prvs=12345678=user@example.com",
        "prvs=12aabcdef=user@example.com",
        "prvs=123abcdeg=user@example.com",
        "prvs=123abcdef=@example.com",
        "prvs=123abcdef/user@example.com",
    ]);
}

#[test]
fn swapped() {
    assert_strips(
        Dialect::Swapped,
        &[
            ("prvs=user=0149c9be41@example.com", "user@example.com"),
            ("PRVS=user=0149C9BE41@example.com", "user@example.com"),
            ("<prvs=a=b=0149c9be41@example.com>", "<a=b@example.com>"),
            (r#""prvs=john doe=0149c9be41"@example.com"#, r#""john doe"@example.com"#),
            (r#"prvs="john doe"=0149c9be41@example.com"#, r#""john doe"@example.com"#),
            // Without a key number.
            ("prvs=user=149c9be41@example.com", "user@example.com"),
            ("PRVS=a=b=149C9BE41@example.com", "a=b@example.com"),
        ],
    );
    let unnumbered = batv_core::strip(&crate::common::address(b"prvs=user=149c9be41@example.com")).unwrap();
    assert_eq!((unnumbered.tag, unnumbered.day), (None, 149));
    assert_left_alone(&[
        "prvs=user=49c9be41@example.com",
        "prvs=user=1a9c9be41@example.com",
        "prvs=user=149c9beg1@example.com",
        "prvs=user/149c9be41@example.com",
        "prvs==149c9be41@example.com",
        "prvs=149c9be41@example.com",
        "prvs=user=0149c9be411@example.com",
        "prvs=user=0149c9beg1@example.com",
        "prvs=user=a149c9be41@example.com",
        "prvs==0149c9be41@example.com",
        "prvs=user-0149c9be41@example.com",
        "user=0149c9be41@example.com",
        // The value's mark is an escaped octet of the local-part.
        r#""prvs=user\=0149c9be41"@example.com"#,
    ]);
}

#[test]
fn slash() {
    assert_strips(
        Dialect::Slash,
        &[
            ("prvs=user/0149c9be41@example.com", "user@example.com"),
            ("prvs=User/0149C9BE41@example.com", "User@example.com"),
            ("prvs=a/b/0149c9be41@example.com", "a/b@example.com"),
            (r#"<"prvs=john doe/0149c9be41"@example.com>"#, r#"<"john doe"@example.com>"#),
        ],
    );
    assert_left_alone(&[
        "prvs=user/0149c9be4@example.com",
        "prvs=user/0149c9be411@example.com",
        "prvs=user/0149c9beg1@example.com",
        "prvs=user/x149c9be41@example.com",
        "prvs=/0149c9be41@example.com",
        "user/0149c9be41@example.com",
        r#""prvs=user\/0149c9be41"@example.com"#,
    ]);
}

#[test]
fn sub_address() {
    assert_strips(
        Dialect::SubAddress,
        &[
            ("user+prvs=0149c9be41@example.com", "user@example.com"),
            ("user+PRVS=0149C9BE41@example.com", "user@example.com"),
            ("<user+list+prvs=0149c9be41@example.com>", "<user+list@example.com>"),
            (r#""john doe+prvs=0149c9be41"@example.com"#, r#""john doe"@example.com"#),
            ("prvs=user+prvs=0149c9be41@example.com", "prvs=user@example.com"),
        ],
    );
    assert_left_alone(&[
        "user+prvs=0149c9be4@example.com",
        "user+prvs=0149c9be411@example.com",
        "user+prvs=0149c9beg1@example.com",
        "user+prvs=a149c9be41@example.com",
        "+prvs=0149c9be41@example.com",
        "user-prvs=0149c9be41@example.com",
        "userprvs=0149c9be41@example.com",
        "user+prvs=0149c9be41+list@example.com",
        r#""user\+prvs=0149c9be41"@example.com"#,
    ]);
}

#[test]
fn barracuda() {
    assert_strips(
        Dialect::Barracuda,
        &[
            ("btv1==08501234bcd==user@example.com", "user@example.com"),
            ("BTV1==08501234BCD==User@example.com", "User@example.com"),
            ("btv1==08501234bcd===@example.com", "=@example.com"),
            (r#""btv1==08501234bcd==john doe"@example.com"#, r#""john doe"@example.com"#),
        ],
    );
    assert_left_alone(&[
        "btv1==0850123bcd==user@example.com",
        "btv1==085012345bcd==user@example.com",
        "btv1==08501234bcg==user@example.com",
        "btv1==08a01234bcd==user@example.com",
        "btv1==08501234bcd=user@example.com",
        "btv1=08501234bcd==user@example.com",
        "btv1==08501234bcd==@example.com",
        "btv2==08501234bcd==user@example.com",
    ]);
}

#[test]
fn sparkpost() {
    assert_strips(
        Dialect::Sparkpost,
        &[
            ("msprvs1=16543aZ9_-bC7=user@example.com", "user@example.com"),
            ("MSPRVS1=16543aZ9_-bC7=user@example.com", "user@example.com"),
            ("<msprvs1=165431234567-=bounces-a=b@example.com>", "<bounces-a=b@example.com>"),
        ],
    );
    assert_left_alone(&[
        "msprvs1=16543aZ9_-bC=user@example.com",
        "msprvs1=16543aZ9_-bC77=user@example.com",
        "msprvs1=16543aZ9+-bC7=user@example.com",
        "msprvs1=16543aZ9/-bC7=user@example.com",
        "msprvs1=1654aaZ9_-bC7=user@example.com",
        "msprvs1=16543aZ9_-bC7=@example.com",
        "msprvs1=16543aZ9_-bC7user@example.com",
        "msprvs=16543aZ9_-bC7=user@example.com",
    ]);
}

#[test]
fn srs_belongs_to_the_forwarder() {
    assert_left_alone(&[
        "SRS0=HHH=TT=example.org=prvs=0149c9be41=user@forwarder.example",
        "SRS0=HHH=TT=example.org=user+prvs=0149c9be41@forwarder.example",
        "srs0+HHH=TT=example.org=user+PRVS=0149C9BE41@forwarder.example",
        "SRS0-HHH=TT=example.org=user+prvs=0149c9be41@forwarder.example",
        "<SRS1=HHH=first.example==HHH=TT=example.org=user+prvs=0149c9be41@forwarder.example>",
        r#""SRS0=HHH=TT=example.org=john doe+prvs=0149c9be41"@forwarder.example"#,
    ]);
    // These are no SRS addresses.
    assert_strips(
        Dialect::SubAddress,
        &[
            ("srs0+prvs=0149c9be41@example.com", "srs0@example.com"),
            ("srs02+prvs=0149c9be41@example.com", "srs02@example.com"),
        ],
    );
}

#[test]
fn nested_tags_come_off_one_layer_a_call() {
    let mut text = "btv1==08501234bcd==prvs=0149c9be41=msprvs1=16543aZ9_-bC7=user@example.com".to_owned();
    let mut dialects = Vec::new();
    while let Some((dialect, original)) = stripped(&text) {
        dialects.push(dialect.as_str());
        text = original;
    }
    assert_eq!(text, "user@example.com");
    assert_eq!(dialects, ["barracuda", "draft", "sparkpost"]);
}

#[test]
fn a_part_of_the_input_is_returned_as_that_part() {
    for text in [
        "prvs=0149c9be41=user@example.com",
        r#"prvs=0149c9be41="john doe"@example.com"#,
        "prvs=123abcdef=user@example.com",
        "btv1==08501234bcd==user@example.com",
        "msprvs1=16543aZ9_-bC7=user@example.com",
    ] {
        let read = address(text.as_bytes());
        let part = strip(&read).unwrap().original.as_part().unwrap();
        assert_eq!(part.as_ptr_range().end, text.as_bytes().as_ptr_range().end, "{text}");
        assert_eq!(strip(&read).unwrap().original.parts().concat(), part);
    }
    for text in ["<prvs=0149c9be41=user@example.com>", "user+prvs=0149c9be41@example.com"] {
        assert_eq!(strip(&address(text.as_bytes())).unwrap().original.as_part(), None);
    }
}

#[test]
fn the_tag_is_told_where_it_is_of_the_drafts_form() {
    let tag = Tag::parse(b"0149c9be41");
    assert_eq!(tag.unwrap().value(), *b"0149c9be41");
    assert_eq!((tag.unwrap().key_number().get(), tag.unwrap().expiry().get()), (0, 149));
    for (text, expected) in [
        ("prvs=0149C9BE41=user@example.com", tag),
        ("user+prvs=0149c9be41@example.com", tag),
        ("prvs=user/0149c9be41@example.com", tag),
        ("prvs=user=0149c9be41@example.com", tag),
        ("prvs=149c9be41=user@example.com", None),
        ("btv1==08501234bcd==user@example.com", None),
    ] {
        assert_eq!(strip(&address(text.as_bytes())).unwrap().tag, expected, "{text}");
    }
    // The number in the digits of the day, in each dialect.
    for (text, day) in [
        ("prvs=0149c9be41=user@example.com", 149),
        ("prvs=149c9be41=user@example.com", 149),
        ("prvs=user=0149c9be41@example.com", 149),
        ("prvs=user=149c9be41@example.com", 149),
        ("prvs=user/0149c9be41@example.com", 149),
        ("user+prvs=0149c9be41@example.com", 149),
        ("btv1==98701234bcd==user@example.com", 987),
        ("msprvs1=20779aB3-_xYz=user@example.com", 20_779),
    ] {
        assert_eq!(strip(&address(text.as_bytes())).unwrap().day, day, "{text}");
    }
    for value in ["", "0149c9be4", "0149c9be411", "a149c9be41", "0149c9be4g", "+149c9be41", "0149c9be4 "] {
        assert_eq!(Tag::parse(value.as_bytes()), None, "{value}");
    }
}

#[test]
fn dialects_have_names() {
    let names = [
        Dialect::Draft,
        Dialect::Ironport,
        Dialect::Swapped,
        Dialect::Slash,
        Dialect::SubAddress,
        Dialect::Barracuda,
        Dialect::Sparkpost,
    ]
    .map(|dialect| (dialect.as_str(), dialect.to_string()));
    assert!(names.iter().all(|(name, shown)| name == shown), "{names:?}");
    let names = names.map(|(name, _)| name);
    assert_eq!(names, ["draft", "ironport", "swapped", "slash", "sub-address", "barracuda", "sparkpost"]);
}
