//! Standard output: text, and JSON.

use crate::failure::Failure;
use crate::lines::LIMIT;
use serde::Serialize;
use std::borrow::Cow;
use std::io::{self, BufWriter, StdoutLock, Write};

/// Where answers go.
pub(crate) type Output = BufWriter<StdoutLock<'static>>;

pub(crate) fn output() -> Output {
    BufWriter::with_capacity(LIMIT, io::stdout().lock())
}

/// The three parts of an address, for JSON.
pub(crate) fn text_of(parts: [&[u8]; 3]) -> Cow<'static, str> {
    String::from_utf8_lossy(&parts.concat()).into_owned().into()
}

/// Writes the three parts of an address.
pub(crate) fn write_parts(parts: [&[u8]; 3], out: &mut Output) -> Result<(), Failure> {
    parts.iter().try_for_each(|part| Ok(out.write_all(part)?))
}

/// Writes an object of JSON.
pub(crate) fn write_json(object: &impl Serialize, out: &mut Output) -> Result<(), Failure> {
    serde_json::to_writer(out, object).map_err(|error| Failure::Output(error.into()))
}
