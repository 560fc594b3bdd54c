#!/bin/sh
# Instructions per decision, counted by callgrind, against the committed numbers: more than 1.10 of one fails.
#   tests/instructions.sh            compare
#   tests/instructions.sh --update   write tests/instructions.baseline anew
set -eu
cd "$(dirname "$0")/.."
baseline=tests/instructions.baseline
decisions=1024

command -v valgrind >/dev/null || { echo "valgrind is not installed"; exit 2; }
cargo build --quiet --release --locked --package nac-policy --example decide
out=$(mktemp)
trap 'rm -f "$out"' EXIT

for shape in estate users macs ranges partly forbids; do
    for rules in 1000 10000; do
        total=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect='decide::decisions' \
            target/release/examples/decide --rules "$rules" --shape "$shape" --decisions "$decisions" 2>&1 |
            sed -n 's/.*Collected : *//p')
        # The program decides twice: over each fact set once to warm up, then as often as was said.
        echo "$shape $rules $((total / (2 * decisions)))"
    done
done >"$out"

if [ "${1:-}" = --update ]; then
    cp "$out" "$baseline"
    cat "$baseline"
    exit
fi
awk 'NR == FNR { known[$1, $2] = $3; next }
    !(($1, $2) in known) { printf "%s with %s rules: not in the baseline\n", $1, $2; failed = 1; next }
    { ratio = $3 / known[$1, $2]
      printf "%-8s %6d rules  %6d instructions  %.2f of the baseline\n", $1, $2, $3, ratio
      if (ratio > 1.10) failed = 1 }
    END { exit failed }' "$baseline" "$out"
