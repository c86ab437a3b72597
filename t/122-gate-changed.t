#!/bin/sh
# The gate and ten thousand requests that are made from good ones by one to three
# changes of byte, header, order, spelling, or another's cookie; make gate sends a
# million. A request that reaches the application has a session, its name and its scopes, and
# the scope that its location demands.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 nginx_limits=off access_token_minutes=300
for name in ada eve; do
	sign_up $name 'correct horse'
	[ $name = eve ] || $LK_AS "$LK_BIN" -c "$LK_CONF" user scope ada admin todos:write >/dev/null
	api POST /session "username=$name&password=correct horse" -H 'Sec-Fetch-Site: same-origin'
	cookie=$(header Set-Cookie | sed -n 's/^__Host-latchkey=\([^;]*\);.*/\1/p')
	log_in $name 'correct horse'
	take_token
	case $name in
	ada) LK_ADA=$cookie LK_ADA_TOKEN=$token ;;
	*) LK_EVE=$cookie LK_EVE_TOKEN=$token ;;
	esac
done
python3 -B t/tool/gate_app.py /dev/null >"$tmp/port" &
children="$children $!"
retry 10 test -s "$tmp/port"
sed -i "s/^	#	#\(client_max_body_size\|proxy_http_version\|proxy_set_header Upgrade\|proxy_set_header Connection\)/	#	\1/" "$LK_DIR/nginx.site"
guard "$(cat "$tmp/port")"
ok $? 'nginx accepts the guarded example of the sample'
guard_again /admin/ 's/#\(set .latchkey_scope_needed admin;\)/\1 proxy_set_header X-Place admin;/'
ok $? 'nginx accepts a location that demands a scope'

export LK_PORT LK_KEY LK_ADA LK_EVE LK_ADA_TOKEN LK_EVE_TOKEN
PYTHONPATH=t/tool python3 -B t/tool/changed.py "${LK_REQUESTS:-10000}" >"$tmp/results"
ok $? 'all changed requests were sent'
while IFS='	' read -r line; do
	found=${line%%	*} line=${line#*	}
	is "$found" "${line%%	*}" "${line#*	}"
done <"$tmp/results"
is "$(grep -cE 'event=(bug|worker_ended)' "$LK_LOG")" 0 'no changed request shows a bug or ends a worker'
done_testing
