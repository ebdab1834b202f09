#!/bin/sh
# Builds every target of board/targets that has a budget, small and full, and compares. Status 1 if
# one is too large.
set -eu
cd "$(dirname "$0")/../.."
STD=source
export STD
table=
status=0
while read -r target _ small full _; do
	case $target in '' | '#'*) continue ;; esac
	for flavour in "small $small" "full $full"; do
		budget=${flavour#* }
		flavour=${flavour% *}
		[ "$budget" != - ] || continue
		file=$(sh board/make/static.sh "$target" "$flavour" </dev/null)
		size=$(wc -c <"$file")
		verdict=ok
		if [ "$size" -gt $((budget * 1000)) ]; then
			verdict='too large'
			status=1
		fi
		table="$table$(printf '%-32s %-6s %9d %9d  %s' "$target" "$flavour" "$size" $((budget * 1000)) "$verdict")
"
	done
done <board/targets
printf '%-32s %-6s %9s %9s\n%s' target build bytes budget "$table"
exit "$status"
