//! The program: call the library, turn its verdict into an exit status.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    holdfast::cli::main()
}
