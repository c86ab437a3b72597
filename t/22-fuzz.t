#!/bin/sh
# Replay of each fuzz target's corpus under ASan and UBSan.
# shellcheck source=t/lib.sh
. t/lib.sh
needs clang # make builds them with it

for source in t/fuzz/*.c; do
	name=$(basename "$source" .c)
	[ -n "$(ls "t/fuzz/corpus/$name")" ] &&
		"build-fuzz/fuzz/$name" -runs=0 -artifact_prefix="$tmp/" "t/fuzz/corpus/$name" >"$tmp/log" 2>&1
	ok $? "the inputs kept for $name do no harm" || diag "$(cat "$tmp/log")"
done

done_testing
