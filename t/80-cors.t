#!/bin/sh
# Pages of other origins that sign in (CORS): a browser's preflight was a 405,
# and no answer had a header by which such a page might read it.
# shellcheck source=t/lib.sh
. t/lib.sh
page=https://app.example.org
ports="$(free_port) $(free_port) $(free_port)"
app=${ports%% *} other=${ports##* } front=${ports#* }
front=${front% *}
stack_up hash_cost=1 cors_origins="$page http://localhost:$front"

# Settings of nginx: the origins, and a guarded application that they may use.
site=$LK_DIR/nginx.site
sed -i "s|^	#\"https://app.example.org\"	.*|	\"$page\"	\$http_origin;\n	\"http://localhost:$front\"	\$http_origin;|" "$site"
printf 'server {\n\tlisten 127.0.0.1:%s;\n\taccess_log off;\n\tlocation / {\n\t\treturn 200 "$request_method $http_x_auth_user";\n\t}\n}\n' "$app" >>"$site"
guard "$app"
sed -i '/^	location \/app\//,/^	}/s/^	\(	*\)#\(	*\)\(if (\|}\|return\|add_header\)/	\1\2\3/' "$site"
nginx_reload
ok $? 'nginx knows the origins, and guards an application for them' || diag "$(tail -n 3 "$LK_LOGS/nginx.log")"
is "$(awk '/^	location \/app\//, /^	}/' "$site" | grep -c 'Access-Control\|latchkey_preflight')" 5 'the block for other origins is turned on'

sign_up ada 'correct horse'
log_in ada 'correct horse'
take_token

# cors: the headers of CORS, and Vary, in one line.
cors() {
	printf '%s\n' "$headers" | grep -iE '^(access-control-|vary:)' | sort | tr '\n' ';'
}
readable="Access-Control-Allow-Origin: $page;Access-Control-Expose-Headers: Retry-After, WWW-Authenticate;Vary: Origin;"

# --- preflights ---

preflight() {
	api OPTIONS "$1" -H "Origin: $2" -H 'Access-Control-Request-Method: POST' \
		-H 'Access-Control-Request-Headers: authorization,content-type' -H 'Sec-Fetch-Site: cross-site'
}
while read -r path methods; do
	preflight "$path" "$page"
	is "$status $body" '204 ' "$path: a preflight is answered by 204"
	is "$(cors)" "Access-Control-Allow-Headers: Authorization, Content-Type;Access-Control-Allow-Methods: $methods;Access-Control-Allow-Origin: $page;Access-Control-Expose-Headers: Retry-After, WWW-Authenticate;Access-Control-Max-Age: 7200;Vary: Origin;" \
		"$path: a preflight says what may be sent, and for whom"
	preflight "$path" https://evil.example
	is "$status $(header Allow) $(cors)" "405 $methods " "$path: the preflight of another origin gets the recorded 405"
done <<'E2'
/ GET
/token POST
/users/add_user/ POST
/users/me GET, PATCH
/users/me/password POST
/check GET
/openapi.json GET, HEAD
E2
preflight /users/add_user "$page"
is "$status $(header Access-Control-Allow-Methods) $(header Location)" '204 POST ' 'a preflight without the slash at the end is not redirected'
preflight /users/add_user https://evil.example
is "$status $(cors)" '307 ' 'the preflight of another origin without the slash is redirected as recorded'
preflight /nope "$page"
is "$status $(cors)" "404 $readable" 'a preflight of an unknown path is a 404'
api OPTIONS /token
is "$status $(header Allow)" '405 POST' 'OPTIONS without an origin gets the recorded 405'
api PUT /token -H "Origin: $page"
is "$status $(header Allow) $(cors)" "405 POST $readable" 'another method of a listed origin is a 405'

# --- answers ---

# answers STATUS TITLE METHOD PATH ARGUMENT...: with CORS to a listed origin, to another as without one.
answers() {
	wanted=$1 title=$2
	shift 2
	api "$@" -H "Origin: $page"
	is "$status $(cors)" "$wanted $readable" "$title: readable for a listed origin"
	[ "$wanted" != 429 ] || return
	api "$@"
	plain="$status $(printf '%s\n' "$headers" | cut -d : -f 1)"
	api "$@" -H 'Origin: https://evil.example'
	is "$status $(printf '%s\n' "$headers" | cut -d : -f 1)" "$plain" "$title: as recorded for another origin"
	is "$(cors)" '' "$title: not readable for another origin"
}
answers 200 'the greeting' GET /
answers 401 'a request without a token' GET /users/me
answers 401 'a check without a token' GET /check
answers 200 'a check' GET /check -H "Authorization: Bearer $token"
answers 401 'a wrong password' POST /token 'username=ada&password=wrong'
answers 422 'a form with faults' POST /token 'username=ada'
answers 400 'a taken name' POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
answers 404 'an unknown path' GET /nope
answers 307 'the redirect of a slash' GET /users/me/
head -c 70000 /dev/zero | tr '\0' x >"$tmp/long"
for path in /token /users/add_user/; do
	api POST "$path" "@$tmp/long" -H 'Content-Type: application/json' -H "Origin: $page"
	is "$status $(header Access-Control-Allow-Origin) $(header Access-Control-Expose-Headers)" "413 $page Retry-After, WWW-Authenticate" \
		"$path: nginx's own error is readable for a listed origin"
	api POST "$path" "@$tmp/long" -H 'Content-Type: application/json' -H 'Origin: https://evil.example'
	is "$status $(cors)" '413 ' "$path: nginx's own error is not readable for another origin"
done
for origin in null "$page." "$page/" "$page:443" "$page.evil.example" HTTPS://APP.EXAMPLE.ORG http://app.example.org "$page https://evil.example" ' '; do
	api GET / -H "Origin: $origin"
	is "$status $(cors)" '200 ' "the origin '$origin' is not listed"
	[ "$origin" != HTTPS://APP.EXAMPLE.ORG ] || continue # nginx's maps have no case, but browsers do
	preflight /app/x "$origin"
	is "$status $(header Access-Control-Allow-Origin)" '401 ' "nginx does not list the origin '$origin'"
done
api POST /token 'username=ada&password=correct horse' -H "Origin: $page" -H 'Sec-Fetch-Site: cross-site'
is "$status $(header Set-Cookie) $(header Access-Control-Allow-Credentials)" '200  ' 'a login of a listed origin sets no cookie and allows none'

# --- the guarded application ---

preflight /app/x "$page"
is "$status $(header Access-Control-Allow-Origin) $(header Access-Control-Allow-Methods) $(header Vary)" \
	"204 $page GET, POST, PUT, PATCH, DELETE Origin" 'a preflight passes the guard'
api PUT /app/x -H "Origin: $page" -H "Authorization: Bearer $token"
is "$status $body $(header Access-Control-Allow-Origin)" "200 PUT ada $page" 'the guarded application is readable for a listed origin'
api PUT /app/x -H "Origin: $page"
is "$status $(header Access-Control-Allow-Origin) $(header WWW-Authenticate)" "401 $page Bearer" "the guard's refusal is readable for a listed origin"
preflight /app/x https://evil.example
is "$status $(header Access-Control-Allow-Origin)" '401 ' 'the preflight of another origin does not pass the guard'
api PUT /app/x -H 'Origin: https://evil.example' -H "Authorization: Bearer $token"
is "$status $(header Access-Control-Allow-Origin)" '200 ' 'the guarded application is not readable for another origin'

# --- limits, the browser, outages ---

# A page of another site cannot spend what a listed one has of nginx's limit.
login_rate 1r/m
for _ in $(seq 40); do
	api POST /token 'username=ada' -H 'Origin: https://evil.example' -H 'Sec-Fetch-Site: cross-site'
	[ "$status" != 429 ] || break
done
is "$status $(cors)" '429 ' 'a page of another origin is limited'
api POST /token 'username=ada' -H "Origin: $page" -H 'Sec-Fetch-Site: cross-site'
is "$status" 422 'a page of another origin does not spend the limit of a listed one'

if [ -d t/browser/node_modules ] && command -v "${LK_BROWSER:-chromium}" >/dev/null; then
	pass_on node t/browser/cors.mjs "$LK_URL" "$front" "$other"
	is "$(sql "select count(*) from users where username = 'eve'")" 0 'no page of another origin has made an account'
else
	skip 'two origins in a browser' 'it or t/browser/node_modules is not there; make browser fetches them'
fi

login_rate 10r/s

for _ in $(seq 16); do
	echo '127.0.0.1 ada wrong'
done >"$tmp/lines"
logins "$LK_SOCKET_LOGIN"
answers 429 'a name beyond its limit' POST /token 'username=ada&password=wrong'
t/stack db-stop "$LK_DIR"
got_503() {
	api GET /users/me -H "Authorization: Bearer $token" -H "Origin: $page"
	[ "$status" = 503 ]
}
retry 10 got_503
is "$status $(header Retry-After) $(cors)" "503 2 $readable" 'a failure of the database is readable for a listed origin'

done_testing
