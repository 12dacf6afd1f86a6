//! Streams: one line out for each line in, in order, at once, in constant memory.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{ALICE, batv, exims_secret, keyed, run};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A command that runs while the test writes to it and reads its answers.
struct CoProcess {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<Vec<u8>>,
}

impl CoProcess {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = child.stdout.take().unwrap();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).split(b'\n') {
                let _ = sender.send(line.unwrap());
            }
        });
        Self { child, stdin, lines }
    }

    fn ask(&mut self, octets: &[u8]) {
        self.stdin.write_all(octets).unwrap();
    }

    fn answer(&self) -> Vec<u8> {
        self.lines.recv_timeout(Duration::from_secs(120)).unwrap()
    }

    /// The most memory that the process has had, in octets.
    fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
    }

    fn end(mut self) -> i32 {
        drop(self.stdin);
        self.child.wait().unwrap().code().unwrap()
    }
}

#[test]
fn a_co_process_answers_each_line_before_it_gets_the_next() {
    let secret = exims_secret();
    let mut sign = CoProcess::start(&mut keyed("sign", &secret));
    let mut verify = CoProcess::start(&mut keyed("verify", &secret));
    let mut strip = CoProcess::start(batv().args(["strip", "--dialect"]));
    for _ in 0..3 {
        sign.ask(b"alice@example.test\n");
        assert_eq!(sign.answer(), ALICE.as_bytes());
        verify.ask(format!("{ALICE}\n").as_bytes());
        assert_eq!(verify.answer(), b"pass\talice@example.test");
        strip.ask(format!("{ALICE}\n").as_bytes());
        assert_eq!(strip.answer(), b"alice@example.test\tdraft");
    }
    // A line in two pieces, and a whole line with the beginning of the next.
    sign.ask(b"alice@exam");
    sign.ask(b"ple.test\n<>\nali");
    assert_eq!(sign.answer(), ALICE.as_bytes());
    assert_eq!(sign.answer(), b"<>");
    sign.ask(b"ce@example.test\n");
    assert_eq!(sign.answer(), ALICE.as_bytes());
    assert_eq!([sign.end(), verify.end(), strip.end()], [0, 0, 0]);
}

#[test]
fn a_bad_line_does_not_stop_the_lines_after_it() {
    let secret = exims_secret();
    let long = "x".repeat(49);
    let input = format!(
        "foo\n\n<>\n{ALICE}\na b@c\n{long}@example.test\n<alice@example.test>\n@c\r\nalice@example.test"
    );
    let ran = run(&mut keyed("sign", &secret), input.as_bytes());
    let signed = format!("foo\n\n<>\n{ALICE}\na b@c\n{long}@example.test\n<{ALICE}>\n@c\r\n{ALICE}");
    assert_eq!((ran.text(), ran.status), (signed.as_str(), 1));
    assert_eq!(
        ran.err,
        "batv: line 1: not signed: no '@' after a local-part\n\
         batv: line 5: not signed: local-part cannot have ' ' at octet 1\n\
         batv: line 6: not signed: signed local-part would have 65 octets, but 64 are allowed\n\
         batv: line 8: not signed: local-part is empty\n"
    );

    let ran = run(&mut keyed("verify", &secret), format!("a b@c\n\n<{ALICE}>\n").as_bytes());
    assert_eq!(ran.text(), "malformed\ta b@c\nmissing\t\npass\t<alice@example.test>\n");
    assert_eq!(ran.err, "batv: line 1: local-part cannot have ' ' at octet 1\n");
    assert_eq!(ran.status, 1);

    let ran = run(batv().args(["strip", "--dialect"]), format!("a b@c\n\n<{ALICE}>\n<>").as_bytes());
    assert_eq!(ran.text(), "a b@c\tnone\n\tnone\n<alice@example.test>\tdraft\n<>\tnone");
    assert_eq!((ran.err.as_str(), ran.status), ("", 0));
}

#[test]
fn octets_come_out_as_they_went_in() {
    let every_octet: Vec<u8> = (0..=255).filter(|octet| *octet != b'\n').collect();
    let mut input =
        [b"prvs=0786aaaaaa=J\xf6rg@ex\xe4mple.test\r\n", &every_octet[..], b"\n\r\r\n\n\0"].concat();
    let mut expected = input.clone();
    expected.drain(..16);
    let ran = run(batv().arg("strip"), &input);
    assert_eq!((ran.out, ran.status), (expected, 0));

    input.truncate(35);
    let ran = run(&mut keyed("verify", &exims_secret()), &input);
    assert_eq!(ran.out, [b"bad-signature\t", &input[..]].concat());

    let ran = run(&mut keyed("sign", &exims_secret()), b"J\xf6rg@example.test\r\n");
    let [tag, rest] = [&ran.out[..16], &ran.out[16..]];
    assert_eq!((&tag[..9], rest), (&b"prvs=0786"[..], &b"J\xf6rg@example.test\r\n"[..]));
    let ran = run(&mut keyed("verify", &exims_secret()), &ran.out);
    assert_eq!(ran.out, b"pass\tJ\xf6rg@example.test\r\n");
}

#[test]
fn many_lines_keep_their_order() {
    let mut input = Vec::new();
    let mut expected = Vec::new();
    for number in 0..200_000 {
        writeln!(input, "prvs=0786{:06x}=user{number}@example.test", number * 7).unwrap();
        writeln!(expected, "user{number}@example.test").unwrap();
    }
    let ran = run(batv().arg("strip"), &input);
    assert!(ran.out == expected);
}

#[test]
fn a_line_of_many_megabytes_takes_no_memory() {
    const MEGABYTES: usize = 32;
    let secret = exims_secret();
    let text = vec![b'x'; 1 << 20];
    for (command, before, after) in [
        (&mut keyed("sign", &secret), &b""[..], &b""[..]),
        (&mut keyed("verify", &secret), b"malformed\t", b""),
        (batv().args(["strip", "--dialect"]), b"", b"\tnone"),
    ] {
        let mut process = CoProcess::start(command.stderr(Stdio::null()));
        for _ in 0..MEGABYTES {
            process.ask(&text);
        }
        process.ask(b"\n");
        assert!(process.answer() == [before, &text.repeat(MEGABYTES), after].concat());
        assert!(process.peak_memory() < 16 << 20, "{} octets", process.peak_memory());
        process.ask(b"<>\n");
        assert!(process.answer().windows(2).any(|octets| octets == b"<>"));
        process.end();
    }
}

#[test]
fn a_line_too_long_is_named_and_answered() {
    let long = "x".repeat(65_537);
    let input = format!("{long}\nalice@example.test\n");
    let ran = run(&mut keyed("sign", &exims_secret()), input.as_bytes());
    assert!(ran.text() == format!("{long}\n{ALICE}\n"));
    assert_eq!(ran.err, "batv: line 1: not signed: line is longer than 65536 octets\n");
    assert_eq!(ran.status, 1);

    let ran = run(keyed("verify", &exims_secret()).arg("--json"), long.as_bytes());
    assert_eq!(
        ran.text(),
        concat!(
            r#"{"rcpt_to":null,"verdict":"malformed","original":null,"key_number":null,"expires":null,"#,
            r#""days_left":null,"error":"line is longer than 65536 octets"}"#,
            "\n"
        )
    );
}

#[test]
fn the_end_of_the_reader_is_a_quiet_end() {
    let mut child = batv().arg("strip").stdin(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let _ = child.stdin.take().unwrap().write_all(&b"alice@example.test\n".repeat(100_000));
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(141), vec![]));
}

#[test]
fn failures_of_input_and_output_are_named() {
    let ran = run(batv().arg("strip"), b"");
    assert_eq!((ran.text(), ran.status), ("", 0));

    let output = batv().arg("strip").stdin(File::open("/").unwrap()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stderr, b"batv: standard input: Is a directory (os error 21)\n");

    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = batv().args(["strip", "a@b"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stderr, b"batv: standard output: No space left on device (os error 28)\n");
}
