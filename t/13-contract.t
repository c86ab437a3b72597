#!/bin/sh
# Recorded contract: the answers of the FastAPI original, replayed through
# nginx, over the lanes and over spawn-fcgi's single socket.
# shellcheck source=t/lib.sh
. t/lib.sh

# nginx joins headers of one name from 1.23 on, and an application behind it gets one.
joined=none
[ "$(nginx -v 2>&1 | sed 's,.*nginx/1\.\([0-9]*\).*,\1,')" -lt 23 ] || joined=tk-ct-twice-form-json:

for mode in lanes spawn-fcgi; do
	stack_up password_min_chars=0 username_min_chars=0 accept_plain_tokens=true nginx_limits=off mode=$mode
	python3 t/contract/check.py -v --psql "$LK_PSQL" "127.0.0.1:$LK_PORT" >"$tmp/check" 2>&1
	while read -r result name rest; do
		case $result in
		ok) ok 0 "$mode: $name is answered as recorded" ;;
		DIFF)
			case $name$rest in
			"$joined"*"status 422"*) ok 0 "$mode: ${name%:} has one content type that is no form's, by this nginx" ;;
			*) ok 1 "$mode: ${name%:} is answered as recorded" || diag "$rest" ;;
			esac
			;;
		esac
	done <"$tmp/check"
	is "$(grep -cE '^(ok|DIFF) ' "$tmp/check")" "$(grep -c '"name"' t/contract/cases.json)" "$mode: every case was replayed"
	is "$(grep -c 'event=wrong_lane' "$LK_LOG")" 0 "$mode: nginx chose the right lane each time"
done

done_testing
