#!/bin/sh
# Builds one static binary with the C library musl, for this machine or another.
#
#   sh board/make/static.sh TARGET [full|small]
#
# TARGET is a line of board/targets; "small" leaves out regular expressions and TLS. The file is
# target/static/TARGET/holdfast (small: holdfast-small), and its name is printed.
#
# The linker is Zig with cargo-zigbuild: those of the PATH, else from PyPI into target/zig. A
# standard library that is installed for TARGET is used as it is. Else, and always with STD=source,
# it is built for size from the compiler's own source, which makes a smaller file; on Debian, as
# root, the packages for that are installed.
set -eu

cd "$(dirname "$0")/../.."
target=${1:-}
flavour=${2:-full}
line=$(awk -v t="$target" '$1 == t' board/targets)
case $line:$flavour in
:*)
	echo "usage: sh board/make/static.sh TARGET [full|small], with one of these:" >&2
	awk '/^[^#]/ { print "  " $1 }' board/targets >&2
	exit 2
	;;
*:full) name=holdfast features= ;;
*:small) name=holdfast-small features='--no-default-features --features vrrp,ipvs' ;;
*)
	echo "static.sh: there is no '$flavour', only full and small" >&2
	exit 2
	;;
esac
more=$(echo "$line" | awk '$5 != "-" { for (i = 5; i <= NF; i++) print $i }' | tr '\n' ' ')
say() { echo "static.sh: $*" >&2; }
# As root on Debian: what is missing comes by itself.
debian() {
	[ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null 2>&1 || return 1
	say "installing: $*"
	export DEBIAN_FRONTEND=noninteractive
	apt="apt-get -o DPkg::Lock::Timeout=600"
	$apt install -y --no-install-recommends "$@" >/dev/null </dev/null ||
		{ $apt update && $apt install -y --no-install-recommends "$@"; } >/dev/null </dev/null
}

# The compiler, and the source of its standard library.
: "${CARGO:=cargo}" "${RUSTC:=rustc}"
source_of() {
	for library in "$("$1" --print sysroot)/lib/rustlib/src/rust/library" \
		"/usr/src/rustc-$("$1" --version | cut -d ' ' -f 2)/library"; do
		[ -d "$library" ] && echo "$library" && return
	done
	return 1
}
library=
if [ "${STD:-}" = source ] || [ ! -d "$($RUSTC --print target-libdir --target "$target" 2>/dev/null)" ]; then
	if ! library=$(source_of "$RUSTC"); then
		if [ ! -x /usr/bin/rustc ] || ! source_of /usr/bin/rustc >/dev/null; then
			debian cargo-web rustc-web rust-web-src || true
		fi
		if [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] && library=$(source_of /usr/bin/rustc); then
			CARGO=/usr/bin/cargo RUSTC=/usr/bin/rustc
		fi
	fi
	if [ -z "$library" ]; then
		say "no standard library for $target: one of these helps"
		say "  rustup target add $target"
		say "  rustup component add rust-src"
		say "  apt-get install cargo-web rustc-web rust-web-src (Debian)"
		exit 1
	fi
fi

# The linker.
if ! command -v cargo-zigbuild >/dev/null 2>&1 || ! command -v zig >/dev/null 2>&1; then
	zig=$PWD/target/zig
	if [ ! -e "$zig/done" ]; then
		say "Zig and cargo-zigbuild go into target/zig"
		python3 -c 'import ensurepip, venv' 2>/dev/null || debian python3-venv || true
		python3 -m venv "$zig"
		"$zig/bin/pip" install --quiet --disable-pip-version-check ziglang==0.17.1 cargo-zigbuild==0.24.0
		: >"$zig/done"
	fi
	PATH=$zig/bin:$PATH
	CARGO_ZIGBUILD_ZIG_PATH=$(echo "$zig"/lib*/python3*/site-packages/ziglang/zig | cut -d ' ' -f 1)
	export PATH CARGO_ZIGBUILD_ZIG_PATH
fi

flags="-Ctarget-feature=+crt-static -Clink-self-contained=no -Cforce-unwind-tables=no"
# An instruction counts five times as much as usual when the compiler asks whether a copy of a
# function is worth its room.
flags="$flags -Cllvm-args=-inline-instr-cost=25 -Cllvm-args=-inline-call-penalty=125"
unstable=
if [ -n "$library" ]; then
	# A stable compiler builds its own library only if told that it may.
	export RUSTC_BOOTSTRAP=1 __CARGO_TESTS_ONLY_SRC_ROOT="$library"
	unstable='-Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size'
	if "$CARGO" -Z help 2>/dev/null | grep -q panic-immediate-abort; then
		# A panic ends the process at once, without its text: a sixth of the file.
		unstable='-Zpanic-immediate-abort -Zbuild-std=std -Zbuild-std-features=optimize_for_size'
		export CARGO_PROFILE_RELEASE_PANIC=immediate-abort
		flags="$flags -Zlocation-detail=none"
	fi
fi
# Elliptic curves without their large tables, as ring has them for all other processors: 150 KB less,
# some tenths of a millisecond more for a handshake. One function of X25519 is then asked for by a
# name that stands for the faster form.
case $target:$flavour in
x86_64-*:full | aarch64-*:full)
	export "CFLAGS_$(echo "$target" | tr - _)=-DOPENSSL_SMALL"
	;;
esac
case $target:$flavour in
x86_64-*:full)
	ring=ring_core_$(awk '$3 == "\"ring\"" { getline; gsub(/[".]/, "_", $3); print substr($3, 2) }' Cargo.lock)
	mkdir -p target/static
	cat >target/static/x25519.s <<-END
		.text
		.globl ${ring}_x25519_scalar_mult_adx
		.hidden ${ring}_x25519_scalar_mult_adx
		${ring}_x25519_scalar_mult_adx:
		jmp ${ring}_x25519_scalar_mult_generic_masked
	END
	flags="$flags -Clink-arg=$PWD/target/static/x25519.s"
	;;
esac
key=CARGO_TARGET_$(echo "$target" | tr a-z- A-Z_)_RUSTFLAGS
unset RUSTFLAGS
export CARGO RUSTC CARGO_TARGET_DIR="$PWD/target/static" "$key=$flags $more"
# shellcheck disable=SC2086 # words
cargo-zigbuild zigbuild --release --locked --bin holdfast --target "$target" $unstable $features >&2

# Behind the last segment there is nothing that runs, on MIPS a tenth of the file: cut it off, and
# forget the table of sections that stood there.
out=target/static/$target/$name
cp "target/static/$target/release/holdfast" "$out.new"
end=$(LC_ALL=C readelf -lW "$out.new" | awk '
	function hex(s,  i, n) {
		for (i = 3; i <= length(s); i++) n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
		return n + 0
	}
	$1 == "LOAD" { e = hex($2) + hex($5); if (e > end) end = e }
	END { print end }')
zero() { dd if=/dev/zero of="$out.new" bs=1 seek="$1" count="$2" conv=notrunc 2>/dev/null; }
case $(od -An -tu1 -j4 -N1 "$out.new" | tr -d ' ') in
1) zero 32 4 && zero 48 4 ;;
2) zero 40 8 && zero 60 4 ;;
esac
dd if=/dev/null of="$out.new" bs=1 seek="$end" 2>/dev/null
mv "$out.new" "$out"
echo "$out"
