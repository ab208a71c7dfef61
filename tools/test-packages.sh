#!/bin/sh
# Installs what the tests need beside Python: real clients. As root with apt-get it installs
# them; else it says in one sentence what is missing.
set -eu

missing=
need() { # need COMMAND PACKAGE
    PATH="$PATH:/usr/sbin" command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need dig bind9-dnsutils
need kdig knot-dnsutils
need curl curl
need openssl openssl
need faketime faketime
need iodine iodine
need unbound unbound
need nsd nsd
need nginx nginx-light
need nft nftables
need ip iproute2
need sysctl procps
need systemd-analyze systemd
need dnssec-signzone bind9-utils
# DNS's stages are tested compiled too. A Python that is not Debian's has headers of its own.
need gcc gcc
[ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
headers=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("include"))')
case $headers in /usr/include/*) [ -e "$headers/Python.h" ] || missing="$missing python3-dev" ;; esac
[ -n "${CHROMIUM:-}" ] || need chromium chromium
# The pages take less in a browser without windows. Not every Debian has one, and nothing needs it.
shell=chromium-headless-shell
if [ -n "${CHROMIUM:-}" ] || command -v $shell >/dev/null 2>&1; then shell=; fi
may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }
[ -z "$missing$shell" ] && exit 0
[ -z "$missing" ] && ! may_install && exit 0

if may_install; then
    printf 'schoolgate: installing for the tests:%s\n' "$missing $shell" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >/dev/null
    # The tests start servers themselves: the packages' own services would only be in the way.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        trap 'rm -f "$policy"' EXIT
    fi
    # shellcheck disable=SC2086 # the list is meant to be split
    [ -z "$missing" ] || apt-get install -q -y --no-install-recommends $missing >/dev/null
    [ -z "$shell" ] || apt-get install -q -y --no-install-recommends "$shell" >/dev/null 2>&1 ||
        printf 'schoolgate: %s is not to be had; the pages go by the whole browser\n' "$shell" >&2
else
    printf 'schoolgate: the tests need these Debian packages, please install them:%s\n' "$missing" >&2
    exit 1
fi
