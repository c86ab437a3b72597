#!/bin/sh
# Scopes in the cookies of browsers: a guarded location demands one, the application
# reads them, a renewal takes those that the user has now, and a change ends the cookie.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 nginx_limits=off db_timeout_ms=10000 login_wait_ms=60000

# cookie_of NAME: a session of NAME's browser, into $cookie.
cookie_of() {
	api POST /session "username=$1&password=correct horse" -H 'Sec-Fetch-Site: same-origin'
	take_cookie
}
take_cookie() {
	cookie=$(header Set-Cookie | sed -n 's/^__Host-latchkey=\([^;]*\);.*/\1/p')
}
scope() {
	$LK_AS "$LK_BIN" -c "$LK_CONF" user scope "$@" >/dev/null
}
# head_of COOKIE: its first byte.
head_of() {
	printf %s== "$1" | tr _- /+ | base64 -d 2>/dev/null | od -An -N1 -tx1 | tr -d ' '
}
# browse PATH [ARGUMENT...]: as a page of this host does, with the cookie.
browse() {
	path=$1
	shift
	api GET "$path" -H "Cookie: __Host-latchkey=$cookie" -H 'Sec-Fetch-Site: same-origin' "$@"
}
# seen: the scopes that the application learnt.
seen() {
	printf '%s' "$body" | sed -n 's/.*\["x-auth-scope", "\([^"]*\)"\].*/\1/p'
}
closed() {
	browse /app/x
	[ "$status" = 401 ]
}
# change SECONDS [HEAD [MORE]]: of $cookie, as t/tool/proofs.py has it; forge: with a MAC that is another's.
change() {
	cookie=$(python3 -B t/tool/proofs.py "$LK_KEY" "$cookie" "$@")
}
forge() {
	cookie=$(python3 -B t/tool/proofs.py - "$cookie" 0 "$@")
}

sign_up ada 'correct horse'
sign_up eve 'correct horse'
python3 -B t/tool/gate_app.py "$tmp/notes" >"$tmp/port" &
children="$children $!"
retry 10 test -s "$tmp/port"
guard "$(cat "$tmp/port")"
ok $? 'nginx accepts the guarded example of the sample'
guard_again /admin/ 's/#\(set .latchkey_scope_needed admin;\)/\1/'
ok $? 'nginx accepts a location that demands a scope'

# --- none, some, and what they open ---

cookie_of ada
browse /app/x -H 'X-Auth-Scope: admin' -H 'X_Auth_Scope: admin'
is "$status $(seen)" '200 ' 'a cookie of a user without scopes names none, whatever the client says'
browse /admin/x -H 'X-Auth-Scope: admin'
is "$status $(header WWW-Authenticate) $body" '403 Bearer error="insufficient_scope", scope="admin" {"detail":"Forbidden"}' \
	'a cookie without the scope that a location demands gets 403'
is "$(header Cache-Control)" no-store 'no cache keeps that 403'

# Somebody who goes to the page gets a page.
go() {
	path=$1
	shift
	api GET "$path" -H "Cookie: __Host-latchkey=$cookie" -H 'Sec-Fetch-Site: none' -H 'Sec-Fetch-Mode: navigate' -H 'Accept: text/html' "$@"
}
go '/admin/a%20b?x=1&y="<'
is "$status $(header Content-Type) $(header Cache-Control) $(header Content-Language)" '403 text/html; charset=utf-8 no-store en' 'a browser that goes to a page without its scope gets a page, which no cache keeps'
like "$body" '<h1>This account may not see this page</h1>' 'the page says what is wrong'
like "$body" '<a class="button" href="/login\?next=%2Fadmin%2Fa%2520b%3Fx%3D1%26y%3D%22%3C">' 'the page leads to the log-in of somebody else, and from there back'
like "$(header Content-Security-Policy)" "^default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\$" 'nothing runs in that page, and nothing frames it'
is "$(header X-Latchkey-Login)$(header Set-Cookie)" '' 'the page sets no cookie, and has no header of the check'
go /admin/x -H 'Accept-Language: ko-KR,ko;q=0.9,en;q=0.5'
like "$(header Content-Language) $body" '^ko .*<html lang="ko">.*이 계정으로는 볼 수 없는 페이지입니다.*다른 계정으로 로그인' 'the page is Korean for those who read that'
for kept in en ko; do
	api GET /admin/x -H "Cookie: __Host-latchkey=$cookie; __Host-latchkey-language=$kept" -H 'Sec-Fetch-Mode: navigate' -H 'Accept-Language: ko'
	is "$status $(header Content-Language)" "403 $kept" "the page is in the language that was chosen at another: $kept"
done
go /admin/x -X HEAD -I
is "$status $(header Content-Type)" '403 text/html; charset=utf-8' 'HEAD tells of the page'
api POST /admin/x a=b -H "Cookie: __Host-latchkey=$cookie" -H 'Sec-Fetch-Site: same-origin' -H 'Sec-Fetch-Mode: navigate'
is "$status $(printf '%s' "$body" | grep -o 'href="/login?[^"]*"')" '403 href="/login?next=%2F"' 'a form without its scope gets the page, and does not come back as something else'
api GET /admin/x -H "Cookie: __Host-latchkey=$cookie" -H 'Accept: text/html,*/*;q=0.8'
is "$status $(header Content-Type)" '403 text/html; charset=utf-8' 'a browser that does not say what it does, but takes HTML, gets the page'
browse /admin/x -H 'Sec-Fetch-Mode: cors' -H 'Accept: text/html'
is "$status $body" '403 {"detail":"Forbidden"}' 'a script does not get the page'
api POST /admin/x a=b -H "Cookie: __Host-latchkey=$cookie" -H 'Sec-Fetch-Site: cross-site' -H 'Sec-Fetch-Mode: navigate'
is "$status $(header Content-Type) $(echo "$body" | grep -c 'may not see')" '403 text/html; charset=utf-8 0' 'a form of another site does not get the page, but one that says so'
like "$body" '<h1>That is not allowed</h1>.*came from another site' 'a form of another site is told why it is refused'
log_in ada 'correct horse'
take_token
api GET /admin/x -H "Authorization: Bearer $token" -H 'Accept: text/html'
is "$status $body" '403 {"detail":"Forbidden"}' 'a token does not get the page'
api GET /admin/x -H 'Accept: text/html' -H 'X-Latchkey-Login: /evil'
is "$status $(header Location)" '303 /login?next=%2Fadmin%2Fx' 'without a session a browser is sent to the log-in page, where a scope is demanded too'
go /latchkey-denied
is "$status $(printf '%s' "$body" | grep -c 'may not see')" '404 0' 'nobody gets the page by its name'
guard_again /below/ 's/#\(set .latchkey_\(scope_needed\|prefix\) [^;]*;\)/\1/'
ok $? 'nginx accepts a location that demands a scope of a Latchkey below a path'
go /below/x
like "$status $body" '^403 .*href="/auth/login/style.css".*href="/auth/login\?next=%2Fbelow%2Fx"' 'the page is of where Latchkey is below a path'
scope ada todos:write admin read
retry 2 closed
ok $? 'a change of the scopes ends the cookie within a second'
cookie_of ada
browse /app/x
is "$status $(seen)" '200 todos:write admin read' 'a cookie names the scopes, in the order that they were granted in'
browse /app/x -H 'X-Auth-Scope: root' -H 'x-auth-scope: root'
is "$status $(seen)" '200 todos:write admin read' "a client's own X-Auth-Scope does not reach the application"
browse /admin/x
is "$status $(seen)" '200 todos:write admin read' 'a cookie with the scope opens the location that demands it'
admin=$cookie
cookie_of eve
browse /admin/x
is "$status" 403 "a cookie without the scope does not open the location that demands it"
cookie=$admin

# --- renewal ---

for path in /app/x /admin/x; do
	change -1
	browse $path
	is "$status $(seen)" '200 todos:write admin read' "an old cookie is renewed with its scopes at $path"
	take_cookie
	browse /admin/y
	is "$status $(seen) $(header Set-Cookie | grep -c latchkey)" '200 todos:write admin read 0' "a cookie renewed at $path has the scopes of the old one"
done
# as by a hand in the table, which raises no epoch
sql "update latchkey_account set scope = 'read' where user_id = 1" >/dev/null
browse /admin/x
is "$status" 200 'a fresh cookie counts until its proof ends'
change -1
browse /admin/x
is "$status" 403 'a renewal takes the scopes that the user has now, also where one is demanded'
browse /app/x
is "$status $(seen)" '200 read' 'a renewal tells the application the scopes that the user has now'
take_cookie
browse /app/x
is "$status $(seen)" '200 read' 'a renewed cookie has the scopes that the user had at the renewal'
sql "update latchkey_account set scope = null where user_id = 1" >/dev/null
change -1
browse /app/x
is "$status $(seen)" '200 ' 'a renewal without scopes names none'
scope ada admin
retry 2 closed
ok $? 'the end of a scope, or another one, ends what was renewed'

# --- a cookie of before there were scopes in it ---

cookie_of ada
good=$cookie
cookie=$(PYTHONPATH=t/tool python3 -B -c '
import sys, proofs
said = proofs.read(sys.argv[2])
print(proofs.sign(proofs.key_of(sys.argv[1]), b"\x10" + said[1:-len("admin")]))' "$LK_KEY" "$good")
former=$cookie
browse /admin/x
is "$status $(seen)" '200 admin' 'a cookie of before the upgrade gets its scopes at its first use'
take_cookie
is "$(head_of "$cookie")" 12 'a cookie of before the upgrade comes back as a new one'
cookie=$former
browse /session
take_cookie
is "$status $(head_of "$cookie")" '200 12' 'a cookie of before the upgrade comes back as a new one from an account, too'
cookie=$former
sed -i "/^upstream latchkey_api/,/^}/s|unix:[^;]*|unix:$LK_DIR/nowhere|" "$LK_DIR/nginx/latchkey-http.conf"
nginx_reload
browse /admin/x
is "$status" 503 'while nobody can tell its scopes, it opens nothing'
sed -i "/^upstream latchkey_api/,/^}/s|unix:[^;]*|unix:$LK_SOCKET_API|" "$LK_DIR/nginx/latchkey-http.conf"
nginx_reload

# --- many, long, and tampered with ---

# shellcheck disable=SC2046 # words
scope ada $(seq -f '%032.0f' 1 15) admin
cookie_of ada
is "$status" 204 'a user with the most and the longest scopes logs in'
most=$(seq -f '%032.0f' 1 15 | xargs)
[ "$(printf '__Host-latchkey=%s' "$cookie" | wc -c)" -lt 800 ]
ok $? 'the cookie of a short name with the most and the longest scopes has less than 800 bytes'
browse /admin/x
is "$status $(seen)" "200 $most admin" 'a cookie holds the most and the longest scopes'
change -1
browse /admin/x
is "$status $(seen)" "200 $most admin" 'a renewal holds the most and the longest scopes'
cookie_of ada
good=$cookie
browse /session
is "$status" 200 'the account takes such a cookie'
cookie_of eve
eve=$cookie
for what in 10 11 13 16 22 00 ff; do
	cookie=$eve
	forge $what
	browse /app/x
	is "$status" 401 "a cookie whose first byte somebody made $what is refused"
done
while read -r more title; do
	cookie=$eve
	forge '' "$more"
	browse /admin/x
	is "$status" 401 "a cookie to which somebody added $title is refused"
	cookie=$eve
	change 60 '' "$more"
	browse /admin/x
	is "$status" "$(case $title in 'a scope') echo 200 ;; *) echo 401 ;; esac)" "a cookie that was signed with $title is what it says"
done <<E2
61646d696e a scope
2061646d696e a blank before a scope
61646d696e20 a blank after a scope
61646d696e202072656164 two blanks between two
61646d696e0a the end of a line
61646d696e00 a NUL
22 a quotation mark
c3a9 a letter that is not ASCII
$(printf '61%.0s' $(seq 528)) 528 letters
E2
cookie=$eve
change 60 10 61646d696e
browse /admin/x
is "$status" 401 'a cookie with scopes that says it has none is refused'
cookie=$good
browse "/app/x" -H "Cookie: __Host-latchkey=$eve"
is "$status" 401 'two cookies open nothing, whatever their scopes'

# --- what goes on ---

api POST /users/me/password '{"current":"correct horse","new":"battery staple"}' -H "Cookie: __Host-latchkey=$good" -H 'Sec-Fetch-Site: same-origin'
take_cookie
browse /admin/x
is "$status $(seen)" "200 $most admin" 'a browser that changes the password keeps its scopes'
scope ada ''
retry 2 closed
ok $? 'all scopes taken away end the cookie'
is "$(grep -cE 'event=(bug|worker_ended)' "$LK_LOG")" 0 'no scope shows a bug or ends a worker'
done_testing
