#!/bin/sh
# Is there what nac is built with? One line for what is missing, and exit code 1.
#
# PYTHON names the interpreter (default python3). The oldest Rust that will do stands in Cargo.toml.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
rust=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

missing() {
    echo "nac: $*" >&2
    exit 1
}

# True when version $1 is at least version $2.
at_least() {
    [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]
}

command -v "$python" >/dev/null || missing "no Python: apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    missing "$("$python" --version) is too old: install Python 3.11 or newer, or name it with PYTHON=..."
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    missing "$("$python" --version) cannot make virtual environments: apt-get install python3-venv"
command -v cc >/dev/null || missing "no C compiler: apt-get install gcc libc6-dev"
command -v cargo >/dev/null && command -v rustc >/dev/null ||
    missing "no Rust toolchain: install Rust $rust or newer, with cargo, from https://rustup.rs"
found=$(rustc --version | cut -d ' ' -f 2)
at_least "$found" "$rust" || missing "Rust $found is too old: run \`rustup update\`, or install $rust or newer"
