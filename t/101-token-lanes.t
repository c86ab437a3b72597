#!/bin/sh
# /oauth2/token, two costs at one path: what hashes a password is handed over from the
# api lane to the login lane, below a prefix too, and keeps the limits of a login.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 login_failures_per_client_hour=30
sign_up ada 'correct horse'

# fcgi SOCKET BODY: past nginx; its status and Location of nginx's.
fcgi() {
	PYTHONPATH=t/tool python3 -c '
import re, sys
from peer import fcgi
body = sys.argv[2].encode()
status, head, text = fcgi(sys.argv[1], [tuple(p.encode().split(b"=", 1)) for p in (
    "REQUEST_METHOD=POST", "REQUEST_URI=/oauth2/token", "REMOTE_ADDR=127.0.0.1",
    "CONTENT_TYPE=application/x-www-form-urlencoded", "CONTENT_LENGTH=%d" % len(body))], body)
print(status, *re.findall("X-Accel-Redirect: (.*?)\r", head + "\r"), *re.findall("\"error\":\"([a-z_]*)\"", text.decode()))' "$1" "$2"
}

limited() {
	log_in ada wrong
	[ "$status" = 429 ] && [ "${body#*Too Many Requests}" = "$body" ]
}

free() {
	api POST /oauth2/token 'grant_type=refresh_token&refresh_token=x'
	[ "$status" != 429 ]
}

right='grant_type=password&username=ada&password=correct+horse'
is "$(fcgi "$LK_SOCKET_API" "$right")" '421 @latchkey_login invalid_request' 'the api lane hands a password grant over, and hashes nothing'
is "$(fcgi "$LK_SOCKET_LOGIN" "$right")" 200 'the login lane serves a password grant'
is "$(fcgi "$LK_SOCKET_LOGIN" 'grant_type=client_credentials')" '421 invalid_request' 'the login lane serves no other grant'
is "$(fcgi "$LK_SOCKET_API" 'grant_type=password&grant_type=password')" '400 invalid_request' 'the api lane hands nothing over that is no request'
is "$(fcgi "$LK_SOCKET_CHECK" "$right")" '421 invalid_request' 'the check lane hands nothing over'
serve_alone "$LK_DIR/data/single.sock" "$tmp/log"
is "$(fcgi "$LK_DIR/data/single.sock" "$right")" 200 'a worker of all lanes serves a password grant itself'
unlike "$(cat "$tmp/log")" 'status=421' 'a worker of all lanes hands nothing over'

# --- limits of guessing ---

for _ in $(seq 16); do
	api POST /oauth2/token "grant_type=password&username=ada&password=wrong"
done
is "$status" 429 'wrong passwords at /oauth2/token are limited by name'
json_is .error temporarily_unavailable 'the limit of a name is temporarily_unavailable'
isnt "$(header Retry-After)" '' 'the limit of a name says when to try again'
retry 10 limited
ok $? 'wrong passwords at /oauth2/token count at /token'

# --- a client that is too quick ---

sed -i 's|\(zone=latchkey_tokens:10m rate=\)[^;]*|\11r/m|' "$LK_DIR/nginx/latchkey-http.conf"
nginx_reload
n=0
while api POST /oauth2/token 'grant_type=password' && [ "$status" = 400 ] && [ $n -lt 110 ]; do
	n=$((n + 1))
done
like "$status $n" '^429 ([6-9][0-9]|10[01])$' 'one address has a hundred requests at once at /oauth2/token, and then the rate of logins'
is "$body" '{"error":"temporarily_unavailable","error_description":"Too Many Requests"}' \
	"nginx's limit has an error of OAuth"
log_in ada 'correct horse'
isnt "$status $body" '429 {"detail":"Too Many Requests"}' 'logins at /token have a count of their own'
sed -i 's|\(zone=latchkey_tokens:10m rate=\)[^;]*|\110r/s|' "$LK_DIR/nginx/latchkey-http.conf"

# --- a service that asks for each of its requests ---

# introspections N: how many of so many got which status.
introspections() {
	python3 -c '
import collections, http.client, sys
c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=30)
def ask():
    c.request("POST", "/oauth2/introspect", "token=x", {"Content-Type": "application/x-www-form-urlencoded"})
    answer = c.getresponse()
    answer.read()
    return answer.status
print(*("%d:%d" % s for s in sorted(collections.Counter(ask() for _ in range(int(sys.argv[2]))).items())))' "$LK_PORT" "$1"
}

sed -i 's#\(zone=latchkey_\(requests\|introspections\):10m rate=\)[^;]*#\11r/m#' "$LK_DIR/nginx/latchkey-http.conf"
nginx_reload
is "$(introspections 1001)" 401:1001 'a service may ask a thousand times at once, whatever other requests may be sent'
# of which one comes back each minute, on a slow machine
like "$(introspections 20)" '429:1[0-9]|429:20' 'a service that asks beyond its rate is told'
sed -i 's#\(zone=latchkey_\(requests\|introspections\):10m rate=\)[^;]*#\1100r/s#' "$LK_DIR/nginx/latchkey-http.conf"

# --- below a prefix ---

sed -i '
	s|^	#\(~^/auth/	/auth;\)|	\1|
	/^	#location \/auth\/ {/,/^	#}$/s/^	#/	/
' "$LK_DIR/nginx.site"
nginx_reload
sign_up eve 'correct horse'
api POST /auth/oauth2/token 'grant_type=password&username=eve&password=correct+horse&scope=offline_access'
is "$status" 200 'a password grant below a prefix is handed over'
take_token
like "$body" '"refresh_token":"1[0-9a-f]{72}"' 'a password grant below a prefix is whole'
api GET /auth/users/me -H "Authorization: Bearer $token"
is "$status" 200 'a token of a password grant counts below the prefix'

# --- without the login lane ---

retry 30 free
sed -i "s|unix:$LK_SOCKET_LOGIN|unix:$tmp/none|" "$LK_DIR/nginx/latchkey-http.conf"
nginx_reload
api POST /oauth2/token 'grant_type=password&username=eve&password=correct+horse'
is "$status" 503 'without the login lane a password grant is a 503'
is "$body" '{"error":"temporarily_unavailable","error_description":"Service Unavailable"}' 'without the login lane the answer has an error of OAuth alone'
isnt "$(header Retry-After)" '' 'without the login lane the answer says when to try again'
api POST /oauth2/token 'grant_type=refresh_token&refresh_token=x'
is "$status $(printf %s "$body" | grep -c invalid_grant)" '400 1' 'without the login lane other grants are served'

done_testing
