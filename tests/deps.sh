#!/bin/sh
# What a target of the Makefile, or a single test, needs beside Rust, git, make and gcc.
#
#   sh tests/deps.sh check|test|demo|bench|vm|bench-vm|router
#   sh tests/deps.sh PROGRAM...
#
# As root on Debian it installs what is missing. What is missing after that it names, with status
# 1 for programs; for a target with status 0: a test that cannot run says so itself.
set -eu

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/lib/frr

target=yes
case ${1:-} in
check) programs= ;;
demo) programs=ip ;;
bench) programs='ip keepalived' ;;
router) programs='ip busybox linux.uml uml_switch make' ;;
vm) programs='ip busybox linux.uml modprobe ipvsadm keepalived nginx dnsmasq smtpd openssl' ;;
bench-vm) programs='ip busybox linux.uml modprobe keepalived' ;;
test) programs='ip keepalived vrrpd busybox tcpdump mandoc shellcheck linux.uml modprobe ipvsadm
	nginx dnsmasq smtpd openssl uml_switch qemu-mips-static file' ;;
'' | -*)
	echo "usage: sh tests/deps.sh check|test|demo|bench|vm|bench-vm|router|PROGRAM..." >&2
	exit 2
	;;
*)
	programs=$*
	target=
	;;
esac

# The Debian package of a program.
package() {
	case $1 in
	ip) echo iproute2 ;;
	busybox) echo busybox-static ;;
	vrrpd | vtysh) echo frr ;;
	uml_switch) echo uml-utilities ;;
	qemu-*-static) echo qemu-user-static ;;
	linux.uml) echo user-mode-linux ;;
	genhash) echo keepalived ;;
	modprobe) echo kmod ;;
	nginx) echo nginx-light ;;
	dnsmasq) echo dnsmasq-base ;;
	smtpd) echo opensmtpd ;;
	unshare | setpriv) echo util-linux ;;
	*) echo "$1" ;;
	esac
}

# The packages of those of $programs that are not there.
missing() {
	for program in $programs; do
		# It would take the place of another mail server.
		[ "$program" != smtpd ] || [ ! -e /usr/sbin/sendmail ] || continue
		command -v "$program" >/dev/null 2>&1 || printf ' %s' "$(package "$program")"
	done
}

if [ "${1:-}" = check ]; then
	for part in fmt:rustfmt clippy:clippy; do
		cargo "${part%:*}" --version >/dev/null 2>&1 && continue
		echo "not installed: cargo ${part%:*}" >&2
		if command -v rustup >/dev/null 2>&1; then
			rustup component add "${part#*:}" || true
		fi
	done
fi

packages=$(missing)
[ -n "$packages" ] || exit 0
install="apt-get install -y --no-install-recommends"
if [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing:$packages" >&2
	export DEBIAN_FRONTEND=noninteractive
	# Servers are installed to be run by tests, not to be started here.
	policy=/usr/sbin/policy-rc.d
	if [ -e "$policy" ]; then
		policy=
	else
		printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
	fi
	# shellcheck disable=SC2086 # the packages are words
	{ $install $packages || { apt-get update && $install $packages; }; } >/dev/null </dev/null || true
	[ -z "$policy" ] || rm -f "$policy"
	packages=$(missing)
	[ -n "$packages" ] || exit 0
fi
echo "not installed:$packages; would help, as root: $install$packages" >&2
[ -n "$target" ] || exit 1
