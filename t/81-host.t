#!/bin/sh
# One host with a front end, an application and Latchkey, as nginx.conf.sample
# has it. Once what binds Latchkey bound all of it: pages were white by its
# policy, uploads ended at 64k, and errors became Latchkey's. (t/82-examples.t
# has the applications; t/browser/host.mjs runs by itself, too, against any such
# host: node t/browser/host.mjs URL FOLDER leaves pictures.)
# shellcheck source=t/lib.sh
. t/lib.sh
needs node "${LK_BROWSER:-chromium}" t/browser/node_modules

stack_up site=whole hash_cost=1
port=$(free_port)
site=$LK_DIR/nginx.site
sed -i "s|http://127.0.0.1:9001;|http://127.0.0.1:$port;|; s|Host \$host;	# CHANGE: |Host \$host:\$server_port; # |" "$site"
mkdir "$LK_DIR/www"
cp examples/front-end/* "$LK_DIR/www"
nginx_reload
ok $? 'nginx has a front end and an application'
key=$(cat "$LK_KEY") python3 -B t/tool/todos.py "$port" &
children="$children $!"
answers() {
	api GET /todos/
	[ "$status" = 401 ]
}
retry 10 answers
ok $? 'the application answers beside Latchkey'

# None of the headers by which Latchkey's own answers are bound.
strict="default-src 'none'"
free() {
	unlike "$headers" "$strict|^Cache-Control: no-store|^Cross-Origin-(Opener|Resource)-Policy" "$1 has none of Latchkey's headers"
}

# --- the front end ---

for path in / /index.html /todo.js /page.js /todo.css /a/page/of/its/own /users/5 /users/ /metrics /readyz /nope; do
	api GET "$path"
	is "$status" 200 "$path is the front end's"
	free "$path"
done
cmp -s "$tmp/body" examples/front-end/index.html
ok $? 'a path of its own, too, shows the page of the front end'
for path in /../latchkey.conf /..%2flatchkey.conf /%2e%2e/data/key /.%00; do
	api GET "$path"
	unlike "$status $body" 'key_file|^000' "$path leads out of no folder"
done
api POST / x=1
is "$status $(header Content-Type)" '405 text/html' "a POST to a page gets nginx's own answer"

# --- the application ---

api GET /todos/
is "$status $(header WWW-Authenticate) $(header Content-Type)" '401 Bearer application/json' 'without a token the application refuses by itself'
free '/todos/'
sign_up ada 'correct horse'
log_in ada 'correct horse'
take_token
bearer="Authorization: Bearer $token"
api POST /todos/ '{"title":"water the plants"}' -H "$bearer"
is "$status" 201 "the application takes Latchkey's token"
api GET /todos/ -H "$bearer"
json_is '[0].title' 'water the plants' 'the application knows whose list it is'
sign_up eve 'correct horse'
log_in eve 'correct horse'
take_token
api GET /todos/ -H "Authorization: Bearer $token"
is "$body" '[]' "another account has a list of its own"
head -c 200000 /dev/zero | tr '\0' x >"$tmp/upload"
api POST /todos/upload "@$tmp/upload" -H "$bearer" -H 'Content-Type: text/plain'
is "$status $body" '200 {"bytes": 200000}' 'an upload of 200 kB reaches the application'
head -c 10485761 /dev/zero >"$tmp/upload"
api POST /todos/upload "@$tmp/upload" -H "$bearer" -H 'Content-Type: text/plain'
is "$status $(header Content-Type)" '413 text/html' "one beyond the application's limit is refused, by nginx's own page"
api GET /todos/page
is "$status $(header Content-Security-Policy)" "200 script-src 'unsafe-inline'" "a page of the application has the application's own policy"
for status_wanted in 404 418 500; do
	api GET /todos/status/$status_wanted
	is "$status $body" "$status_wanted {\"application\": $status_wanted}" "a $status_wanted of the application passes unchanged"
	free "a $status_wanted of the application"
done
api GET /todos/headers -H 'X_Auth_User: eve' -H 'Proxy: x' -H "$bearer" -H 'Cookie: a=b; __Host-latchkey=x; __Host-latchkey-device=y; c=d'
json_is .Cookie 'a=b; c=d' "the application gets none of Latchkey's cookies"
json_is .Authorization "Bearer ${bearer##* }" 'the application gets the token'
json_is .Host "127.0.0.1:$LK_PORT" "the application learns the name of the host"
unlike "$body" 'eve|Proxy' 'headers with _ and Proxy do not arrive'

# --- Latchkey ---

while read -r method path wanted; do
	api "$method" "$path"
	is "$status" "$wanted" "$method $path is Latchkey's: $wanted"
	like "$(header Content-Security-Policy)" "$strict" "$method $path has Latchkey's policy"
done <<'E'
GET /users/me 401
GET /token 405
GET /check 401
GET /docs 200
GET /openapi.json 200
GET /users/me/ 307
GET /token/ 307
GET /docs/assets/docs.js 200
GET /docs/assets/none.js 404
GET /latchkey-check 404
GET /latchkey-error 404
E
head -c 65537 /dev/zero | tr '\0' x >"$tmp/upload"
api POST /token "@$tmp/upload"
is "$status $(header Content-Type)" '413 application/json' 'a login has the limit of 64 KiB still'

# --- all of it below a path ---

# A rewrite to whatever stands behind /auth/ once let clients into locations of other
# applications that are "internal", and showed the front end's pages there.
cp "$site" "$tmp/site"
mkdir "$LK_DIR/www/kept"
echo secret >"$LK_DIR/www/kept/file"
sed -i "
	s|^	#\\(~^/auth/	/auth;\\)|	\\1|
	/^	#location \\/auth\\/ {/,/^	#}\$/s/^	#/	/
	s|^	location / {|	location /kept/ { internal; root $LK_DIR/www; }\\n&|
" "$site"
nginx_reload
ok $? 'nginx has Latchkey below /auth/, too, and an internal location of another application'
while read -r path wanted; do
	api GET "$path"
	is "$status $body" "$wanted" "$path: $wanted"
done <<'E'
/auth/ 200 {"message":"Hello, FastAPI!"}
/auth/users/me 401 {"detail":"Could not validate credentials"}
/auth/kept/file 404 {"detail":"Not Found"}
/auth/todo.js 404 {"detail":"Not Found"}
/auth/todos/ 404 {"detail":"Not Found"}
/auth/metrics 404 {"detail":"Not Found"}
E
api GET /kept/file
is "$status" 404 'a location that is internal is closed'
cp "$tmp/site" "$site"
nginx_reload

# --- in a browser ---

pass_on node t/browser/host.mjs "$LK_URL" ${LK_PICTURES:+"$LK_PICTURES"}

# --- what is at fault ---

# shellcheck disable=SC2086 # several numbers
kill $children
children=
down() {
	api GET /todos/
	[ "$status" = 502 ]
}
retry 5 down
is "$status $(header Content-Type)" '502 text/html' "without the application its paths get nginx's own 502"
api GET /users/me
is "$status" 401 'without the application Latchkey answers'
t/stack workers-stop "$LK_DIR"
api GET /users/me
is "$status $body" '503 {"detail":"Service Unavailable"}' "without Latchkey its paths get a 503"
api GET /
is "$status" 200 'without Latchkey the front end answers'

done_testing
