#!/bin/sh
# Print the path of a Chromium for the browser tests; install Debian's where there is none and we may.
set -eu

find_browser() {
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        [ -n "$name" ] && command -v "$name" && return 0
    done
    return 1
}

find_browser && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the browser tests" >&2
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >&2
    find_browser && exit 0
fi
cat >&2 <<'MESSAGE'
The browser tests need Chromium, and none was found.
  Debian, Ubuntu:  sudo apt-get install chromium
  macOS:           brew install --cask chromium
Then run the same command again, or name one: make test CHROMIUM=/path/to/chromium
MESSAGE
exit 1
