#!/bin/sh
# Scopes of users: granted by the operator, named by tokens and answers, passed to
# applications, and demanded by a guarded location of nginx.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 db_timeout_ms=10000 login_wait_ms=60000 accept_plain_tokens=true nginx_limits=off

# log_in_with SCOPE: sets token and refresh.
log_in_with() {
	api POST /token --data-urlencode username=ada --data-urlencode 'password=correct horse' --data-urlencode "scope=$1"
	take_both
}

take_both() {
	take_token
	refresh=$(printf '%s' "$body" | sed -n 's/.*"refresh_token":"\([^"]*\)".*/\1/p')
}

renew() {
	api POST /oauth2/token --data-urlencode grant_type=refresh_token --data-urlencode "refresh_token=$1"
	take_both
}

claim() {
	python3 -c '
import base64, json, sys
claims = sys.argv[1].split(".")[1]
print(json.loads(base64.urlsafe_b64decode(claims + "==")).get(sys.argv[2], "none"))' "$1" "$2"
}

# scoped WANTED TITLE: of the answer and of its token
scoped() {
	is "$(claim "$token" scope)" "$1" "$2: the token has them"
	if [ "$1" = none ]; then
		unlike "$body" '"scope"' "$2: the answer names none"
	else
		json_is .scope "\"$1\"" "$2: the answer names them"
	fi
}

sign_up ada 'correct horse'
sign_up bob 'correct horse'

# --- none: as before there were any ---

for wanted in '' 'read' 'offline_access read' 'a"b'; do
	log_in_with "$wanted"
	is "$status" 200 "an account without scopes logs in with the scope '$wanted'"
	scoped none "an account without scopes, asked for '$wanted'"
done
is "$(user scope ada)" '' 'user scope shows that an account has none'
api GET /check -H "Authorization: Bearer $token"
is "$(header X-Auth-Scope)" '' 'X-Auth-Scope is absent without scopes'
is "$(header X-Auth-Session)" "$(claim "$token" sid)" 'X-Auth-Session has the id of the session'

# --- what the operator grants ---

is "$(user scope ada todos:write read admin read)" "$(printf '1\tada\t\tactive\tyescrypt')" 'user scope prints the account'
is "$(user scope ada)" 'todos:write read admin' 'user scope shows the scopes of an account, each once'
like "$(user show ada)" '^scopes: todos:write read admin$' 'user show shows the scopes of an account'
api GET /users/me -H "Authorization: Bearer $token"
is "$status" 401 'a change of the scopes ends the tokens of the account'
log_in_with offline_access
kept=$token
user scope ada admin read todos:write >/dev/null
api GET /users/me -H "Authorization: Bearer $kept"
is "$status" 200 'the same scopes in another order are no change'

longest=$(printf '%032d' 0)
is "$(user scope bob "$longest" >/dev/null && user scope bob)" "$longest" 'a name of 32 characters is taken'
for bad in "0$longest" 'a b' 'a"b' 'a\b' 'é' "$(printf 'a\tb')"; do
	like "$(user scope bob "$bad")" '^latchkey: the name of a scope is 1 to 32 characters' "user scope refuses '$(printf '%s' "$bad" | tr '\\\t' '/ ')'"
done
like "$(user scope bob read offline_access)" 'offline_access' 'user scope refuses offline_access, which is for everybody'
like "$(user scope bob read '')" '^latchkey: the name of a scope' 'user scope refuses an empty name among others'
is "$(user scope bob)" "$longest" 'what is refused changes nothing'
# shellcheck disable=SC2046 # words
is "$(user scope bob $(seq 1 16) | cut -f 2) $(user scope bob | wc -w)" 'bob 16' '16 scopes are taken'
# shellcheck disable=SC2046
is "$(user scope bob $(seq 1 17))" 'latchkey: an account has 16 scopes at most' '17 scopes are refused'
# shellcheck disable=SC2046
user scope bob $(seq -f "%032.0f" 1 16) >/dev/null
log_in bob 'correct horse'
take_token
is "$(claim "$token" scope | wc -c)" 528 'a token has 16 scopes of 32 characters'
api GET /check -H "Authorization: Bearer $token"
is "$status $(header X-Auth-Scope | wc -c)" '200 528' 'the check names 16 scopes of 32 characters'
user scope bob '' >/dev/null
is "$(user scope bob)" '' 'the empty text takes all scopes away'
is "$(user scope nobody read)" 'latchkey: no such account: nobody' 'user scope refuses an unknown name'
is "$(user scope nobody)" 'latchkey: no such account: nobody' 'user scope without scopes refuses an unknown name'

# --- what a login gets ---

log_in_with ''
scoped 'todos:write read admin' 'a login that asks for none gets all'
log_in_with 'offline_access'
scoped 'todos:write read admin' 'a login that asks for a refresh token alone gets all'
log_in_with 'read'
scoped read 'a login that asks for one gets that'
log_in_with 'admin  other read offline_access'
scoped 'read admin' 'a login that asks for some, and another, gets those that the account has'
renew "$refresh"
scoped 'read admin' 'a refresh gives those that the login got'
api POST /users/me/password '{"current":"correct horse","new":"battery staple"}' -H "Authorization: Bearer $token"
take_both
scoped 'read admin' 'a changed password keeps those that the login got'
renew "$refresh"
scoped 'read admin' 'a refresh after that keeps them, too'
api POST /users/me/password '{"current":"battery staple","new":"correct horse"}' -H "Authorization: Bearer $token"
for wanted in other 'Read' 'reading' 'rea' 'ad min'; do
	log_in_with "$wanted"
	scoped none "a login that asks for '$wanted', which the account has not"
done
log_in_with 'offline_access read'
user scope ada write >/dev/null
renew "$refresh"
is "$status" 400 'a change of the scopes ends sessions, too: no renewal gives what was taken away'
user scope ada read admin >/dev/null

# --- at /oauth2/token, for a client with scopes of its own ---

secret=$($LK_AS "$LK_BIN" -c "$LK_CONF" client add -g 'password refresh_token' -s 'read write' app | sed -n 's/^secret	//p')
# by_client ID[:SECRET] [SCOPE]
by_client() {
	id=$1
	shift
	case $id in
	*:*) set -- "$1" -u "$id" ;;
	*) set -- "$1" --data-urlencode "client_id=$id" ;;
	esac
	wanted=$1
	shift
	[ -z "$wanted" ] || set -- "$@" --data-urlencode "scope=$wanted"
	api POST /oauth2/token --data-urlencode grant_type=password --data-urlencode username=ada \
		--data-urlencode 'password=correct horse' "$@"
	take_both
}
by_client first-party ''
scoped 'read admin' 'the built-in client, which asks for none, gets all that the user has'
by_client first-party admin
scoped admin 'the built-in client gets what it asks for'
by_client "app:$secret" ''
scoped read 'a client, which asks for none, gets of its own scopes those that the user has'
by_client "app:$secret" 'write read'
scoped read 'a client gets of what it asks for what the user has'
by_client "app:$secret" 'read admin'
json_is .error '"invalid_scope"' 'a client that asks for what it may not have gets invalid_scope'
sessions=$(sql 'select count(*) from latchkey_session')
by_client "app:$secret" write
is "$status $body" '400 {"error":"invalid_scope","error_description":"The client may not have these scopes"}' \
	'a client that asks only for what the user has not gets invalid_scope'
for wanted in other 'other write'; do
	by_client first-party "$wanted"
	json_is .error '"invalid_scope"' "the built-in client gets invalid_scope, too: $wanted"
done
is "$(sql 'select count(*) from latchkey_session')" "$sessions" 'no session begins with a scope that is refused'
is "$(grep -c 'event=login_failed user=1 reason=scope' "$LK_LOG")" 3 'each login with a scope that is refused is an event'
by_client "app:$secret" 'read offline_access'
json_is .scope '"read offline_access"' 'the answer with a refresh token names that scope, too'
is "$(claim "$token" scope)" read 'the access token has the other alone'
api POST /oauth2/token --data-urlencode grant_type=refresh_token --data-urlencode "refresh_token=$refresh" -u "app:$secret"
take_both
is "$(claim "$token" scope) $(claim "$token" client_id)" 'read app' 'a refresh by the client gives the same'
log_in_with offline_access
both=$refresh
renew_with() {
	api POST /oauth2/token -d grant_type=refresh_token --data-urlencode "refresh_token=$1" --data-urlencode "scope=$2"
	take_both
}
renew_with "$both" admin
scoped admin 'a refresh that asks for one of its scopes gets that'
renew_with "$refresh" 'write read'
scoped read 'a refresh that asks for one of its scopes, and another, gets the one'
renew_with "$refresh" write
json_is .error '"invalid_scope"' 'a refresh that asks only for another gets invalid_scope'
by_client "app:$secret" 'read offline_access'
api POST /oauth2/token --data-urlencode grant_type=refresh_token --data-urlencode "refresh_token=$refresh" -u "app:$secret"
take_both
api POST /users/me/password '{"current":"correct horse","new":"battery staple"}' -H "Authorization: Bearer $token"
take_both
is "$(claim "$token" scope) $(claim "$token" client_id)" 'read app' "a changed password keeps a client's session, with its scopes"
api POST /oauth2/token --data-urlencode grant_type=refresh_token --data-urlencode "refresh_token=$refresh" -u "app:$secret"
is "$status" 200 "the refresh token of that answer is the client's"
take_token
api POST /users/me/password '{"current":"battery staple","new":"correct horse"}' -H "Authorization: Bearer $token"

# --- the check, and two workers of which each has verified the token ---

log_in_with read
reader=$token
log_in_with ''
admin=$token
log_in bob 'correct horse'
take_token
bob=$token
for n in 1 2 3 4; do
	api GET /check -H "Authorization: Bearer $reader"
	is "$status $(header X-Auth-Scope)" '200 read' "the check names the scope (request $n)"
done
api GET /check -H "Authorization: Bearer $admin" -H 'LATCHKEY_SCOPE: x' -H 'Latchkey-Scope: x'
is "$status $(header X-Auth-Scope)" '200 read admin' "no header of a client's demands a scope"
plain=$(python3 -c '
import base64, hashlib, hmac, sys, time
key = open(sys.argv[1], "rb").read().rstrip(b"\n")
b64 = lambda x: base64.urlsafe_b64encode(x).rstrip(b"=").decode()
text = b64(b"{\"alg\":\"HS256\"}") + "." + b64(b"{\"sub\":\"ada\",\"exp\":%d,\"scope\":\"admin\"}" % (time.time() + 600))
print(text + "." + b64(hmac.new(key, text.encode(), "sha256").digest()))' "$LK_KEY")
api GET /check -H "Authorization: Bearer $plain"
is "$status $(header X-Auth-Scope)" '200 ' 'a plain token has no scope, whatever it says'

# --- before an application ---

cat >"$tmp/app.py" <<'P'
import http.server
class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        said = " ".join("%s=%s" % x for x in self.headers.items() if x[0].lower() in ("x-auth-scope", "x-auth-session"))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(said.encode())
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), App)
print(server.server_port, flush=True)
server.serve_forever()
P
python3 "$tmp/app.py" >"$tmp/port" &
children="$children $!"
retry 10 test -s "$tmp/port"
guard "$(cat "$tmp/port")"
ok $? 'nginx accepts the guarded example of the sample'
site=$LK_DIR/nginx.site
grep -q '^		#set $latchkey_scope_needed admin;' "$site"
ok $? 'the sample has the line that demands a scope'
# The same location again: with the sample's line, with another, with two scopes, and
# with what is none; one closed by an address.
awk '
	/^	location \/app\/ / { inside = 1 }
	inside { block = block $0 "\n" }
	inside && /^	}/ { inside = 0; exit }
	END {
		n = split("admin|read|read admin|a\"b", scope, "|")
		for (i = 1; i <= n; i++) {
			copy = block
			sub("/app/", "/s" i "/", copy)
			value = scope[i]
			if (i == 4) value = "a\\\"b"
			line = i == 1 ? "set $latchkey_scope_needed admin;" : "set $latchkey_scope_needed \"" value "\";"
			gsub("&", "\\\\&", line)
			sub("#set [$]latchkey_scope_needed admin;", line, copy)
			printf "%s", copy
		}
		sub("/app/", "/closed/", block)
		sub("#set [$]latchkey_scope_needed admin;", "deny all;", block)
		printf "%s", block
	}' "$site" >"$tmp/locations"
sed -i "/^	location \/app\/ /{
	e cat '$tmp/locations'
	}" "$site"
nginx_reload
ok $? 'nginx accepts locations that demand scopes' || diag "$(cat "$LK_LOGS/nginx.error.log" "$tmp/locations")"
is "$(grep -c 'latchkey_scope_needed' "$site")" 5 'each location has the line of its scope'

api GET /app/x -H "Authorization: Bearer $reader" -H 'X-Auth-Scope: admin' -H 'X-Auth-Session: x'
is "$status $body" "200 X-Auth-Scope=read X-Auth-Session=$(claim "$reader" sid)" "the application gets the token's scope and session, and not the client's"
api GET /app/x -H "Authorization: Bearer $bob" -H 'X-Auth-Scope: admin' -H 'X_Auth_Scope: admin'
is "$status $body" "200 X-Auth-Session=$(claim "$bob" sid)" "the application gets no scope of the client's where the token has none"
api GET /app/x -H "Authorization: Bearer $plain" -H 'X-Auth-Scope: admin' -H 'X-Auth-Session: x'
is "$status $body" '200 ' "the application gets no session of the client's where the token has none"

# demanded PATH TOKEN STATUS TITLE
demanded() {
	api GET "$1" -H "Authorization: Bearer $2"
	is "$status" "$3" "$4"
}
demanded /s1/x "$admin" 200 'a location that demands admin admits a token with admin'
demanded /s2/x "$admin" 200 'a location that demands read admits a token with read and admin'
demanded /s2/x "$reader" 200 'a location that demands read admits a token with read'
demanded /s3/x "$admin" 200 'a location that demands both admits a token with both'
demanded /app/x "$bob" 200 'the location beside them demands none'
for path in /s1/x /s3/x; do
	for held in "reader $reader" "bob $bob" "plain $plain"; do
		who=${held% *}
		demanded "$path" "${held#* }" 403 "$path: the token of $who gets 403"
		wanted='admin'
		[ "$path" = /s1/x ] || wanted='read admin'
		is "$(header WWW-Authenticate)" "Bearer error=\"insufficient_scope\", scope=\"$wanted\"" "$path: the 403 of $who names the scope, as RFC 6750 has it"
		is "$body" '{"detail":"Forbidden"}' "$path: the 403 of $who is JSON"
		is "$(header Cache-Control)" no-store "$path: the 403 of $who may be kept by no cache"
	done
done
api GET /s1/x -H "Authorization: Bearer $reader" -H 'X-Auth-Scope: admin' -H 'LATCHKEY_SCOPE: read' -H 'Latchkey-Scope: read'
is "$status" 403 "no header of a client's gives a scope, or changes what is demanded"
api GET '/s1/x?LATCHKEY_SCOPE=read&latchkey_scope_needed=read' -H "Authorization: Bearer $reader"
is "$status" 403 'no query changes what is demanded'
api GET /s1/x
is "$status $(header WWW-Authenticate)" '401 Bearer' 'without a token a location that demands a scope answers 401'
api GET /s1/x -H 'Authorization: Bearer x'
is "$status $(header WWW-Authenticate)" '401 Bearer error="invalid_token"' 'with a wrong token a location that demands a scope answers 401'
demanded /s4/x "$admin" 503 'a location whose scope is none, by mistake, admits nobody'
like "$(cat "$LK_LOG")" 'event=request_broken what=LATCHKEY_SCOPE hint="set' 'the log says what is wrong with it'
demanded /closed/x "$admin" 403 'a location that is closed by address answers 403'
is "$(header WWW-Authenticate)" '' 'the 403 of a closed location names no scope'
user scope ada read >/dev/null
refused() {
	api GET /s1/x -H "Authorization: Bearer $admin"
	[ "$status" = 401 ]
}
retry 2 refused
ok $? 'a scope that was taken away opens nothing within a second'
# what no command sets
sql "update latchkey_account set scope = 'a\"b' where user_id = (select id from users where username = 'ada')" >/dev/null
log_in_with offline_access
json_is .scope '"a\"b"' 'an answer to a log-in is JSON whatever scope the database has'
renew "$refresh"
json_is .scope '"a\"b"' 'an answer to a renewal is JSON whatever scope the database has'
api POST /users/me/password '{"current":"correct horse","new":"battery staple"}' -H "Authorization: Bearer $token"
json_is .scope '"a\"b"' 'an answer to a change of the password is JSON whatever scope the database has'
unlike "$(cat "$LK_LOGS/nginx.error.log")" 'uninitialized' 'nginx finds no variable that is not set'

done_testing
