#!/bin/sh
# Sessions of browsers: POST, GET and DELETE /session, and the session cookie where
# an account is asked for. A page of another host of the same site may send the cookie
# with a form: it counts for nothing.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 nginx_limits=off db_timeout_ms=10000 login_wait_ms=60000 session_proof_minutes=1 access_token_minutes=1 login_failures_per_client_hour=10 cors_origins=https://spa.example.org

# browse METHOD PATH [ARGUMENT...]: as a page of this host does, with the cookie.
browse() {
	method=$1 path=$2
	shift 2
	api "$method" "$path" "$@" -H "Cookie: a=b; __Host-latchkey=$cookie" -H 'Sec-Fetch-Site: same-origin'
}

# take_cookie: the answer's, or none, to $cookie.
take_cookie() {
	cookie=$(header Set-Cookie | sed -n 's/^__Host-latchkey=\([^;]*\);.*/\1/p')
}

# login_page NAME PASSWORD [ARGUMENT...]
login_page() {
	user=$1 password=$2
	shift 2
	api POST /session "{\"username\":\"$user\",\"password\":\"$password\"}" -H 'Sec-Fetch-Site: same-origin' "$@"
}

# proof BYTES [COOKIE]: the beginning of the cookie as hexadecimal digits.
proof() {
	python3 -c 'import base64, sys; print(base64.urlsafe_b64decode(sys.argv[1] + "==").hex()[:2 * int(sys.argv[2])])' "${2-$cookie}" "$1"
}

sign_up ada 'correct horse'
sign_up eve 'correct horse'

# --- log-in ---

login_page ada 'correct horse'
is "$status $body" '204 ' 'POST /session takes JSON and answers without a body'
like "$(header Set-Cookie)" '^__Host-latchkey=[A-Za-z0-9_-]{71}; Path=/; Secure; HttpOnly; SameSite=Lax$' \
	'the cookie is for this host alone, hidden from scripts, and ends with the browser'
like "$(header Set-Cookie)" '^__Host-latchkey-device=[^;]*; Max-Age=[0-9]+; Path=/; Secure; HttpOnly; SameSite=Strict$' \
	'POST /session gives a device cookie as /token does'
is "$(header Set-Cookie | wc -l) $(header Cache-Control)" '2 no-store' 'POST /session sets two cookies, and is kept by no cache'
take_cookie
is "$(proof 1)" 12 'a proof has its version, and is not kept'
first=$(proof 17)
login_page ada 'correct horse'
take_cookie
isnt "$(proof 17)" "$first" 'each log-in has another session'
api POST /session 'username=ada&password=correct horse&keep=on' -H 'Origin: '"$LK_URL"
is "$status" 204 'POST /session takes a form, of a browser that sends Origin alone'
like "$(header Set-Cookie)" '^__Host-latchkey=[^;]*; Max-Age=77(75999|76000); Path=/; Secure; HttpOnly; SameSite=Lax$' \
	'a browser that is to keep somebody logged in keeps the cookie as long as the session lasts'
take_cookie
is "$(proof 1)" 13 'a proof that is kept says so'
for keep in true '"on"' null 1; do
	api POST /session "{\"username\":\"ada\",\"password\":\"correct horse\",\"keep\":$keep}" -H 'Sec-Fetch-Site: same-origin'
	echo "$keep $status"
done >"$tmp/keep"
is "$(tr '\n' ' ' <"$tmp/keep")" 'true 204 "on" 422 null 204 1 422 ' 'keep is a truth value in JSON'
login_page ada wrong
is "$status $body $(header Set-Cookie)" '401 {"detail":"Incorrect username or password"} ' 'a wrong password gets 401 and no cookie'
login_page nobody 'correct horse'
is "$status $body $(header Set-Cookie)" '401 {"detail":"Incorrect username or password"} ' 'an unknown name gets the same answer'
api POST /session '{"username":"ada"}' -H 'Sec-Fetch-Site: same-origin'
is "$status" 422 'a log-in without a password gets 422'
api POST /session '<x/>' -H 'Sec-Fetch-Site: same-origin' -H 'Content-Type: text/xml'
is "$status" 422 'a log-in that is neither a form nor JSON gets 422'
api GET /session
is "$status" 401 'GET /session without a cookie gets 401'
api PUT /session '{}'
is "$status $(header Allow)" '405 GET, POST, DELETE' 'PUT /session gets 405'

# --- a log-in in a browser that is logged in ---

# rows COOKIE: of its session
rows() {
	sql "select count(*) from latchkey_session where id = '$(proof 17 "$1" | cut -c 3-)'"
}
gone() {
	api GET /users/me -H "Cookie: __Host-latchkey=$before"
	[ "$status" = 401 ]
}
login_page ada 'correct horse'
take_cookie
before=$cookie
login_page ada wrong -H "Cookie: __Host-latchkey=$before"
is "$status $(rows "$before")" '401 1' 'a wrong password does not end the session that the browser has'
login_page ada 'correct horse' -H "Cookie: __Host-latchkey=$before; __Host-latchkey=$before"
is "$status $(rows "$before")" '204 1' 'a log-in with two cookies ends neither session'
login_page ada 'correct horse' -H "Cookie: __Host-latchkey=${before}A"
is "$status $(rows "$before")" '204 1' 'a log-in with a cookie that is none ends nothing'
login_page ada 'correct horse' -H "Cookie: __Host-latchkey=$before"
take_cookie
is "$status $(rows "$before") $(rows "$cookie")" '204 0 1' 'a log-in ends the session that the browser had'
retry 2 gone
ok $? 'the cookie before a log-in is refused'
before=$cookie
login_page eve 'correct horse' -H "Cookie: __Host-latchkey=$(python3 -B t/tool/proofs.py "$LK_KEY" "$before" -1)"
take_cookie
is "$status $(rows "$before") $(rows "$cookie")" '204 0 1' "another user's log-in ends the session that the browser had, by its old cookie"
login_page eve 'correct horse' -H "Cookie: __Host-latchkey=$before"
is "$status $(rows "$cookie")" '204 1' 'a log-in with the cookie of a session that has ended ends nothing else'

# --- pages of others log nobody in ---

for from in 'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Site: same-site' 'Sec-Fetch-Site: same-origin, same-origin' 'Sec-Fetch-Site:' \
	'Origin: https://evil.example' 'Origin: null' 'Origin: https://spa.example.org' 'Origin: http://localhost:1' 'X: y'; do
	api POST /session 'username=ada&password=correct horse' -H "$from"
	is "$status $(header Set-Cookie)" '403 ' "POST /session with '$from' gets 403 and no cookie"
done

# --- the account ---

login_page ada 'correct horse'
take_cookie
browse GET /session
json_is .username ada 'GET /session has the account'
like "$body" '^\{"username":"ada","fullname":null,"id":1,"is_active":true,"expires_at":"[0-9-]{10}T[0-9:]{8}Z"\}$' \
	'GET /session has what /users/me has, and the end of the session'
is "$(header Set-Cookie)" '' 'a fresh cookie is not set again'
browse GET /users/me
is "$status $body" '200 {"username":"ada","fullname":null,"id":1,"is_active":true}' '/users/me takes the cookie'
browse GET /users/me/sessions
is "$(printf '%s' "$body" | grep -o '"current":true' | wc -l)" 1 'one of the sessions is that of the cookie'
browse PATCH /users/me '{"fullname":"Ada"}'
is "$status" 200 'a page of this host changes the account by the cookie'
for from in 'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Site: same-site' 'Origin: https://evil.example' 'Origin: https://spa.example.org' 'X: y'; do
	for what in 'PATCH /users/me' 'POST /users/me/password' 'POST /users/me/delete' 'DELETE /users/me/sessions' 'DELETE /session'; do
		api "${what% *}" "${what#* }" '{"fullname":"Eve","current":"correct horse","new":"wrong horse battery"}' -H "Cookie: __Host-latchkey=$cookie" -H "$from"
		echo "$status"
	done | sort | uniq -c | xargs >"$tmp/statuses"
	is "$(cat "$tmp/statuses")" '5 403' "with '$from' the cookie changes nothing"
done
api GET /users/me -H "Cookie: __Host-latchkey=$cookie" -H 'Origin: https://spa.example.org' -H 'Sec-Fetch-Site: cross-site'
is "$status $(header Access-Control-Allow-Credentials)" '200 ' 'no page of another origin may read what a cookie shows'

# --- two credentials, and bad ones ---

log_in eve 'correct horse'
take_token
browse GET /users/me -H "Authorization: Bearer $token"
json_is .username eve 'a bearer token counts before a cookie'
browse GET /users/me -H 'Authorization: Bearer x'
is "$status" 401 'a bad bearer token is not made good by a cookie'
browse GET /users/me -H 'Authorization: Bearer'
is "$status" 401 'an empty bearer token is not made good by a cookie'
browse GET /users/me -H 'Authorization: Basic YTpi'
is "$status" 200 'what Latchkey does not know leaves the cookie its meaning'
api PATCH /users/me '{"fullname":"Eve"}' -H "Authorization: Bearer $token" -H "Cookie: __Host-latchkey=$cookie"
is "$status" 200 'a bearer token needs no page of this host, though there is a cookie'
good=$cookie
for bad in '' x "${good}A" "${good%?}" "\"$good\"" "$good%00" "$(printf '%s' "$good" | tr A-Za-z a-zA-Z)" "$good; __Host-latchkey=$good" "x; __Host-latchkey=$good"; do
	cookie=$bad
	browse GET /users/me
	is "$status $(header Set-Cookie)" '401 ' "a cookie of $(printf '%s' "$bad" | wc -c) bytes that is not as it was set gets 401"
done
for name in __host-latchkey __Host-Latchkey latchkey __Secure-latchkey __Host-latchkey-device '__Host-latchkey[]' '$__Host-latchkey'; do
	api GET /users/me -H "Cookie: $name=$good"
	is "$status" 401 "a cookie of the name $name is another one"
done
api GET /users/me -H "Authorization: Bearer $good"
is "$status" 401 'a cookie is no bearer token'
cookie=$token
browse GET /users/me
is "$status" 401 'a bearer token is no cookie'

# --- renewal and end ---

cookie=$good
session=$(proof 17 | cut -c 3-)
# older TIME: as if the session had been used so long ago.
older() {
	sql "update latchkey_session set used_at = now() - interval '$1' where id = '$session'" >/dev/null
}
used() {
	sql "select extract(epoch from now() - used_at)::int from latchkey_session where id = '$session'"
}
# old_cookie: $cookie with a proof whose end has passed, as time makes it.
old_cookie() {
	cookie=$(python3 -B t/tool/proofs.py "$LK_KEY" "$good" "${1--1}")
}
old_cookie
older '4 minutes 50 seconds'
browse GET /users/me
is "$status" 200 'an old cookie of a session that goes on is good where the database is asked'
old=$cookie
take_cookie
is "$(proof 29)" "$(proof 29 "$good")" 'a renewed cookie is of the same session'
isnt "$cookie" "$old" 'a renewed cookie has a new end'
[ "$(used)" -ge 290 ]
ok $? 'a use within five minutes of the last one is not written'
cookie=$old
older '5 minutes 10 seconds'
browse GET /session
is "$status" 200 'GET /session takes an old cookie'
[ "$(used)" -lt 60 ]
ok $? 'a use five minutes after the last one is written'
ops GET /metrics
like "$body" 'latchkey_session_renewals_total\{outcome="ok"\} 2' 'the metrics count renewals'
cookie=$old
older '14 days 1 minute'
browse GET /users/me
is "$status $(header Set-Cookie)" '401 ' 'a session that was idle for too long is not renewed'
older '1 minute'
sql "update latchkey_session set expires_at = now() + interval '30 seconds' where id = '$session'" >/dev/null
cookie=$old
browse GET /users/me
take_cookie
[ $(($(printf '%d' "0x$(proof 33 | cut -c 59-66)") - $(date +%s))) -le 31 ]
ok $? 'a proof never outlasts its session'
sql "update latchkey_session set expires_at = now() - interval '1 second' where id = '$session'" >/dev/null
cookie=$old
browse GET /users/me
is "$status" 401 'a session past its end is not renewed'
old_cookie 3600
browse GET /users/me
is "$status" 401 'a proof that lasts longer than those that are made has to be renewed'
login_page ada 'correct horse'
take_cookie
good=$cookie
session=$(proof 17 | cut -c 3-)
old_cookie
sql "update users set is_active = false where username = 'ada'" >/dev/null
browse GET /users/me
is "$status" 401 'the cookie of an inactive account is not renewed'
sql "update users set is_active = true where username = 'ada'" >/dev/null

# --- log-out ---

cookie=$good
api GET /users/me -H "Cookie: __Host-latchkey=$cookie"
is "$status" 200 'a cookie is good before the log-out'
browse DELETE /session
is "$status $(header Set-Cookie)" '204 __Host-latchkey=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax' 'log-out removes the cookie'
is "$(sql "select count(*) from latchkey_session where id = '$session'")" 0 'log-out removes the session'
refused() {
	browse GET /users/me
	[ "$status" = 401 ]
}
retry 2 refused
ok $? 'a cookie that somebody kept is refused after the log-out'
browse DELETE /session
is "$status" 401 'what has ended cannot be ended again'
login_page ada 'correct horse'
take_cookie
log_in ada 'correct horse'
take_token
api DELETE /users/me/sessions -H "Authorization: Bearer $token"
is "$status" 204 'a client ends all other sessions'
retry 2 refused
ok $? 'a browser is logged out with all other sessions'
login_page ada 'correct horse'
take_cookie
$LK_AS "$LK_BIN" -c "$LK_CONF" user logout ada >/dev/null
retry 2 refused
ok $? 'the operator logs a browser out'

# --- a change of the password ---

login_page ada 'correct horse'
take_cookie
before=$cookie
browse POST /users/me/password '{"current":"correct horse","new":"battery staple"}'
is "$status $body" '200 {"username":"ada","fullname":"Ada","id":1,"is_active":true}' 'a page that changes the password gets no token'
take_cookie
is "$(proof 17)" "$(proof 17 "$before")" 'the session of the page that changes the password goes on'
browse GET /users/me
is "$status" 200 'the cookie of the page that changed the password is good'
after=$cookie cookie=$before
retry 2 refused
ok $? 'the cookie from before a change of the password is refused'
cookie=$after
browse POST /users/me/password '{"current":"battery staple","new":"correct horse"}'
take_cookie
is "$status" 200 'a page changes the password back'

# --- limits, and the database away ---

login_page ada 'correct horse'
take_cookie
good=$cookie
for _ in 1 2 3 4 5 6 7 8 9 10 11; do
	login_page eve wrong
	echo "$status"
done >"$tmp/statuses"
like "$(xargs <"$tmp/statuses")" '^(401 )+429( 429)*$' 'wrong passwords at POST /session are counted'
log_in eve 'correct horse'
is "$status" 429 'wrong passwords at POST /session are counted with those at /token'
browse GET /users/me
is "$status" 200 'a browser that is logged in is not concerned'
t/stack db-stop "$LK_DIR"
old_cookie
browse GET /users/me
is "$status $(header Set-Cookie)" '503 ' 'without the database an old cookie gets 503, and is not removed'
login_page ada 'correct horse'
is "$status" 503 'without the database nobody logs in'
t/stack db-start "$LK_DIR"

is "$(grep -cE 'event=(bug|worker_ended)' "$LK_LOG")" 0 'no log-in of a browser shows a bug or ends a worker'
done_testing
