//! Arguments and exit code; everything else is in the library.

fn main() -> std::process::ExitCode {
    cuttings::cli::main()
}
