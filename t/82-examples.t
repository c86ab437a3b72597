#!/bin/sh
# The applications of examples/ as they stand, behind nginx.conf.sample: each
# checks tokens by itself, and reads nginx's headers where nginx checks them.
# Express is tried where Debian's node-express is installed (make examples).
# shellcheck source=t/lib.sh
. t/lib.sh
fpm=$(find /usr/sbin -name 'php-fpm*' | sort | tail -n 1)
[ -n "$fpm" ] || skip_all 'php-fpm is not there'
python3 -c 'import fastapi, uvicorn, jose, multipart' 2>/dev/null || skip_all 'python3-fastapi, python3-uvicorn, python3-multipart or python3-jose is not there'
stack_up site=whole hash_cost=1
site=$LK_DIR/nginx.site
cp "$LK_KEY" "$tmp/key"
chmod 644 "$tmp/key"

sign_up ada 'correct horse'
log_in ada 'correct horse'
take_token
ada=$token
sign_up '{' 'correct horse' # its name is percent-encoded in a header
log_in '{' 'correct horse'
take_token
other=$token

# --- the applications: one that checks tokens by itself, and one behind the guard ---

# at NAME PORT: of the block for the application, and for the guarded one, the address.
cp "$site" "$tmp/site"
at() {
	sed "/^	#location \/app\//,/^	#}\$/s/^	#/	/
		s|^	location /app/ |	location /guarded/todos/ |
		s|http://127.0.0.1:9001;|http://127.0.0.1:$1;|
		s|http://127.0.0.1:9000\$latchkey_nobody;|http://127.0.0.1:$2\$latchkey_nobody; rewrite ^/guarded(/todos/.*)\$ \$1 break;|" "$tmp/site" >"$site"
	nginx_reload
}
key=$(cat "$LK_KEY")
forge='
import base64, hashlib, hmac, json, os, time
def token(key=os.environ["key"], head={"alg": "HS256", "typ": "JWT"}, **claims):
    b = lambda o: base64.urlsafe_b64encode(o).rstrip(b"=")
    now = int(time.time())
    text = b".".join(b(json.dumps(p).encode()) for p in (head, {"sub": "ada", "uid": 1, "iat": now, "exp": now + 60, **claims}))
    mac = hmac.digest(key.encode(), text, hashlib.sha256) if head["alg"] == "HS256" else b""
    print((text + b"." + b(mac)).decode())
token()
token(key="09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7")
token(exp=1)
token(head={"alg": "none"})
token(uid=None)
'
key=$key python3 -c "$forge" >"$tmp/tokens"

# ask METHOD PATH TOKEN [BODY]
ask() {
	api "$1" "$2" ${4+"$4"} -H "Authorization: Bearer $3"
}
# tries NAME PATH: what each application promises.
tries() {
	name=$1 list=$2
	up() {
		ask GET "$list" "$ada"
		[ "$status" = 200 ]
	}
	retry 20 up
	is "$status $body" '200 []' "$name: an account's list is empty at first"
	api GET "$list" -H 'X-Auth-User-Id: 1' -H 'X-Auth-User: ada'
	is "$status $(header WWW-Authenticate)" '401 Bearer' "$name: nobody gets a list without a token"
	ask POST "$list" "$ada" '{"title":"water the plants"}'
	is "$status" 201 "$name: something is added"
	json_is .title 'water the plants' "$name: what was added is shown"
	ask GET "$list" "$ada"
	is "$body" '[{"id":1,"title":"water the plants"}]' "$name: the list has what was added"
	ask GET "$list" "$other"
	is "$status $body" '200 []' "$name: another account has a list of its own"
	ask DELETE "${list}1" "$other"
	is "$status" 404 "$name: another account cannot take it away"
	ask POST "$list" "$ada" '{"title":""}'
	is "$status" 422 "$name: nothing is no title"
	sed -n 2,5p "$tmp/tokens" >"$tmp/bad"
	for why in 'of the published key' 'that has expired' 'without a signature' 'without uid'; do
		read -r bad
		ask GET "$list" "$bad"
		case "$name $why" in
		*guarded*'without uid') ;; # Latchkey's check decides
		*) is "$status" 401 "$name: a token $why is refused" ;;
		esac
	done <"$tmp/bad"
	ask DELETE "${list}1" "$ada"
	is "$status" 204 "$name: what is done is taken away"
	ask GET "$list" "$ada"
	is "$body" '[]' "$name: what was taken away is gone"
}
both() {
	tries "$1" /todos/
	tries "$1, guarded" /guarded/todos/
	# shellcheck disable=SC2086 # several numbers
	kill $children
	children=
}

# --- FastAPI ---

one=$(free_port) two=$(free_port)
LATCHKEY_KEY="$tmp/key" python3 -B -m uvicorn --app-dir examples/fastapi todos:app --port "$one" --log-level error &
children="$children $!"
BEHIND_NGINX=1 python3 -B -m uvicorn --app-dir examples/fastapi todos:app --port "$two" --log-level error &
children="$children $!"
at "$one" "$two"
both FastAPI

# --- Express ---

modules=${NODE_PATH:-/usr/share/nodejs}
if NODE_PATH="$modules" node -e 'require("express")' 2>/dev/null; then
	LATCHKEY_KEY="$tmp/key" PORT=$one NODE_PATH="$modules" node examples/express/todos.js &
	children="$children $!"
	BEHIND_NGINX=1 PORT=$two NODE_PATH="$modules" node examples/express/todos.js &
	children="$children $!"
	both Express
else
	diag 'Express is not tried: node-express is not there (make examples)'
fi

# --- PHP ---

mkdir "$LK_DIR/data/own" "$LK_DIR/data/guarded"
[ -z "$LK_AS" ] || chown nobody "$LK_DIR/data/own" "$LK_DIR/data/guarded"
printf '%s\n' "env[TODOS] = $LK_DIR/data/own" "env[LATCHKEY_KEY] = $tmp/key" 'pm.max_children = 1' >"$tmp/own.fpm"
printf '%s\n' "env[TODOS] = $LK_DIR/data/guarded" 'pm.max_children = 1' >"$tmp/guarded.fpm"
php_fpm own guarded
cp examples/php/todos.php "$LK_DIR/todos.php"
sed "/^	#location \/app\//,/^	#}\$/s/^	#/	/
	s|^	location /app/ |	location /guarded/todos/ |
	s|proxy_pass http://127.0.0.1:9001;|include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME $LK_DIR/todos.php; fastcgi_pass unix:$LK_DIR/data/own.sock;|
	s|proxy_pass http://127.0.0.1:9000\$latchkey_nobody;|include /etc/nginx/fastcgi_params; fastcgi_param REQUEST_URI /todos/\$latchkey_rest; fastcgi_param SCRIPT_FILENAME $LK_DIR/todos.php; fastcgi_pass unix:$LK_DIR/data/guarded.sock\$latchkey_nobody;|" "$tmp/site" >"$site"
# shellcheck disable=SC2016 # nginx's variables
sed -i '1i map $request_uri $latchkey_rest { "~^/guarded/todos/(?<rest>.*)$" $rest; }' "$site"
nginx_reload
ok $? 'nginx has PHP in the place of both' || diag "$(cat "$tmp/fpm.out")"
both PHP

done_testing
