#!/bin/sh
# Run every fuzz target for SECONDS, starting from its committed seeds. Fails with the first input that breaks one.
#
#   tests/fuzz.sh SECONDS [TARGET...]
#
# cargo-fuzz is installed into target/tools when it is missing. What the fuzzer finds goes to target/fuzz/corpus, never
# to the seeds; an input that breaks a target is kept in target/fuzz/artifacts.
set -eu

seconds=${1:?usage: tests/fuzz.sh SECONDS [TARGET...]}
shift
root=$(cd "$(dirname "$0")/.." && pwd)
fuzz=$root/dataplane/fuzz
tools=$root/target/tools

if [ ! -x "$tools/bin/cargo-fuzz" ]; then
    cargo install --quiet --locked --root "$tools" cargo-fuzz
fi
PATH=$tools/bin:$PATH
# Coverage flags are stable, the check for a nightly toolchain is not: no sanitizer, as the crates have no unsafe code.
export RUSTC_BOOTSTRAP=1

targets=${*:-$(cargo fuzz list --fuzz-dir "$fuzz")}
for target in $targets; do
    corpus=$root/target/fuzz/corpus/$target
    artifacts=$root/target/fuzz/artifacts/$target/
    mkdir -p "$corpus" "$artifacts"
    echo "== $target"
    cargo fuzz run --fuzz-dir "$fuzz" --sanitizer none --target-dir "$root/target/fuzz/build" "$target" \
        "$corpus" "$fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -max_len=4200 -timeout=5 -rss_limit_mb=1024 -artifact_prefix="$artifacts" \
        -verbosity=0 -print_final_stats=1
done
