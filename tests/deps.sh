#!/bin/sh
# What a target of the Makefile needs beside Rust, git, make and gcc.
#
#   sh tests/deps.sh check|test|demo|bench
#
# As root on Debian it installs what is missing; otherwise it names it and goes on: a test that
# cannot run says so itself.
set -eu

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# program:package
case ${1:-} in
check) need= ;;
demo) need='ip:iproute2' ;;
bench) need='ip:iproute2 keepalived:keepalived' ;;
test) need='ip:iproute2 keepalived:keepalived busybox:busybox-static tcpdump:tcpdump
	mandoc:mandoc shellcheck:shellcheck' ;;
*)
	echo "usage: sh tests/deps.sh check|test|demo|bench" >&2
	exit 2
	;;
esac

if [ "$1" = check ]; then
	for part in fmt:rustfmt clippy:clippy; do
		cargo "${part%:*}" --version >/dev/null 2>&1 && continue
		echo "not installed: cargo ${part%:*}" >&2
		if command -v rustup >/dev/null 2>&1; then
			rustup component add "${part#*:}" || true
		fi
	done
fi

packages=
for pair in $need; do
	command -v "${pair%:*}" >/dev/null 2>&1 || packages="$packages ${pair#*:}"
done
[ -n "$packages" ] || exit 0

install="apt-get install -y --no-install-recommends$packages"
if [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing:$packages" >&2
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086 # the command is split at its blanks
	{ $install || { apt-get update && $install; }; } >/dev/null || echo "failed: $install" >&2
else
	echo "not installed:$packages; would help, as root: $install" >&2
fi
