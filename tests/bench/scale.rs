//! What a configuration of many domains costs: to load, to keep, and to find a key in.
//!
//! Times are those of the processor, and the least of all rounds counts.
#![allow(missing_docs)] // the allocator below is no interface

mod rounds;

use batv_config::Store;
use batv_core::Address;
use cap::Cap;
use rounds::{rounds, row};
use std::alloc::System;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

const LOOKUPS: u32 = 200_000;

/// One key for all the domains.
fn shared(domains: usize) -> String {
    let mut text = "[[key]]\nnumber = 1\nsecret = \"0123456789abcdef\"\nfor = [\n".to_owned();
    for domain in 0..domains {
        let _ = writeln!(text, "    \"domain-{domain}.example\",");
    }
    text + "]\n"
}

/// A key with a secret of its own for each domain.
fn own(domains: usize) -> String {
    let mut text = String::new();
    for domain in 0..domains {
        let _ = writeln!(
            text,
            "[[key]]\nnumber = 1\nsecret = \"0123456789abcdef-{domain}\"\ncreated = 2026-01-01\n\
             for = [\"domain-{domain}.example\"]\n"
        );
    }
    text
}

/// The time that this thread had on a processor: what else the machine does is left out.
fn processor_seconds() -> Result<f64, Box<dyn Error>> {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = statistics.split_whitespace().next().unwrap_or_default();
    Ok(nanoseconds.parse::<f64>()? / 1e9)
}

struct Cost {
    seconds: f64,
    file: f64,
    peak: f64,
    kept: f64,
    nanoseconds: f64,
}

fn cost(path: &Path, text: &str, domains: usize) -> Result<Cost, Box<dyn Error>> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    let octets = |count: usize| u32::try_from(count).map(f64::from);
    let (mut seconds, mut peak, mut kept) = (f64::MAX, 0.0, 0.0);
    for _ in 0..rounds(3) {
        let before = ALLOCATOR.allocated();
        let start = processor_seconds()?;
        let store = Store::open(path)?;
        seconds = seconds.min(processor_seconds()? - start);
        kept = octets(ALLOCATOR.allocated() - before)?;
        peak = octets(ALLOCATOR.max_allocated() - before)?;
        drop(store);
    }
    let store = Store::open(path)?;
    let addresses: Vec<_> =
        (0..1000).map(|index| format!("<user@domain-{}.example>", index * domains / 1000)).collect();
    let mut nanoseconds = f64::MAX;
    for _ in 0..rounds(5) {
        let start = processor_seconds()?;
        for address in addresses.iter().cycle().take(LOOKUPS as usize) {
            let address = Address::parse(address.as_bytes())?;
            black_box(store.config().policy.key_ring(&address)).ok_or("no key")?;
        }
        nanoseconds = nanoseconds.min((processor_seconds()? - start) * 1e9 / f64::from(LOOKUPS));
    }
    Ok(Cost { seconds, file: octets(text.len())?, peak, kept, nanoseconds })
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("batv.toml");
    for (name, text, peak) in [("one key", shared as fn(usize) -> String, 16.0), ("own keys", own, 40.0)] {
        let few = cost(&path, &text(1000), 1000)?;
        let many = cost(&path, &text(100_000), 100_000)?;
        row(&format!("load 100,000 domains, {name}"), "1 s", many.seconds, 1.0);
        row(&format!("memory while loading, {name}"), "the file's size", many.peak / many.file, peak);
        row(&format!("memory a domain, {name}"), "1,000 octets", many.kept / 100_000.0 / 1000.0, 1.0);
        // The bar leaves room for a processor's caches, which make more memory slower.
        row(&format!("find a key in 100,000, {name}"), "in 1,000", many.nanoseconds / few.nanoseconds, 2.0);
    }
    Ok(())
}
