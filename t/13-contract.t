#!/bin/sh
# Recorded contract: the answers of the FastAPI original, replayed through
# nginx, over the lanes and over spawn-fcgi's single socket.
# shellcheck source=t/lib.sh
. t/lib.sh

for mode in lanes spawn-fcgi; do
	stack_up password_min_chars=0 username_min_chars=0 accept_plain_tokens=true nginx_limits=off mode=$mode
	python3 t/contract/check.py -v --psql "$LK_PSQL" "127.0.0.1:$LK_PORT" >"$tmp/check" 2>&1
	while read -r result name rest; do
		case $result in
		ok) ok 0 "$mode: $name is answered as recorded" ;;
		DIFF) ok 1 "$mode: ${name%:} is answered as recorded" || diag "$rest" ;;
		esac
	done <"$tmp/check"
	is "$(tail -n 1 "$tmp/check")" "$(grep -c '"name"' t/contract/cases.json) passed, 0 failed" \
		"$mode: every case was replayed"
	is "$(grep -c 'event=wrong_lane' "$LK_LOG")" 0 "$mode: nginx chose the right lane each time"
done

done_testing
