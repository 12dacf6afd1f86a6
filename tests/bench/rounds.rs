//! How the benchmarks written in Rust are called, and what they print.

/// How many rounds to measure: as many as the argument says, else so many as are good for a figure.
///
/// `cargo test` runs the benchmarks too, to see that they work, and one round is enough for that.
pub fn rounds(usual: usize) -> usize {
    if !std::env::args().any(|argument| argument == "--bench") {
        return 1;
    }
    std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(usual)
}

/// A row of the table: what, compared with what, the ratio, and the bar that it may not exceed.
pub fn row(what: &str, with: &str, ratio: f64, bar: f64) {
    println!("{what}\t{with}\t{ratio:.2}\t{bar}");
}
