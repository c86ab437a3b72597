#!/bin/sh
# Recorded contract under ASan and UBSan: no error, and no memory left at the
# end.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up password_min_chars=0 username_min_chars=0 nginx_limits=off bin=build-san/latchkey

python3 t/contract/check.py --psql "$LK_PSQL" "127.0.0.1:$LK_PORT" >"$tmp/check" 2>&1
like "$(tail -n 1 "$tmp/check")" ' passed, 0 failed$' 'every case is answered as recorded under the sanitizers'
api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
api POST /token 'username=ada&password=correct+horse'
api GET /users/me -H "Authorization: Bearer $(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')"
is "$status" 200 'a token shows its account'
t/stack workers-stop "$LK_DIR"
is "$(grep -c 'event=stop' "$LK_LOG")" 6 'all six processes end in order at the stop'
is "$(grep -E 'runtime error|Sanitizer' "$LK_LOG")" '' 'the sanitizers report nothing'

done_testing
