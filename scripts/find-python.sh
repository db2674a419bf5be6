#!/bin/sh
# Print the path of a Python >= 3.12 that really runs; say what to do where there is none.
# Candidates are run, not only looked up: version-manager shims exist on PATH that fail when called.
probe='import sys, venv, ensurepip; assert sys.version_info >= (3, 12); print(sys.executable)'

try() {
    found=$("$@" -c "$probe" 2>/dev/null) && [ -n "$found" ] && echo "$found" && exit 0
}

[ -n "$PYTHON" ] && try "$PYTHON"
for name in python3.13 python3.12 python3 python; do
    try "$name"
done
# Version managers keep interpreters that are not on PATH until they are selected.
for python in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python3 \
    "$HOME"/.local/share/uv/python/cpython-3.1[2-9]*/bin/python3 \
    "$HOME"/.asdf/installs/python/3.1[2-9]*/bin/python3 \
    "$HOME"/.local/share/mise/installs/python/3.1[2-9]*/bin/python3 \
    /opt/python*/bin/python3 /opt/homebrew/bin/python3 /usr/local/bin/python3; do
    [ -x "$python" ] && try "$python"
done

cat >&2 <<'MESSAGE'
streamid needs Python 3.12 or newer (with venv), and none was found.
  Debian, Ubuntu:  apt install python3.13 python3.13-venv   (or python3.12)
  macOS:           brew install python@3.13
  pyenv:           pyenv install 3.13
Then run the same command again, or name an interpreter: make demo PYTHON=/path/to/python3.13
MESSAGE
exit 1
