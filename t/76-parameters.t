#!/bin/sh
# Parameters that a web server sends twice, or not at all. People write
# "include fastcgi_params;" and then one parameter again: the first counted, and
# every answer was a 404 that nothing explained.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up workers=1 hash_cost=1 nginx_limits=off
api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
api POST /token 'username=ada&password=correct horse'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

# fcgi NAME=VALUE...: these parameters to the api lane, in this order; its status and body.
fcgi() {
	PYTHONPATH=t/tool python3 -c '
import sys
from peer import fcgi
print(*fcgi(sys.argv[1], [tuple(p.encode().split(b"=", 1)) for p in sys.argv[2:]])[::2])' "$LK_SOCKET_API" "$@"
}

# --- past nginx: which counts ---

like "$(fcgi REQUEST_METHOD=GET REQUEST_URI=/nope REQUEST_URI=/)" '^200 ' 'of two REQUEST_URI the last counts'
like "$(fcgi REQUEST_METHOD=GET REQUEST_URI=/ REQUEST_URI=/nope)" '^404 ' 'of two REQUEST_URI the first does not count'
like "$(fcgi REQUEST_METHOD=POST REQUEST_METHOD=GET REQUEST_URI=/)" '^200 ' 'of two REQUEST_METHOD the last counts'
like "$(fcgi REQUEST_METHOD=GET REQUEST_URI=/users/me "HTTP_AUTHORIZATION=Bearer $token" HTTP_AUTHORIZATION=Bearer\ x)" '^200 ' \
	'of two HTTP_AUTHORIZATION the first counts'
like "$(fcgi REQUEST_METHOD=GET REQUEST_URI=/users/me HTTP_AUTHORIZATION=Bearer\ x "HTTP_AUTHORIZATION=Bearer $token")" '^401 ' \
	'of two HTTP_AUTHORIZATION the second does not count, though it is valid'
fcgi REQUEST_METHOD=GET REQUEST_URI=/ REMOTE_ADDR=127.0.0.1 REMOTE_ADDR=127.0.0.1 >"$tmp/out"
is "$(sed -n 's/.*event=parameter_twice.* name=\([A-Z_]*\).*/\1/p' "$LK_LOG")" 'REQUEST_URI
REQUEST_METHOD
HTTP_AUTHORIZATION' 'each parameter that comes twice with different values is logged once by a worker'
is "$(grep -c 'level=warning .*event=parameter_twice' "$LK_LOG")" 3 'a parameter that comes twice is a warning'

# --- past nginx: what is missing ---

is "$(fcgi REQUEST_METHOD=GET DOCUMENT_URI=/ SCRIPT_NAME=/)" '400 b'\''{"detail":"The web server sent no REQUEST_URI"}'\' \
	'a request without REQUEST_URI is refused, and told why'
# shellcheck disable=SC2016 # nginx's variable
like "$(grep 'event=request_broken what=REQUEST_URI' "$LK_LOG")" 'hint="fastcgi_param REQUEST_URI \$request_uri"' \
	'the log says what nginx lacks when there is no REQUEST_URI'

# --- nginx, as people write it ---

port=$(free_port)
cat >"$LK_DIR/fastcgi_params" <<'E'
fastcgi_param  QUERY_STRING       $query_string;
fastcgi_param  REQUEST_METHOD     $request_method;
fastcgi_param  CONTENT_TYPE       $content_type;
fastcgi_param  CONTENT_LENGTH     $content_length;
fastcgi_param  SCRIPT_NAME        $fastcgi_script_name;
fastcgi_param  REQUEST_URI        $request_uri;
fastcgi_param  DOCUMENT_URI       $document_uri;
fastcgi_param  REMOTE_ADDR        $remote_addr;
fastcgi_param  QUERY_STRING       $query_string;
fastcgi_param  REQUEST_METHOD     $request_method;
fastcgi_param  CONTENT_TYPE       $content_type;
fastcgi_param  CONTENT_LENGTH     $content_length;
fastcgi_param  SCRIPT_NAME        $fastcgi_script_name;
fastcgi_param  REQUEST_URI        $request_uri;
fastcgi_param  DOCUMENT_URI       $document_uri;
fastcgi_param  REMOTE_ADDR        $remote_addr;
E
cat >>"$LK_DIR/nginx.site" <<E
server {
	listen 127.0.0.1:$port;
	access_log off;
	location /after { include $LK_DIR/fastcgi_params; fastcgi_param REQUEST_URI /users/me; fastcgi_param HTTP_AUTHORIZATION \$http_authorization; fastcgi_pass latchkey_api; }
	location /before { fastcgi_param REQUEST_URI /users/me; include $LK_DIR/fastcgi_params; fastcgi_pass latchkey_api; }
	location /without { fastcgi_param REQUEST_METHOD \$request_method; fastcgi_param DOCUMENT_URI \$document_uri; fastcgi_pass latchkey_api; }
	location /check { include $LK_DIR/fastcgi_params; fastcgi_param REQUEST_URI /check; fastcgi_param CONTENT_LENGTH "";
		fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }
}
E
nginx_reload
reached() {
	[ "$(curl -qs --noproxy '*' -o "$tmp/body" -w '%{http_code}' "http://127.0.0.1:$port/without")" = 400 ]
}
retry 10 reached
ok $? 'nginx has another server, as people write one'
like "$(cat "$tmp/body")" 'no REQUEST_URI' 'a server with DOCUMENT_URI alone gets a 400 that says what it lacks'
of() {
	curl -qs --noproxy '*' -o "$tmp/body" -w '%{http_code}' "http://127.0.0.1:$port$1" -H "Authorization: Bearer $token" -d x -X "${2-GET}"
}
is "$(of /after)" 200 'a parameter that is set again after include fastcgi_params counts'
is "$(of /before)" 404 'a parameter that is set before include fastcgi_params does not count'
is "$(of /check POST)" 405 'a check has the method of its request where REQUEST_METHOD is not set again'

done_testing
