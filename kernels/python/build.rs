//! Compiles the Cython loop of kernels/evmloop beside the Rust module, for maturin to put both in the wheel.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Only a build for Python needs it: tests and lints of the workspace do without Cython.
    if env::var_os("CARGO_FEATURE_EXTENSION_MODULE").is_some()
        && let Err(error) = compile_loop()
    {
        println!("cargo::error={error}");
    }
}

fn compile_loop() -> Result<(), String> {
    let folder = Path::new("../evmloop");
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-env-changed=PYO3_PYTHON");
    // Variables that maturin sets anew for another interpreter at the same path.
    println!("cargo::rerun-if-env-changed=PYO3_ENVIRONMENT_SIGNATURE");
    let python = env::var("PYO3_PYTHON")
        .map_err(|_| "PYO3_PYTHON is not set; build with maturin, or name the interpreter to build for")?;
    let out_dir = env::var("OUT_DIR").map_err(|error| format!("OUT_DIR: {error}"))?;
    let output = Command::new(&python)
        .arg(folder.join("build.py"))
        .arg(out_dir)
        .output()
        .map_err(|error| format!("{python} does not run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "kernels/evmloop/build.py failed with {python}; Cython and setuptools must be installed there: {}",
        said.trim().replace('\n', " | ")
    ))
}
