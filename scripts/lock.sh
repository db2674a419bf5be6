#!/bin/sh
# Resolve the lock files anew, for every supported Python at once, with hashes and without any address.
set -eu
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"$(sh scripts/find-python.sh)" -m venv "$tools"
"$tools/bin/pip" install --quiet uv
compile() {
    output=$1
    shift
    "$tools/bin/uv" pip compile --quiet --universal --python-version 3.12 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url "$@" --output-file "$output"
}
compile requirements/demo.txt pyproject.toml --extra lab --group build
compile requirements/test.txt pyproject.toml --extra lab --extra datasette --group build --group test --group check
if grep -n '://' requirements/*.txt; then
    echo "a lock file holds an address" >&2
    exit 1
fi
