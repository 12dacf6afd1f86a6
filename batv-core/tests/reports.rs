//! Which Content-Types are those of delivery reports.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use batv_core::is_delivery_report;
use proptest::prelude::*;
use proptest::sample::select;

#[test]
fn delivery_reports_however_they_are_written() {
    for text in [
        "multipart/report; report-type=delivery-status",
        "multipart/report; report-type=delivery-status; boundary=\"a/b\"",
        "multipart/report; boundary=\"a/b\"; report-type=delivery-status",
        "multipart/report;report-type=delivery-status;boundary=b",
        "Multipart/Report; Report-Type=Delivery-Status",
        "multipart/report; report-type=\"delivery-status\"",
        "multipart/report; report-type=\"DELIVERY\\-status\"",
        "multipart/report;\r\n\tboundary=b;\r\n report-type=delivery-status\r\n",
        "multipart/report;\n\tboundary=b;\n\treport-type=delivery-status",
        " multipart / report ; report-type = delivery-status ;",
        "(a) multipart(b(c)\\))/(d)report(e;f);(\";\")report-type(=)=(x)delivery-status(y)",
        "multipart/report; charset=\"; report-type=x\"; report-type=delivery-status",
        "multipart/report; boundary=\"a\\\"; report-type=x;\"; report-type=delivery-status",
        "multipart/report; ; report-type=delivery-status",
        "multipart/report; boundary; report-type=delivery-status",
        "multipart/report; boundary==\u{e9}b=; report-type=delivery-status",
        "multipart/report; report-type=delivery-status; (open",
    ] {
        assert!(is_delivery_report(text.as_bytes()), "{text:?}");
    }
}

#[test]
fn what_is_not_a_delivery_report() {
    for text in [
        "",
        "multipart/report",
        "multipart/report;",
        "multipart/report; report-type",
        "multipart/report; report-type=",
        "multipart/report; report-type=disposition-notification",
        "multipart/report; report-type=feedback-report",
        "multipart/report; report-type=delivery-status-2",
        "multipart/report; report-type=delivery",
        "multipart/report; report-type=\"delivery-status \"",
        "multipart/report; report-type=\"delivery\"-status",
        "multipart/report; report-type=\"delivery-status",
        "multipart/report; report-type=delivery-status/x",
        "multipart/report; xreport-type=delivery-status",
        "multipart/report; report-type-x=delivery-status",
        "multipart/report; report-type*0=delivery-; report-type*1=status",
        "multipart/report; report-type*=us-ascii''delivery-status",
        "multipart/report report-type=delivery-status",
        "multipart/report; boundary=\"; report-type=delivery-status\"",
        "multipart/report; (; report-type=delivery-status)",
        "multipart/report; (\\); report-type=delivery-status)",
        "multipart/mixed; report-type=delivery-status",
        "multipart/reports; report-type=delivery-status",
        "multi part/report; report-type=delivery-status",
        "message/delivery-status",
        "text/plain; report-type=delivery-status",
        "report-type=delivery-status",
    ] {
        assert!(!is_delivery_report(text.as_bytes()), "{text:?}");
    }
}

/// White space and comments, which mean nothing.
fn nothing() -> impl Strategy<Value = String> {
    let piece = select(vec![" ", "\t", "\r\n ", "\n\t", "(c)", "(a(b)c)", "(;)", "(\\))", "(\")", "(=/)"]);
    proptest::collection::vec(piece, 0..3).prop_map(|pieces| pieces.concat())
}

fn mixed_case(text: &'static str) -> impl Strategy<Value = String> {
    proptest::collection::vec(any::<bool>(), text.len()).prop_map(move |upper| {
        let cased = text.chars().zip(upper);
        cased.map(|(char, upper)| if upper { char.to_ascii_uppercase() } else { char }).collect()
    })
}

fn value(text: &'static str) -> impl Strategy<Value = String> {
    (mixed_case(text), 0..3).prop_map(|(text, how)| match how {
        0 => text,
        1 => format!("\"{text}\""),
        _ => format!("\"\\{text}\""),
    })
}

/// A parameter that says nothing of the report.
fn other_parameter() -> impl Strategy<Value = String> {
    r#"(boundary|charset|x-[a-z]{1,5})=([a-zA-Z0-9._-]{1,20}|"([a-z;=/() ]|\\["\\]){0,20}")"#
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_report_type_decides(
        head in (nothing(), mixed_case("multipart"), nothing(), nothing(), mixed_case("report"), nothing()),
        (before, after) in (
            proptest::collection::vec(other_parameter(), 0..3), proptest::collection::vec(other_parameter(), 0..3)
        ),
        (is_report, status, other) in (any::<bool>(), value("delivery-status"), value("disposition-notification")),
        (name, gaps) in (mixed_case("report-type"), (nothing(), nothing(), nothing(), nothing())),
    ) {
        let (a, kind, b, c, subtype, d) = head;
        let value = if is_report { status } else { other };
        let ours = format!("{}{name}{}={}{value}{}", gaps.0, gaps.1, gaps.2, gaps.3);
        let parameters: Vec<_> = before.into_iter().chain([ours]).chain(after).collect();
        let text = format!("{a}{kind}{b}/{c}{subtype}{d};{}", parameters.join(";"));
        prop_assert_eq!(is_delivery_report(text.as_bytes()), is_report, "{:?}", text);
    }

    #[test]
    fn any_octets_have_an_answer(octets in proptest::collection::vec(any::<u8>(), 0..100)) {
        let text = [b"multipart/report;", &*octets].concat();
        let _ = (is_delivery_report(&octets), is_delivery_report(&text));
    }
}
