//! The report as a page of HTML: one file, with pictures, without script.

use super::chart::{self, class};
use super::summary::{Column, Section, Summary, grouped};
use super::tally::Tally;
use std::fmt::{self, Display, Formatter};

const STYLE: &str = include_str!("page.css");

pub(super) struct Page<'a> {
    pub(super) summary: &'a Summary,
    pub(super) tally: &'a Tally,
}

impl Display for Page<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // The policy says it once more: whatever stands in a log, nothing runs and nothing is loaded.
        write!(
            f,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <title>BATV report</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>BATV report</h1>\n"
        )?;
        if let Some((first, last)) = self.summary.period {
            writeln!(f, "<p>Bounces from {first} to {last}</p>")?;
        }
        writeln!(f, "<ul>")?;
        for headline in &self.summary.headlines {
            let (class, count) = (class(headline.series), grouped(headline.count));
            writeln!(f, "<li class=\"{class}\"><b>{count}</b> <span>{}</span></li>", headline.what)?;
        }
        writeln!(f, "</ul>")?;
        chart::write(&self.tally.days, f)?;
        self.summary.sections.iter().try_for_each(|section| write_section(section, f))?;
        write!(f, "<footer><p>{}</p></footer>\n</body>\n</html>\n", self.summary.source)
    }
}

fn write_section(section: &Section, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, "<section>\n<h2>{}</h2>\n<div class=\"scroll\"><table>\n<thead><tr><td></td>", section.title)?;
    for Column { name, series } in &section.columns {
        write!(f, "<th scope=\"col\" class=\"count\">")?;
        if let Some(series) = series {
            write!(f, "<span class=\"key {}\"></span>", class(*series))?;
        }
        write!(f, "{name}</th>")?;
    }
    writeln!(f, "<td></td></tr></thead>\n<tbody>")?;
    let longest = section.longest_bar();
    for row in &section.rows {
        write!(f, "<tr><th scope=\"row\">{}", Escaped(&row.name))?;
        if !row.remark.is_empty() {
            write!(f, "<small>{}</small>", Escaped(&row.remark))?;
        }
        write!(f, "</th>")?;
        for count in &row.counts {
            write!(f, "<td class=\"count\">{}</td>", grouped(*count))?;
        }
        write!(f, "<td class=\"bar\">")?;
        chart::write_bar(section.bar(row), longest, f)?;
        writeln!(f, "</td></tr>")?;
    }
    writeln!(f, "</tbody>\n</table></div>")?;
    if let Some(note) = &section.note {
        writeln!(f, "<p>{}</p>", Escaped(note))?;
    }
    writeln!(f, "</section>")
}

/// Text for HTML, in elements and in attributes.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            _ => write!(f, "{character}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn nothing_becomes_markup() {
        let text = "<script>alert('1' & \"2\")</script>";
        let escaped = "&lt;script&gt;alert(&#39;1&#39; &amp; &quot;2&quot;)&lt;/script&gt;";
        assert_eq!(Escaped(text).to_string(), escaped);
    }
}
