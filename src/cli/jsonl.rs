//! What the filters `parse --jsonl` and `extract --jsonl` share: requests are lines of JSON that name files.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use serde_json::Value;

use super::exit::Exit;

/// Runs a filter from stdin to stdout.
pub(super) fn filter_stdin(
    run: impl FnOnce(BufReader<io::Stdin>, BufWriter<io::StdoutLock<'static>>) -> io::Result<()>,
) -> anyhow::Result<Exit> {
    run(BufReader::new(io::stdin()), BufWriter::new(io::stdout().lock()))?;
    Ok(Exit::Done)
}

/// The lines of an input that are not blank, as bytes.
pub(super) fn requests(input: impl BufRead) -> impl Iterator<Item = io::Result<Vec<u8>>> {
    input.split(b'\n').filter(|line| !line.as_ref().is_ok_and(|line| line.trim_ascii().is_empty()))
}

/// The `id` of a line that is JSON but not a valid request; `null` where there is none.
pub(super) fn id_of(line: &[u8]) -> Value {
    serde_json::from_slice::<Value>(line)
        .ok()
        .and_then(|mut value| value.get_mut("id").map(Value::take))
        .unwrap_or_default()
}

/// A file, if it has at most `limit` bytes; `what` names the limit in the error, such as `10 MiB, the most that is read of a feed`.
pub(super) fn read_file(path: &str, limit: u64, what: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("{path}: {error}"))?;
    if bytes.len() as u64 > limit {
        return Err(format!("{path}: larger than {what}"));
    }
    Ok(bytes)
}

/// Writes one answer as a line. Flushes it: who writes line by line may wait for each answer.
pub(super) fn write_line(output: &mut impl Write, line: &str) -> io::Result<()> {
    output.write_all(line.as_bytes())?;
    output.write_all(b"\n")?;
    output.flush()
}
