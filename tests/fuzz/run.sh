#!/bin/sh
# Fuzzes one target for some seconds.
#
#   sh tests/fuzz/run.sh packet|netlink|words|config|http|replies SECONDS [libFuzzer options]
#   sh tests/fuzz/run.sh TARGET keep
#
# What is new goes to target/fuzz/corpus/TARGET, what fails to target/fuzz/failed/TARGET-*. `keep`
# takes from there into tests/fuzz/corpus the fewest short files that reach code not reached yet.
set -eu
cd "$(dirname "$0")/../.."

target=${1:-}
seconds=${2:-60}
case $target in
packet | netlink | replies) dict='' len=2048 ;;
http) dict=tests/fuzz/http.dict len=4096 ;;
words) dict=tests/fuzz/config.dict len=1024 ;;
config) dict=tests/fuzz/config.dict len=8192 ;;
*)
	echo "usage: make fuzz T=packet|netlink|words|config|http|replies S=SECONDS" >&2
	exit 2
	;;
esac
shift
[ $# = 0 ] || shift

if ! cargo fuzz --version >/dev/null 2>&1; then
	echo "cargo fuzz is missing: installing it" >&2
	if ! cargo install --locked cargo-fuzz; then
		echo "fuzzing needs cargo-fuzz: cargo install --locked cargo-fuzz (and a C++ compiler)" >&2
		exit 1
	fi
fi
if ! c++ --version >/dev/null 2>&1; then
	echo "fuzzing needs a C++ compiler for libFuzzer: apt-get install g++" >&2
	exit 1
fi

# cargo fuzz wants options that are unstable; the released compiler has them all the same.
export RUSTC_BOOTSTRAP=1
# What is fuzzed here has no unsafe code, so that a sanitizer would only cost speed and a long build.
# SANITIZER=address brings it back.
sanitizer=${SANITIZER:-none}
# The search for similar keywords compares so much that tracing it takes most of the time; the
# dictionary knows the words as well.
case $target in
words | config) trace=--no-trace-compares build=$PWD/target/fuzz/build-plain ;;
*) trace='' build=$PWD/target/fuzz/build ;;
esac
found=target/fuzz/corpus/$target
mkdir -p "$found" target/fuzz/failed

fuzz() {
	cargo fuzz run --fuzz-dir tests/fuzz --target-dir "$build" --sanitizer "$sanitizer" \
		$trace "$target" "$@"
}

if [ "$seconds" = keep ]; then
	short=target/fuzz/short
	rm -rf "$short"
	mkdir "$short"
	find "$found" -type f -size -640c -exec cp {} "$short" \;
	fuzz "tests/fuzz/corpus/$target" "$short" -- \
		-set_cover_merge=1 -use_counters=0 -max_len=$len
else
	fuzz "$found" "tests/fuzz/corpus/$target" -- -max_total_time="$seconds" -max_len=$len \
		-artifact_prefix="target/fuzz/failed/$target-" -timeout=20 -rss_limit_mb=1024 \
		-print_final_stats=1 ${dict:+-dict=$dict} "$@"
fi
