#!/bin/sh
# The answers recorded from the FastAPI original, replayed through nginx.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up password_min_chars=0

python3 t/contract/check.py -v --psql "$LK_PSQL" "127.0.0.1:$LK_PORT" >"$tmp/check" 2>&1
while read -r result name rest; do
	case $result in
	ok) ok 0 "$name is answered as recorded" ;;
	DIFF) ok 1 "${name%:} is answered as recorded" || diag "$rest" ;;
	esac
done <"$tmp/check"
is "$(tail -n 1 "$tmp/check")" "$(grep -c '"name"' t/contract/cases.json) passed, 0 failed" 'every case was replayed'

done_testing
