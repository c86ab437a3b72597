#!/bin/sh
# Each error that /openapi.json documents is sent, and compared with its example:
# once it promised a body to the 401 of /check, and words to a 503 that had others.
# shellcheck source=t/lib.sh disable=SC2154
. t/lib.sh
stack_up hash_cost=1 nginx_limits=off signups_per_address_hour=20 login_failures_per_client_hour=10

api GET /openapi.json
printf '%s' "$body" >"$tmp/openapi.json"
sign_up eve 'correct horse'
log_in eve 'correct horse'
take_token

# pass_on ARGUMENT...: the results of the tool as ours
pass_on() {
	python3 t/tool/errors.py "$@" <"$tmp/openapi.json" >"$tmp/results"
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
pass_on --down "$LK_URL" "$LK_OPS_URL" "$token"
[ "$tests" -ge 30 ]
ok $? 'the document has errors in plenty'

done_testing
