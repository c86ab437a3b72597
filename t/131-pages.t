#!/bin/sh
# Pages of log-in, log-out, sign-up and the account, as a client without scripts has
# them: forms, redirects, cookies, headers and errors. (t/132-browser.t has browsers.)
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up nginx_limits=off hash_cost=1 db_timeout_ms=10000 login_wait_ms=60000 product_name='Garden <Club>' password_blocklist="$PWD/build/passwords.test" \
	login_failures_per_client_hour=6 signups_per_address_hour=1000 site_url=http://127.0.0.1

own="Origin: $LK_URL"
cookie=x=1
# form PATH FIELD...: post a form from our own page, with the cookie of the session
form() {
	path=$1
	shift
	for field; do
		shift
		set -- "$@" --data-urlencode "$field"
	done
	api POST "$path" -H "$own" -H "Cookie: $cookie" -H 'Content-Type: application/x-www-form-urlencoded' "$@"
}
# page PATH: with that cookie
page() {
	api GET "$1" -H "Cookie: $cookie"
}
# session_of COOKIE: its id.
session_of() {
	python3 -c 'import base64, sys; print(base64.urlsafe_b64decode(sys.argv[1].split("=")[1] + "==")[1:17].hex())' "$1"
}
# The cookie that an answer set.
keep_cookie() {
	cookie=$(echo "$headers" | tr -d '\r' | sed -n 's/^Set-Cookie: \(__Host-latchkey=[^;]*\).*/\1/p')
}
sign_in() {
	form /login "username=$1" 'password=correct horse'
	keep_cookie
}

# --- the form ---

page '/login?next=/todos/%3Fa%3D1%26b'
is "$status $(header Content-Type)" '200 text/html; charset=utf-8' 'GET /login is a page'
like "$body" 'name="next" value="/todos/\?a=1&amp;b"' 'the form keeps where one was going'
like "$body" 'autocomplete="username"' 'the form names the user name to password managers'
like "$body" 'autocomplete="current-password"' 'the form names the password to password managers'
like "$body" '<title>Log in – Garden &lt;Club&gt;</title>' 'the name of the product is escaped'
is "$(header Content-Security-Policy)" "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'" \
	'a page says what it may do, in one header'
is "$(header Referrer-Policy) $(header Cache-Control) $(header X-Frame-Options) $(header X-Content-Type-Options)" 'same-origin no-store DENY nosniff' \
	'a page is not stored, framed or guessed at, and its address stays here'
unlike "$body" '<style| style=| on[a-z]+=|<script>|javascript:' 'a page has nothing inline'
api HEAD /login
is "$status" 200 'HEAD /login has an answer'

# --- languages ---

api GET /login -H 'Accept-Language: ko-KR,ko;q=0.9,en;q=0.8'
is "$(header Content-Language)" ko 'a Korean browser gets Korean'
like "$body" '<h1>로그인</h1>' 'the sentences of a Korean page are Korean'
api GET '/login?lang=ko&next=/x' -H 'Accept-Language: en'
like "$(header Set-Cookie)" '^__Host-latchkey-language=ko; Max-Age=31536000; Path=/; Secure; HttpOnly; SameSite=Lax$' 'the switch is kept in a cookie'
like "$body" 'href="/login\?lang=en&amp;next=%2Fx"' 'the switch keeps where one was going'
api GET /login -H 'Accept-Language: en' -H 'Cookie: __Host-latchkey-language=ko'
like "$body" '<html lang="ko">' 'the cookie of the switch counts before Accept-Language'
for lang in xx '%00' '../ko' 'ko%0d%0aX:1'; do
	api GET "/login?lang=$lang"
	is "$status $(header Set-Cookie)$(header X)" '200 ' "a language that is none is not kept: $lang"
done

# --- login ---

sign_up ada 'correct horse'
form /login username=ada 'password=wrong horse' next=/todos/
is "$status $(header WWW-Authenticate)" '401 Bearer' 'a wrong password is a page with 401'
like "$body" 'role="alert"' 'a wrong password is read to whoever does not see'
like "$body" 'value="ada"' 'a wrong password leaves the user name in the form'
like "$body" 'name="next" value="/todos/"' 'a wrong password leaves where one was going'
unlike "$body" 'wrong horse' 'a wrong password does not come back'
wrong=$body
form /login username=nobody 'password=wrong horse' next=/todos/
is "$(echo "$body" | sed 's/nobody/ada/')" "$wrong" 'an unknown name gets the same page'
form /login username=ada next=/
is "$status" 422 'a log-in without a password is refused'
form /login 'username=<b>"x"</b>' password=x
like "$body" 'value="&lt;b&gt;&quot;x&quot;&lt;/b&gt;"' 'a name comes back escaped'
form /login username=ada 'password=correct horse' 'next=/todos/?a=1&b#c'
is "$status $(header Location)" '303 /login?arrived=1&next=%2Ftodos%2F%3Fa%3D1%26b%23c' 'a right password leads on, by way of a look at the cookie'
like "$headers" '^Set-Cookie: __Host-latchkey=[A-Za-z0-9_-]{60,100}; Path=/; Secure; HttpOnly; SameSite=Lax' 'a log-in sets the session cookie, until the browser is closed'
keep_cookie
api GET '/login?arrived=1&next=%2Ftodos%2F%3Fa%3D1' -H "Cookie: $cookie"
is "$status $(header Location)" '303 /todos/?a=1' 'a browser with the cookie goes where it was going'
api GET '/login?arrived=1&next=%2Ftodos%2F'
is "$status" 400 'a browser that kept no cookie is not sent round in circles'
like "$body" 'did not keep the cookie' 'a browser that kept no cookie is told so'
api GET '/login?next=/x' -H "Cookie: $cookie"
like "$body" 'You are logged in' 'the form does not ask somebody who is logged in'
form /login username=ada 'password=correct horse' keep=yes
like "$headers" '^Set-Cookie: __Host-latchkey=[^;]*; Max-Age=777(6000|59[0-9][0-9]); ' 'keep me signed in keeps the cookie for session_days'

# --- next ---

while read -r next leads; do
	api GET "/login?next=$next"
	like "$body" "name=\"next\" value=\"$(printf %s "$leads" | sed 's/?/\\?/')\"" "the form goes on within this host: $next"
	form /login username=ada 'password=correct horse' "next=$(printf '%b' "$(echo "$next" | sed 's/%/\\x/g')")"
	like "$(header Location)" "next=$(printf %s "$leads" | sed 's|/|%2F|g; s|?|%3F|g; s|=|%3D|g')$" "a log-in goes on within this host: $next"
	keep_cookie
done <<'E'
//evil.test/x /
/%5cevil.test /
%5c%5cevil.test /
/%09/evil.test /
https://evil.test/ /
https:evil.test /
javascript:alert(1) /
/a%0d%0aSet-Cookie:x=1 /
/a%20b /
/..//evil.test /..//evil.test
/x?y=1 /x?y=1
E
api GET "/login?arrived=1&next=//evil.test" -H "Cookie: $cookie"
is "$(header Location)" / 'the last step looks at the address again'

# --- from elsewhere ---

for from in 'Origin: https://evil.test' 'Origin: null' 'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Site: same-site' 'X-None: 1'; do
	api POST /login 'username=ada&password=correct+horse' -H "$from"
	is "$status $(header Set-Cookie)" '403 ' "a log-in from elsewhere is refused: $from"
done
like "$body" 'came from another site' 'a refusal of another site is a page'
api POST /login 'username=ada&password=correct+horse' -H 'Sec-Fetch-Site: same-origin' -H 'Origin: null'
is "$status" 303 'a form of our own page counts by Sec-Fetch-Site'
for path in /signup /logout /reset /account/name /account/password /account/sessions /account/delete; do
	api POST "$path" 'x=1' -H 'Origin: https://evil.test' -H "Cookie: $cookie"
	is "$status" 403 "a form from elsewhere is refused: $path"
done

# --- plain HTTP ---

# nginx of the sample answers to the machine's own names alone: CHANGE.
sed -i 's/server_name localhost 127.0.0.1 \[::1\] "";/server_name localhost 127.0.0.1 [::1] "" *.example.test *.localhost *.evil.test;/' "$LK_DIR/nginx.site"
nginx_reload
for host in app.example.test localhost.evil.test 127.0.0.1.evil.test; do
	api GET /login -H "Host: $host"
	is "$status" 403 "over plain HTTP there is no form: $host"
	unlike "$body" 'type="password"' "over plain HTTP nobody is asked for a password: $host"
	api POST /login 'username=ada&password=correct+horse' -H "Host: $host" -H "Origin: http://$host"
	is "$status $(header Set-Cookie)" '403 ' "over plain HTTP no password is taken: $host"
done
like "$body" 'https://' 'a refusal of plain HTTP says what to do'
# Each row of a page, whichever comes to be: by the table.
"$LK_BIN" routes 2>/dev/null | awk -F '\t' '$9 == "page" { split($1, methods, ", "); print methods[1], $2 }' >"$tmp/pages"
while read -r method path; do
	api "$method" "$path" '' -H 'Host: app.example.test' -H 'Origin: http://app.example.test'
	is "$status $(printf '%s' "$body" | grep -c https://)" '403 1' "over plain HTTP there is no page: $method $path"
done <"$tmp/pages"
for host in localhost 127.0.0.1 '[::1]:8000' app.localhost; do
	api GET /login -H "Host: $host"
	is "$status" 200 "on this machine itself plain HTTP is good: $host"
done
api GET /login -H 'Host: app.example.test' -H 'Sec-Fetch-Site: none'
is "$status" 200 'a browser that takes the address for safe knows of encryption before this server'

# --- log-out ---

sign_in ada
page /account
is "$status" 200 'a browser that logged in sees its account'
page /logout
like "$body" 'Log out\?' 'GET /logout asks first'
page /account
is "$status" 200 'GET /logout ends nothing'
session=$cookie
form /logout next=/todos/
is "$status $(header Location)" '303 /login?out=1&next=%2Ftodos%2F' 'a log-out leads to a page that says so'
like "$(header Set-Cookie)" '^__Host-latchkey=; Max-Age=0; ' 'a log-out removes the cookie'
api GET /account -H "Cookie: $session"
is "$status $(header Location)" '303 /login?next=%2Faccount' 'a cookie that was kept is of no use after the log-out'
cookie=x=1
api GET '/login?out=1&next=%2Ftodos%2F'
like "$body" '<img class="away" src="/login/clear"' 'the page after a log-out has the image that clears'
api GET /login/clear
is "$status $(header Clear-Site-Data) $(header Cache-Control)" '200 "cache" no-store' 'the image of the page after a log-out clears what the browser has shown'
form /logout
is "$status" 303 'a log-out without a session is one, too'

# --- sign-up ---

sign_in ada
old=$cookie
form /signup username=fay 'password=correct horse'
keep_cookie
is "$(sql "SELECT count(*) FROM latchkey_session WHERE id = '$(session_of "$old")'") $(sql "SELECT count(*) FROM latchkey_session WHERE id = '$(session_of "$cookie")'")" \
	'0 1' 'a sign-up ends the session that the browser had'
old=$cookie
form /login username=ada 'password=correct horse'
is "$(sql "SELECT count(*) FROM latchkey_session WHERE id = '$(session_of "$old")'")" 0 'a log-in ends the session that the browser had'
cookie=x=1

form /signup username=bea 'fullname=Bea & <Co>' 'password=correct horse' next=/todos/
is "$status $(header Location)" '303 /login?arrived=1&next=%2Ftodos%2F' 'a sign-up logs in, and leads on'
keep_cookie
page /account
like "$body" 'value="Bea &amp; &lt;Co&gt;"' 'the account shows the full name, escaped'
while IFS='|' read -r code name password text; do
	form /signup "username=$name" "password=$password"
	is "$status" "$code" "a sign-up is refused: $text"
	like "$body" "$text" "a page says why a sign-up is refused: $text"
done <<'E'
409|bea|correct horse|This user name is taken
422||correct horse|Enter a user name
422|cleo|short|needs at least 8 characters
422|cleo|PassWord1|on a list of common ones
422|correct horse|Correct Horse|is the user name
E
form /signup "username=$(head -c 256 /dev/zero | tr '\0' x)" 'password=correct horse'
like "$status $body" 'at most 255 characters' 'the page says how long a user name may be'

# --- the account ---

sign_in bea
page /account
like "$body" 'This browser' 'the account marks the session of this browser'
form /account/name 'fullname=Beatrix'
is "$status $(header Location)" '303 /account?did=saved' 'a full name is changed'
page '/account?did=saved'
like "$body" 'value="Beatrix"' 'the account shows the new full name'
form /account/name fullname=
page /account
like "$body" 'id="fullname"[^>]* value=""' 'a full name can be taken away'
form /account/name "fullname=$(head -c 256 /dev/zero | tr '\0' x)"
is "$status" 422 'a full name of 256 characters is refused'
form /account/password current=wrong 'new=another horse'
is "$status" 403 'a wrong current password is refused'
form /account/password 'current=correct horse' new=short
is "$status" 422 'a short new password is refused'
log_in bea 'correct horse'
take_token
old=$cookie
form /account/password 'current=correct horse' 'new=another horse'
is "$status $(header Location)" '303 /account?did=saved' 'a password is changed'
keep_cookie
isnt "$cookie" "$old" 'a change of the password changes the cookie'
unlike "$headers" '^Set-Cookie: __Host-latchkey=[^;]*; Max-Age' 'a cookie that goes with the browser still does after a change of the password'
page /account
is "$status" 200 'the browser that changed the password stays logged in'
api GET /account -H "Cookie: $old"
is "$status" 303 'the session before the change of the password has ended'
api GET /users/me -H "Authorization: Bearer $token"
is "$status" 401 'a token from before the change of the password has ended'
form /login username=bea 'password=another horse' keep=yes
keep_cookie
session=$(session_of "$cookie")
form /account/password 'current=another horse' 'new=further horse'
like "$headers" '^Set-Cookie: __Host-latchkey=[^;]*; Max-Age=777(6000|59[0-9][0-9]); ' 'a change of the password leaves a browser kept signed in'
keep_cookie
is "$(session_of "$cookie")" "$session" 'the session of the page that changes the password goes on'
is "$(sql 'SELECT count(*) FROM latchkey_session s JOIN users u ON u.id = s.user_id JOIN latchkey_account a ON a.user_id = u.id
	WHERE username = $$bea$$ AND s.epoch = a.epoch')" 1 'no other session goes on after a change of the password'
log_in bea 'further horse'
take_token
api POST /account/password 'current=further horse&new=another horse' -H "Authorization: Bearer $token" -H "$own"
is "$status $(header Location) $(header Set-Cookie)" '303 /login?did=changed ' 'a token that changes the password at the page gets no cookie'
form /login username=bea 'password=another horse'
keep_cookie
log_in bea 'another horse'
page /account
id=$(echo "$body" | sed -n 's/.*name="id" value="\([0-9a-f]*\)".*/\1/p' | head -n 1)
form /account/sessions "id=$id"
is "$status $(header Location)" '303 /account?did=ended' 'another session is ended'
is "$(sql "SELECT count(*) FROM latchkey_session WHERE id = '$id'")" 0 'the session that was ended is gone'
form /account/sessions id=x
is "$status" 303 'a session that is none is ended as well'
log_in bea 'another horse'
form /account/sessions
is "$status $(header Location)" '303 /account?did=others' 'all other sessions are ended'
page /account
is "$status $(echo "$body" | grep -c 'name="id"')" '200 0' 'no other session is left'
api GET /account/password
is "$status $(header Location)" '303 /account' 'a reload of what a form answered leads to the account'
form /account/delete current=wrong
is "$status" 403 'an account is not deleted by a wrong password'
form /account/delete 'current=another horse'
is "$status $(header Location)" '303 /login?did=deleted' 'an account is deleted by its owner'
log_in bea 'another horse'
is "$status" 401 'a deleted account does not log in'
cookie=x=1
page '/account?x=1&y'
is "$status $(header Location)" '303 /login?next=%2Faccount%3Fx%3D1%26y' 'somebody who is not logged in is asked to, and comes back'

# --- a new password by a link ---

link=$($LK_AS "$LK_BIN" -c "$LK_CONF" user reset ada)
token=${link##*=}
sign_in ada
page "/reset?token=$token"
like "$body" 'autocomplete="new-password"' 'the form of a new password says so to password managers'
is "$status $(header Referrer-Policy)" '200 strict-origin' 'an address with a token is no referrer'
page "/reset?token=$token"
is "$status" 200 'a link is not spent by looking at it'
form /reset "token=$token" password=short
is "$status" 422 'a short new password does not spend the link'
form /reset "token=$token" 'password=third horse here'
is "$status $(header Location)" '303 /login?did=reset' 'a link sets a new password'
form /reset "token=$token" 'password=fourth horse here'
is "$status" 404 'a link works once'
page "/reset?token=$token"
is "$status" 404 'a spent link shows no form'
page /account
is "$status" 303 'the sessions from before a new password have ended'
log_in ada 'third horse here'
is "$status" 200 'the new password logs in'
log_in ada 'correct horse'
is "$status" 401 'the old password does not log in'
link=$($LK_AS "$LK_BIN" -c "$LK_CONF" user reset ada)
$LK_AS "$LK_BIN" -c "$LK_CONF" user logout ada >"$tmp/null"
page "/reset?token=${link##*=}"
is "$status" 404 'a link ends when all tokens of the account end'
for wrong in '' "$token$token" 'a%00b' '%ff'; do
	page "/reset?token=$wrong"
	like "$status" '^4' "no link is found: $wrong"
done
unlike "$(cat "$LK_LOGS"/*)" "$token" 'no log has the token of a link'

# --- errors are pages ---

page /login/
is "$status" 307 'a slash too many is led to the page' || diag "$headers"
page /nope
is "$(header Content-Type)" application/json 'what is no page has an answer in JSON'
api PUT /login x=1
is "$status $(header Allow) $(header Content-Type)" '405 GET, HEAD, POST text/html; charset=utf-8' 'another method gets a page, and Allow'
api POST /login "username=$(head -c 70000 /dev/zero | tr '\0' x)" -H "$own"
is "$status $(header Content-Type)" '413 text/html; charset=utf-8' 'a form that is too large gets a page of nginx'
api POST /login 'username=a%00b&password=x' -H "$own"
is "$status $(header Content-Type)" '422 text/html; charset=utf-8' 'a NUL in a form gets a page'
api POST /login 'username=%ff&password=x' -H "$own"
is "$status" 422 'bytes that are no UTF-8 get a page'
api POST /login 'username=x&password=x' -H 'Origin: https://evil.test' -H 'Accept: application/json'
is "$status $(header Content-Type)" '403 application/json' 'a client that takes no HTML gets JSON'
for _ in 1 2 3 4 5 6 7 8; do
	form /login username=limited 'password=wrong horse'
done
is "$status" 429 'too many wrong passwords get 429'
like "$(header Retry-After)" '^[0-9]+$' 'a limit says in a header when to try again'
like "$body" 'Try again in [0-9]+ (minutes|seconds)' 'a limit says on its page when to try again'

# --- files ---

page /login
style=$(echo "$body" | sed -n 's/.*href="\(\/login\/style.css[^"]*\)".*/\1/p')
api GET "$style"
is "$status $(header Content-Type) $(header Cache-Control)" '200 text/css; charset=utf-8 public, max-age=31536000' 'the style is kept, by an address with its version'
api GET /login/show.js
is "$status $(header Content-Type)" '200 text/javascript; charset=utf-8' 'the script is served'
api GET /login/logo
is "$status $(header Content-Type)" '200 image/svg+xml' 'the logo is served'

# --- own pages, and a closed sign-up ---

mkdir "$LK_DIR/pages"
printf 'language_name = Deutsch\nlogin_title = Anmelden\n' >"$LK_DIR/pages/de.txt"
echo 'body { color: teal; }' >"$LK_DIR/pages/style.css"
chmod -R a+rX "$LK_DIR/pages"
sed -i "s|^pages_dir = .*|pages_dir = \"$LK_DIR/pages\"|; s/^signup = .*/signup = closed/" "$LK_CONF"
like "$($LK_AS "$LK_BIN" -c "$LK_CONF" check 2>&1)" 'are good' 'latchkey check accepts a pages_dir'
kill -HUP "$(cat "$LK_SERVE")"
german() {
	api GET /login -H 'Accept-Language: de-AT'
	echo "$body" | grep -q '<h1>Anmelden</h1>'
}
retry 20 german
ok $? 'a file of pages_dir is a third language'
like "$body" '>Deutsch<' 'the switch has the third language'
unlike "$body" 'href="/signup' 'the log-in page has no way to a sign-up that is closed'
# A worker with the settings before may answer in between, until all have been replaced.
styled() {
	api GET /login/style.css
	[ "$body" = 'body { color: teal; }' ]
}
retry 20 styled
ok $? 'pages_dir has its own style' || diag "$body"
formless() {
	page /signup
	[ "$status" = 403 ]
}
retry 20 formless
ok $? 'a closed sign-up shows no form'
closed() {
	form /signup username=dora 'password=correct horse'
	[ "$status" = 403 ]
}
retry 20 closed
ok $? 'a closed sign-up takes no form'
echo 'login_titel = X' >>"$LK_DIR/pages/de.txt"
like "$($LK_AS "$LK_BIN" -c "$LK_CONF" check 2>&1)" 'de.txt: the pages have no sentence login_titel' 'a sentence that no page has is a mistake, which check names'

# --- nobody answers ---

kill "$(cat "$LK_SERVE")"
away() {
	api GET /login
	[ "$status" = 503 ]
}
retry 20 away
is "$status $(header Content-Type) $(header Retry-After)" '503 text/html; charset=utf-8 5' 'when nobody answers the page is of nginx'
like "$body" 'Not available just now' 'when nobody answers the page says so'
api GET /login -H 'Accept-Language: ko'
like "$body" '지금은 사용할 수 없습니다' 'when nobody answers the page says so in Korean'
api GET /login/style.css
is "$status $(header Content-Type)" '200 text/css' 'when nobody answers the page has its style'

done_testing
