//! Prometheus' text format, version 0.0.4.

use std::fmt::{self, Display, Write};

/// A text of metrics that grows, family by family.
#[derive(Debug, Default)]
pub(super) struct Text {
    text: String,
    family: &'static str,
}

/// What may become of a metric's value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// It only rises, as long as the daemon runs.
    Counter,
    /// It rises and falls.
    Gauge,
}

impl Text {
    /// Begins a family: the samples of one name.
    pub(super) fn family(&mut self, name: &'static str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        self.family = name;
        self.write(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    /// Adds a sample of the family.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(self.family);
        for (index, (name, label)) in labels.iter().enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            self.write(format_args!("{before}{name}=\"{}\"", Escaped(label)));
        }
        let after = if labels.is_empty() { "" } else { "}" };
        self.write(format_args!("{after} {value}\n"));
    }

    fn write(&mut self, text: fmt::Arguments<'_>) {
        // Nothing fails in writing to a string.
        let _ = self.text.write_fmt(text);
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.text
    }
}

/// The value of a label: "the backslash, double-quote, and line feed characters have to be escaped".
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                _ => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_end_its_value_or_its_line() {
        let mut text = Text::default();
        text.family("a_total", Kind::Counter, "Help.");
        text.sample(&[], 1);
        text.sample(&[("one", r#""a\b"@é.test"#), ("two", "x\n\"} 1")], -2);
        let expected = r#"# HELP a_total Help.
# TYPE a_total counter
a_total 1
a_total{one="\"a\\b\"@é.test",two="x\n\"} 1"} -2
"#;
        assert_eq!(String::from(text), expected);
    }
}
