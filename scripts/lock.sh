#!/bin/sh
# Pin the Python dependencies anew, each with the hashes of its files. Needs uv.
#
#   scripts/lock.sh [--upgrade]
#
# requirements.txt             what nac runs with
# requirements-postgresql.txt  the same, and what PostgreSQL takes
# requirements-build.txt       what builds the extension
# requirements-dev.txt         all of them, and what checks and tests
set -eu
cd "$(dirname "$0")/.."

lock() {
    uv pip compile --quiet --no-header --generate-hashes --python-version 3.11 "$@"
}
lock pyproject.toml --all-extras --output-file requirements-dev.txt ${1:+"$1"}
lock pyproject.toml --constraint requirements-dev.txt --output-file requirements.txt ${1:+"$1"}
lock pyproject.toml --extra postgresql --constraint requirements-dev.txt \
    --output-file requirements-postgresql.txt ${1:+"$1"}
echo 'maturin>=1.16,<2' | lock - --constraint requirements-dev.txt --no-annotate --output-file requirements-build.txt ${1:+"$1"}
