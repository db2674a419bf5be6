#!/bin/sh
# Make sure that there are nginx and haproxy for the tests with real hops; install Debian's where we may.
set -eu
PATH=$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/bin

missing=
for name in nginx haproxy; do
    command -v "$name" >/dev/null || missing="$missing $name"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing$missing for the tests with real hops" >&2
    # Tests start their own: as long as this file is there, Debian starts no service of a new package.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
    fi
    apt-get update -qq >&2
    # shellcheck disable=SC2086 # several names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
    exit 0
fi
cat >&2 <<MESSAGE
The tests with real hops need$missing, and cannot install it.
  Debian, Ubuntu:  sudo apt-get install$missing
  macOS:           brew install$missing
Then run the same command again.
MESSAGE
exit 1
