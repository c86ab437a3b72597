#!/bin/sh
# Each error that /openapi.json documents is sent, and compared with its example:
# once it promised a body to the 401 of /check, and words to a 503 that had others.
# shellcheck source=t/lib.sh disable=SC2154
. t/lib.sh
stack_up hash_cost=1 nginx_limits=off accept_plain_tokens=true revocation_stale=refuse signups_per_address_hour=20 login_failures_per_client_hour=10

api GET /openapi.json
printf '%s' "$body" >"$tmp/openapi.json"
sign_up eve 'correct horse'
log_in eve 'correct horse'
take_token
api POST /session 'username=eve&password=correct horse' -H 'Sec-Fetch-Site: same-origin'
LK_COOKIE=$(header Set-Cookie | sed -n 's/^__Host-latchkey=\([^;]*\);.*/\1/p')
LK_CLIENT=svc:$($LK_AS "$LK_BIN" -c "$LK_CONF" client add svc | sed -n 's/^secret	//p')
export LK_KEY LK_SOCKET_CHECK LK_SOCKET_API LK_CLIENT LK_COOKIE

# pass_on ARGUMENT...: the results of the tool as ours
pass_on() {
	python3 -B t/tool/errors.py "$@" <"$tmp/openapi.json" >"$tmp/results"
	while IFS= read -r line; do
		case $line in
		'ok '*) ok 0 "${line#*: }" ;;
		*) ok 1 "${line#*: }" ;;
		esac
	done <"$tmp/results"
}
# shellcheck disable=SC2086 # words
pass_on "$LK_URL" "$LK_OPS_URL" $LK_PSQL
t/stack db-stop "$LK_DIR"
sleep 1.1	# what is kept of a client, is kept for a second
pass_on --down "$LK_URL" "$LK_OPS_URL" "$token"
[ "$tests" -ge 30 ]
ok $? 'the document has errors in plenty'

done_testing
