//! include/batv.h is what cbindgen makes of the sources.
//!
//! `BATV_UPDATE_HEADER=1 cargo test -p batv-ffi --test header` writes it anew.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::{env, fs};

#[test]
fn the_committed_header_is_the_generated_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let committed = folder.join("../include/batv.h");
    let generated = generate(folder);
    if env::var_os("BATV_UPDATE_HEADER").is_some() {
        fs::write(&committed, &generated).unwrap();
    }
    let committed = fs::read_to_string(&committed).unwrap_or_default();
    let line = 1 + committed.lines().zip(generated.lines()).take_while(|(a, b)| a == b).count();
    assert!(
        committed == generated,
        "include/batv.h is not what the sources say, from line {line} on; \
         BATV_UPDATE_HEADER=1 cargo test -p batv-ffi --test header"
    );
}

/// Macros, which cbindgen does not make.
const MACROS: &str = include_str!("../macros.h");

fn generate(folder: &Path) -> String {
    let mut config = cbindgen::Config::from_file(folder.join("cbindgen.toml")).unwrap();
    let [major, minor, patch] =
        [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH")]
            .map(|number| number.parse::<u32>().unwrap());
    let number = 10_000 * major + 100 * minor + patch;
    config.after_includes = Some(format!(
        "
/* The version of this header; batv_version() and batv_version_number() are the library's. */
#define BATV_VERSION \"{major}.{minor}.{patch}\"
#define BATV_VERSION_NUMBER {number}

{}",
        MACROS.trim_end()
    ));
    let mut header = Vec::new();
    let bindings = cbindgen::Builder::new().with_config(config).with_crate(folder).generate();
    bindings.expect("cbindgen fails").write(&mut header);
    String::from_utf8(header).unwrap()
}
