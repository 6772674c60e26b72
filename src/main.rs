//! The `cuttings` command.

use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments != ["parse", "--jsonl"] {
        return ExitCode::from(2);
    }
    let input = io::stdin().lock();
    let output = io::BufWriter::new(io::stdout().lock());
    match cuttings::cli::parse::parse_jsonl(input, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(1),
    }
}
