#!/bin/sh
# The gate: an application behind latchkey-gate.conf, in a browser's session. The way
# to the log-in page, the renewal within nginx's question, uploads, websockets,
# streams, pages of others, and parts of Latchkey that do not answer.
# shellcheck source=t/lib.sh
. t/lib.sh
needs cgi-fcgi
stack_up hash_cost=1 nginx_limits=off db_timeout_ms=10000 login_wait_ms=60000
api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
api POST /users/add_user/ '{"username":"eve","password":"correct horse"}'

# cookie_of NAME: a session of NAME's browser, into $cookie.
cookie_of() {
	api POST /session "username=$1&password=correct horse" -H 'Sec-Fetch-Site: same-origin'
	cookie=$(header Set-Cookie | sed -n 's/^__Host-latchkey=\([^;]*\);.*/\1/p')
}
old() {
	python3 -B t/tool/proofs.py "$LK_KEY" "$1" -1
}
cookie_of ada
ada=$cookie
cookie_of eve
eve=$cookie
log_in ada 'correct horse'
take_token

python3 -B t/tool/gate_app.py "$tmp/notes" >"$tmp/port" &
children="$children $!"
retry 10 test -s "$tmp/port"
sed -i "s/^	#	#\(client_max_body_size\|proxy_http_version\|proxy_set_header Upgrade\|proxy_set_header Connection\)/	#	\1/" "$LK_DIR/nginx.site"
sed -i "/^	#location \/app\/ /a\\	#	error_log $LK_LOGS/uploads.log warn;" "$LK_DIR/nginx.site"
guard "$(cat "$tmp/port")"
ok $? 'nginx accepts the guarded example of the sample, with websockets and uploads'

sed -n '/^    location \/app\/public\/ {/,/^    }/p' doc/check-nginx.md | sed "s|127.0.0.1:9000|127.0.0.1:$(cat "$tmp/port")|" >"$tmp/public"
sed -i "/^	location \/app\/ /{
	e cat '$tmp/public'
	}" "$LK_DIR/nginx.site"
nginx_reload
ok $? 'nginx accepts a public part of the application, as the document has it'

LK_ADA=$ada LK_EVE=$eve LK_TOKEN=$token
export LK_PORT LK_KEY LK_ADA LK_EVE LK_TOKEN
PYTHONPATH=t/tool python3 -B t/tool/gate.py >"$tmp/results"
ok $? 'all requests to the guarded application were sent'
while IFS='	' read -r found wanted title; do
	is "$found" "$wanted" "$title"
done <"$tmp/results"
# nginx says so itself of each body that it writes to the disk
like "$(grep -c 'buffered to a temporary file.*"PUT /app/x ' "$LK_LOGS/uploads.log")" '^[1-9]' 'large uploads of a session go by way of the disk'
is "$(grep -c 'temporary file.*/app/nobody' "$LK_LOGS/uploads.log")" 0 'nothing of an upload without a session is written to the disk'

# --- names that do not fit into a cookie ---

# A name of 255 bytes does; one of as many characters, and a byte more, is asked of the
# database each time.
for last in x é; do
	long=$(head -c 254 /dev/zero | tr '\0' x)$last
	sign_up "$long" 'correct horse'
	api POST /session "{\"username\":\"$long\",\"password\":\"correct horse\"}" -H 'Sec-Fetch-Site: same-origin'
	long_cookie=$(header Set-Cookie | sed -n 's/^__Host-latchkey=\([^;]*\);.*/\1/p')
	for n in 1 2; do
		api GET /app/x -H "Cookie: __Host-latchkey=$long_cookie"
		seen=$(printf '%s' "$body" | sed -n 's/.*"x-auth-user", "\([^"]*\)".*/\1/p')
		is "$status ${#seen} ${seen##*x} $(header Set-Cookie | grep -c '^__Host-latchkey=')" "200 $([ $last = x ] && echo '255  0' || echo '260 %C3%A9 1')" \
			"a name of $(printf %s "$long" | wc -c) bytes is known to the application, at request $n"
	done
done

# --- 20 at once ---

sql "create table counted (id uuid);
	create function count_it() returns trigger language plpgsql security definer as 'begin insert into counted values (new.id); return null; end';
	create trigger count_it after update on latchkey_session for each row execute function count_it();
	update latchkey_session set used_at = now() - interval '1 hour'; truncate counted" >/dev/null
old_ada=$(old "$ada")
seq 20 | xargs -P 20 -I '{}' curl -qs --noproxy '*' -o "$tmp/many.{}" -w '%{http_code}\n' -H "Cookie: __Host-latchkey=$old_ada" "$LK_URL/app/{}" >"$tmp/many"
is "$(sort "$tmp/many" | uniq -c | xargs)" '20 200' 'of 20 requests at once with an old cookie each is served'
is "$(sql 'select count(*) from counted')" 1 '20 renewals at once write once'
is "$(sql "select count(*) from latchkey_session where id = '$(python3 -c 'import base64, sys; print(base64.urlsafe_b64decode(sys.argv[1] + "==")[1:17].hex())' "$ada")'")" 1 'the session goes on after 20 renewals at once'

# --- HTTP/2 ---

sed -i "s/^\(	listen .*:$LK_PORT\>.*\);/\1 http2;/" "$LK_DIR/nginx.site"
nginx_reload
h2() {
	api "$@" --http2-prior-knowledge -H 'Cookie: a=b' -H 'X-Auth-User: root'
}
h2 GET /app/x -H "Cookie: __Host-latchkey=$ada"
like "$status $body" '^200 .*"x-auth-user", "ada"' 'over HTTP/2 a fresh cookie opens the application'
like "$body" '"cookie", "a=b"' 'over HTTP/2 the application gets the other cookies alone'
head -c 700000 /dev/urandom >"$tmp/body"
cp "$tmp/body" "$tmp/upload"
h2 PUT /app/x "@$tmp/upload" -H "Cookie: __Host-latchkey=$old_ada" -H "Origin: $LK_URL" -H 'Content-Type: application/octet-stream'
like "$status $body" '^200 .*"x-auth-user", "ada".*"length": 700000' 'over HTTP/2 an upload with an old cookie arrives whole'
like "$(header Set-Cookie)" '^__Host-latchkey=' 'over HTTP/2 the cookie is renewed'
# one in ten streams nginx 1.22 closes without the answer, as its body comes behind that
refused_by_h2() {
	h2 POST /app/x 'a=b' -H "Cookie: __Host-latchkey=$ada" -H 'Origin: http://sub.localhost'
	[ "$status" != 000 ]
}
retry 10 refused_by_h2
is "$status" 403 'over HTTP/2 a form of another host is refused'
h2 GET '/app/x?a=b' -H 'Sec-Fetch-Mode: navigate'
is "$status $(header Location)" '303 /login?next=%2Fapp%2Fx%3Fa%3Db' 'over HTTP/2 a page leads to the log-in page'
sed -i 's/ http2;/;/' "$LK_DIR/nginx.site"

# --- parts that do not answer ---

# asks STATUS COOKIE TITLE: and does the application learn of it?
asks() {
	: >"$tmp/notes"
	api GET /app/x -H "Cookie: __Host-latchkey=$2"
	is "$status" "$1" "$3"
	[ "$1" = 200 ] || is "$(cat "$tmp/notes")" '' "$3, and the application is not reached"
}
cp "$LK_DIR/nginx/latchkey-paths.conf" "$tmp/paths"
sed -i '/error_page 409 /d' "$LK_DIR/nginx/latchkey-paths.conf"
nginx_reload
asks 200 "$ada" 'without the line for 409 a fresh cookie opens the application'
asks 503 "$old_ada" 'without the line for 409 an old cookie gets 503'
cp "$tmp/paths" "$LK_DIR/nginx/latchkey-paths.conf"
sed -i '/fastcgi_param LATCHKEY_METHOD/d' "$LK_DIR/nginx/latchkey-asked.conf"
nginx_reload
asks 403 "$ada" 'a web server that does not name the method opens nothing by a cookie'
like "$(grep 'event=request_broken' "$LK_LOG" | tail -n 1)" 'what=LATCHKEY_METHOD hint=' 'the log says that the method is missing'
cp conf/nginx/latchkey-asked.conf "$LK_DIR/nginx/latchkey-asked.conf"
sed -i "s|/etc/nginx/latchkey/|$LK_DIR/nginx/|; s|/var/log/nginx/latchkey\.|$LK_LOGS/nginx.|" "$LK_DIR/nginx/latchkey-asked.conf"
sed -i "/^upstream latchkey_api/,/^}/s|unix:[^;]*|unix:$LK_DIR/nowhere|" "$LK_DIR/nginx/latchkey-http.conf"
nginx_reload
asks 200 "$ada" 'without an api lane a fresh cookie opens the application'
asks 503 "$old_ada" 'without an api lane an old cookie gets 503'
is "$(header Set-Cookie)" '' 'a 503 takes no cookie away'
asks 401 "${ada}x" 'without an api lane a bad cookie gets 401'

# An api lane that answers nonsense, or nobody's name, to the question for a renewal.
cp "$LK_DIR/nginx/latchkey-asked.conf" "$tmp/asked"
sed -i 's/fastcgi_read_timeout 15s/fastcgi_read_timeout 3s/' "$LK_DIR/nginx/latchkey-asked.conf"
python3 -B t/tool/lane.py "$LK_DIR/nowhere" &
lane_process=$!
children="$children $lane_process"
retry 10 test -S "$LK_DIR/nowhere"
nginx_reload
for fault in $(PYTHONPATH=t/tool python3 -B -c 'import lane; print(*lane.FAULTS)'); do
	: >"$tmp/notes"
	api GET /app/x -H "Cookie: __Host-latchkey=$old_ada; fault=$fault; a=b"
	echo "$fault $status $(printf '%s' "$body" | grep -c x-app)$(header X-App) $(wc -l <"$tmp/notes")"
done >"$tmp/renewals"
[ "$(wc -l <"$tmp/renewals")" -ge 30 ]
ok $? 'thirty faults of a renewal, or more, are tried'
is "$(grep -v ' 503 0 0$' "$tmp/renewals" | xargs)" 'good 200 0yes 1 401 401 0 0 403 403 0 0' 'an api lane that answers nonsense to a renewal, or names nobody, opens nothing'
kill "$lane_process"
rm "$LK_DIR/nowhere"
cp "$tmp/asked" "$LK_DIR/nginx/latchkey-asked.conf"
sed -i "/^upstream latchkey_api/,/^}/s|unix:[^;]*|unix:$LK_SOCKET_API|; /^upstream latchkey_check/,/^}/s|unix:[^;]*|unix:$LK_DIR/nowhere|" "$LK_DIR/nginx/latchkey-http.conf"
nginx_reload
asks 503 "$ada" 'without a check lane a fresh cookie gets 503'
asks 503 "$old_ada" 'without a check lane an old cookie gets 503'

# failed TITLE WANTED [ARGUMENT...]: status, type and Retry-After
failed() {
	title=$1 wanted=$2
	shift 2
	api GET /app/x -H "Cookie: __Host-latchkey=$ada" "$@"
	is "$status $(header Content-Type) $(header Retry-After) $(header Cache-Control)" "503 $wanted 5 no-store" "without a check lane $title"
}
failed 'a browser that goes to a page gets a page' 'text/html; charset=utf-8' -H 'Sec-Fetch-Mode: navigate'
like "$body" 'href="/login/style.css".*<h1>Not available just now</h1>' 'without a check lane the page says so, with the style of the others'
is "$(header Content-Security-Policy)" "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" 'nothing runs in that page'
failed 'a browser that does not tell gets a page by what it takes' 'text/html; charset=utf-8' -H 'Accept: text/html,*/*;q=0.8' -H 'Accept-Language: ko'
like "$body" '<html lang="ko">.*지금은 사용할 수 없습니다' 'without a check lane the page is Korean for those who read that'
failed 'a script gets JSON' application/json -H 'Sec-Fetch-Mode: cors' -H 'Accept: text/html'
failed 'a program gets JSON' application/json
api GET /latchkey-error-page
is "$status $(echo "$body" | grep -c 'class="lead"')" '404 0' 'nobody gets the page of an error by its name'
sed -i "/^upstream latchkey_check/,/^}/s|unix:[^;]*|unix:$LK_SOCKET_CHECK|" "$LK_DIR/nginx/latchkey-http.conf"
nginx_reload

# --- the end of a session ---

api DELETE /session -H "Cookie: __Host-latchkey=$ada" -H 'Sec-Fetch-Site: same-origin'
is "$status" 204 'a browser logs out'
closed() {
	api GET /app/x -H "Cookie: __Host-latchkey=$1"
	[ "$status" = 401 ]
}
retry 2 closed "$ada"
ok $? 'the gate is closed to a fresh cookie of a session that ended'
asks 401 "$old_ada" 'an old cookie of a session that ended is not renewed'
[ "$(sql "select min(extract(epoch from until - now()))::int from latchkey_revoked where reason = 'owner'")" -ge 3600 ]
ok $? 'what ended a session is kept for as long as its proof may last, beyond a token'

# --- the cookie from before a change of the password ---

# A change keeps the session and raises its epoch. When no entry of it is left anywhere, the
# row alone knows that the cookie before has ended.
api POST /users/me/password '{"current":"correct horse","new":"battery staple"}' -H "Cookie: __Host-latchkey=$eve" -H 'Sec-Fetch-Site: same-origin'
is "$status" 200 'a browser changes the password'
old_eve=$(old "$eve")
eve=$(header Set-Cookie | sed -n 's/^__Host-latchkey=\([^;]*\);.*/\1/p')
sql 'delete from latchkey_revoked where user_id is not null' >/dev/null
# As if the log-out above were 31 minutes ago, when each token of that time has expired.
sql "update latchkey_revoked set until = until - interval '31 minutes'" >/dev/null
t/stack workers-stop "$LK_DIR" && t/stack workers-start "$LK_DIR"
opens() {
	api GET /app/x -H "Cookie: __Host-latchkey=$1"
	[ "$status" = 200 ]
}
retry 10 opens "$(old "$eve")"
ok $? 'the cookie from after a change of the password is renewed'
sql "update latchkey_session set used_at = now() - interval '1 hour'" >/dev/null
retry 10 closed "$ada"	# until the keeper has read what had ended
ok $? '31 minutes after a log-out its cookie is refused once workers that started since have read it'
asks 401 "$old_eve" 'the cookie from before a change of the password is not renewed at the gate'
is "$(header Set-Cookie)" '' 'the gate sets no cookie for one from before a change of the password'
SCRIPT_NAME='' REQUEST_METHOD=GET REQUEST_URI=/check/renew LATCHKEY_METHOD=GET HTTP_COOKIE="__Host-latchkey=$old_eve" \
	cgi-fcgi -bind -connect "$LK_SOCKET_API" >"$tmp/renewed" 2>/dev/null
is "$(grep -ciE '^Status: 401' "$tmp/renewed") $(grep -ci '^Set-Cookie' "$tmp/renewed")" '1 0' '/check/renew refuses the cookie from before a change of the password'
for what in 'GET /session' 'DELETE /session' 'GET /users/me' 'GET /account'; do
	api "${what% *}" "${what#* }" -H "Cookie: __Host-latchkey=$old_eve" -H 'Sec-Fetch-Site: same-origin'
	is "$status $(header Set-Cookie)" "$([ "$what" = 'GET /account' ] && echo 303 || echo 401) " \
		"$what refuses the cookie from before a change of the password"
done
sed -i "/^	location \/app\/ /,/^	}/s|proxy_pass http://127.0.0.1:|proxy_pass http://127.0.0.2:|" "$LK_DIR/nginx.site"
nginx_reload
api GET /app/x -H "Cookie: __Host-latchkey=$eve" -H 'Sec-Fetch-Mode: navigate'
is "$status $(header Content-Type) $(header Retry-After)" '503 text/html; charset=utf-8 5' 'an application that is away is a page to a browser that goes to one'
api GET /app/x -H "Cookie: __Host-latchkey=$eve"
is "$status $body" '503 {"detail":"Service Unavailable"}' 'an application that is away is JSON to all else'
sed -i "/^	location \/app\/ /,/^	}/s|proxy_pass http://127.0.0.2:|proxy_pass http://127.0.0.1:|" "$LK_DIR/nginx.site"
nginx_reload
is "$(sql "select count(*) from latchkey_session where used_at > now() - interval '30 minutes'")" 0 'the cookie from before a change of the password keeps no session from idling'
t/stack db-stop "$LK_DIR"
asks 200 "$eve" 'without the database a fresh cookie opens the application'
asks 401 "$ada" 'without the database a session that ended stays ended'
t/stack db-start "$LK_DIR"
is "$(grep -cE 'event=(bug|worker_ended)' "$LK_LOG")" 0 'no request to the gate shows a bug or ends a worker'
done_testing
