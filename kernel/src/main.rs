//! The `windlass` program. Everything is in the library.

fn main() -> std::process::ExitCode {
    windlass_kernel::cli::main()
}
