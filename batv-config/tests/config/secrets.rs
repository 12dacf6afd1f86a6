//! No secret is in a fault, a warning or what `Debug` shows, whatever is wrong with the file.

use batv_config::Config;

/// Long enough that no piece of it stands anywhere by chance.
const SECRET: &str = "QkFUVl9zZWNyZXRfMDEyMzQ1Njc4OQ==";

fn good() -> String {
    format!(
        "lifetime = 7\n[[key]]\nnumber = 1\nsecret = \"{SECRET}\"\ncreated = 2026-01-01\n\
         for = [\"a.test\", \"b.test\"]\n\n[[key]]\nnumber = 2\nuse = \"verify\"\n\
         secret-base64 = '{SECRET}'\nfor = [\"a.test\"]\n[policy]\nuntagged-clients = [\"192.0.2.1\"]\n"
    )
}

fn leaks(shown: &str) -> bool {
    SECRET.as_bytes().windows(6).any(|piece| shown.contains(std::str::from_utf8(piece).unwrap()))
}

/// What can be seen of a text that is read.
fn seen(text: &str) -> String {
    match Config::parse(text, |_| Err("cannot be read".to_owned())) {
        Ok(config) => format!("{config:?} {config:#?} {:?}", config.warnings(u64::MAX)),
        Err(error) => format!("{error} {error:?} {:?}", error.faults()),
    }
}

#[test]
fn a_good_configuration_shows_none() {
    assert!(leaks(&good()));
    let shown = seen(&good());
    assert!(shown.contains("Config") && !leaks(&shown), "{shown}");
}

#[test]
fn no_fault_shows_one() {
    for text in [
        // Values that are no strings, and strings that do not end.
        format!("[[key]]\nsecret = \"{SECRET}\nnumber = 1\nfor = [\"a.test\"]\n"),
        format!("[[key]]\nsecret = '''{SECRET}\nnumber = 1\n"),
        format!("[[key]]\nsecret = {SECRET}\nnumber = 1\n"),
        format!("[[key]]\nsecret = [\"{SECRET}\"]\n"),
        format!("[[key]]\nsecret = {{ \"{SECRET}\" = 1 }}\n"),
        format!("[[key]]\nsecret.\"{SECRET}\" = 1\n"),
        format!("[[key]]\nsecret = \"\\{SECRET}\"\n"),
        // Broken over lines, so that pieces stand where names do.
        format!("[[key]]\nsecret-base64 = \"\n{SECRET}\n\"\n"),
        format!("[[key]]\nsecret-base64 =\n  {SECRET}\n"),
        format!("[[key]]\n{SECRET}\n= 1\n"),
        format!("[[key]]\n\"{SECRET}\" = 1\n"),
        format!("[[key]]\n{} = 1\n", SECRET.trim_end_matches('=')),
        format!("[{}]\n", SECRET.trim_end_matches('=')),
        format!("[[\"\"\"key]]\nsecret = \"{SECRET}\"\n"),
        format!("['''key]\nsecret = '{SECRET}'\n"),
        // Given twice, in a wrong place, or not what it is said to be.
        format!("[[key]]\nsecret = \"{SECRET}\"\nsecret = \"{SECRET}\"\n"),
        format!("[[key]]\nsecret = \"{SECRET}\"\nsecret-base64 = \"{SECRET}\"\n"),
        format!("[[key]]\nsecret-base64 = \"{SECRET}!\"\n"),
        format!("[key]\nsecret = \"{SECRET}\"\n"),
        format!("key = \"{SECRET}\"\n"),
        format!("secret = \"{SECRET}\"\n"),
        format!("[policy]\nsecret = \"{SECRET}\"\n"),
        format!("[[key]]\nsecrets = \"{SECRET}\"\nnumber = \"{SECRET}\"\nuse = \"{SECRET}\"\n"),
        format!("[[key]]\nfor = [\"\"\"a.test\nsecret = \"{SECRET}\"\n\"\"\"]\n"),
        format!("[policy]\nexempt = ['''127.0.0.1\n[[key]]\nsecret = \"{SECRET}\"\n''']\n"),
    ] {
        assert!(Config::parse(&text, |_| Err(String::new())).is_err(), "{text}");
        assert!(!leaks(&seen(&text)), "{text}\n{}", seen(&text));
    }
}

#[test]
fn no_single_slip_of_the_pen_shows_one() {
    let good = good();
    for at in 0..=good.len() {
        for written in
            ["", "\"", "'", "\"\"\"", "'''", "\n", " ", "=", ".", ",", "[", "]", "{", "}", "\\", "#", "\0"]
        {
            for deleted in 0..2 {
                let mut text = good.clone();
                text.replace_range(at..(at + deleted).min(good.len()), written);
                assert!(!leaks(&seen(&text)), "{text}\n{}", seen(&text));
            }
        }
    }
}
