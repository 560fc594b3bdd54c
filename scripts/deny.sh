#!/bin/sh
# Check licences, banned crates and sources of the Rust dependencies (deny.toml).
#
#   scripts/deny.sh               licences, bans, sources: from Cargo.lock and the registry's files
#   scripts/deny.sh advisories    known vulnerabilities: fetches the advisory database
#
# cargo-deny is installed into target/tools when it is missing.
set -eu
cd "$(dirname "$0")/.."

if [ ! -x target/tools/bin/cargo-deny ]; then
    echo "== cargo-deny into target/tools: some minutes, once"
    cargo install --quiet --locked --root target/tools cargo-deny
fi
[ $# -gt 0 ] || set -- bans licenses sources
exec target/tools/bin/cargo-deny --all-features check --hide-inclusion-graph "$@"
