#!/bin/sh
# nginx.conf.sample and conf/nginx, with Latchkey alone: what nginx refuses and serves by itself, the headers of
# every answer, and that it leaves the program's answers unchanged.
# shellcheck source=t/lib.sh
. t/lib.sh

strict="default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
page="default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

# Each header once: twice would be two lines here.
protects() {
	is "$(header X-Content-Type-Options), $(header X-Frame-Options), $(header Referrer-Policy), $(header Cross-Origin-Resource-Policy)" \
		'nosniff, DENY, no-referrer, same-origin' "$2: the security headers are sent once"
	is "$(header Cross-Origin-Opener-Policy)" "${3-same-origin}" "$2: Cross-Origin-Opener-Policy is '${3-same-origin}'"
	is "$(header Strict-Transport-Security)" '' "$2: Strict-Transport-Security is not sent without TLS"
	is "$(header Content-Security-Policy)" "$1" "$2: Content-Security-Policy is that of the page"
}

# nginx_says STATUS DETAIL WHAT: an error of nginx's own, in the service's form.
nginx_says() {
	is "$status ${body%%[,\}]*}" "$1 {\"detail\":\"$2\"" "$3: $1 with a detail"
	is "$(header Content-Type), $(header Cache-Control)" 'application/json, no-store' \
		"$3: the answer is JSON, not to be cached"
	protects "$strict" "$3"
}

# A login of so many bytes.
form() {
	printf 'username=ada&password=' >"$tmp/form$1"
	head -c $(($1 - 22)) /dev/zero | tr '\0' x >>"$tmp/form$1"
}

# --- time-outs: these go on meanwhile ---

stack_up greeting='through nginx'

# closed_after TEXT: how many seconds a client that says only this is waited for.
closed_after() {
	python3 -c '
import socket, sys, time
start = time.time()
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30)
s.sendall(sys.argv[2].encode())
try:
    while s.recv(65536):
        pass
except ConnectionResetError:  # what is closed for being slow takes no more place
    pass
print(round(time.time() - start))
' "$LK_PORT" "$1"
}

crlf=$(printf '\r\n.')
crlf=${crlf%.}
closed_after "GET / HTTP/1.1${crlf}Host: localhost" >"$tmp/head" &
slow_head=$!
closed_after "POST /token HTTP/1.1${crlf}Host: localhost${crlf}Content-Length: 9${crlf}${crlf}user" >"$tmp/body.slow" &
slow_body=$!
children="$slow_head $slow_body"

# --- kept connections: how long they last is what a worker that ends waits for ---

is "$(awk '
	/^upstream/ { name = $2 }
	/^\tkeepalive [0-9]+;/ { kept[name] }
	/^\tkeepalive_time [1-5]s;/ { time[name] }
	/^\tkeepalive_timeout 1s;/ { timeout[name] }
	END { for (name in kept) print name, name in time, name in timeout }' conf/nginx/latchkey-http.conf | sort)" 'latchkey_api 1 1
latchkey_check 1 1' 'each kept connection to Latchkey is closed within seconds'
like "$(build/latchkey settings)" '^drain_ms	number	1500	' 'a worker closes quiet connections later than nginx does'

# --- the program's answers pass as they are ---

api GET /
is "$status $body" '200 {"message":"through nginx"}' 'the program answers through nginx'
is "$(header Server)" nginx 'the version of nginx is not told'
protects "$strict" 'an answer of the program'

api GET /nope
is "$status $body" '404 {"detail":"Not Found"}' 'the program, not nginx, refuses an unknown path'
protects "$strict" "a refusal of the program's"

api GET /token
is "$status $(header Allow)" '405 POST' 'the program, not nginx, refuses a wrong method, with Allow'
for method in TRACE CONNECT BREW; do
	api "$method" /token
	is "$status $(header Allow) $body" \
		'405 POST {"detail":"Method Not Allowed","error":"invalid_request","error_description":"Method Not Allowed"}' \
		"the method $method of a path without it gets 405"
	api "$method" /nope
	is "$status $body" '404 {"detail":"Not Found"}' "the method $method of an unknown path gets 404"
	protects "$strict" "the answer to $method"
done

api GET /users/me
is "$status $(header WWW-Authenticate)" '401 Bearer' 'a 401 keeps its challenge'

api POST '/token/?x=%0d%0aa' ''
is "$status $(header Location)" '307 /token?x=%0d%0aa' 'a redirect stays relative, byte for byte'

api POST /users%2Fadd_user/ '{"username":"ada","password":"correct horse"}'
is "$status" 200 'the program sees %2F as the client wrote it'
api GET //docs
is "$status" 404 'the program sees two slashes as the client wrote them'
api GET /x/../docs
is "$status" 404 'the program sees dots as the client wrote them'

api POST /token 'username=ada&password=correct horse' -H 'Transfer-Encoding: chunked'
is "$status" 200 'a chunked body arrives'
api POST /token 'username=ada&password=correct horse' -H 'Expect: 100-continue'
is "$status" 200 'a body that waits for 100 Continue arrives'
like "$headers" '^HTTP/1.1 100 ' 'nginx sends 100 Continue'
api POST /token 'username=ada&password=correct horse' \
	-H 'Content-Type: application/x-www-form-urlencoded' -H 'Content-Type: application/json'
is "$status" 200 'of two content types the first counts'

# --- pages and their scripts ---

while IFS=: read -r path opener; do
	api GET "$path"
	is "$status" 200 "$path is served"
	protects "$page" "$path" "$opener"
done <<'E'
/docs:same-origin-allow-popups
/redoc:same-origin
/docs/oauth2-redirect:
E
for path in / /openapi.json /docs/ /docs/x /redoc/; do
	api GET $path
	protects "$strict" "$path"
done

count=0
for file in "$LK_DIR"/docs/*; do
	[ "${file%.gz}" = "$file" ] || continue # sent in the place of the others
	count=$((count + 1))
	path=/docs/assets/${file##*/}
	case $path in
	*.js) type='text/javascript; charset=utf-8' ;;
	*.css) type='text/css; charset=utf-8' ;;
	*) type='text/plain; charset=utf-8' ;;
	esac
	api GET "$path"
	is "$status $(header Content-Type)" "200 $type" "$path is served with its type"
	cmp -s "$tmp/body" "$file"
	ok $? "$path is the file, whole"
	protects "$strict" "$path"
	api GET "$path" -H "If-None-Match: $(header ETag)"
	is "$status" 304 "$path is not sent again to a client that has it"
	protects "$strict" "$path, not sent"
done
isnt $count 0 'there are scripts to serve'

script=/docs/assets/$(basename "$(find "$LK_DIR/docs" -name '*.js' | head -n 1)")
api GET "$script" -H 'Accept-Encoding: gzip'
is "$(header Content-Encoding) $(header Vary)" 'gzip Accept-Encoding' 'scripts are compressed'
cmp -s "$tmp/body" "$LK_DIR/docs/${script##*/}.gz"
ok $? 'a script is compressed when it is built, and not by nginx'
api HEAD "$script"
is "$status" 200 'HEAD of a script is answered'
api POST "$script" x=1
nginx_says 405 'Method Not Allowed' 'POST to a script'
is "$(header Allow)" 'GET, HEAD' 'the 405 of a script has Allow'
api GET "$script" -H 'If-Match: "other"'
nginx_says 412 'Precondition Failed' 'a script under a condition that fails'
api GET /docs/assets/none.js
nginx_says 404 'Not Found' 'a script that is not there'
for path in /docs/assets /docs/assets/ /docs/assets/../latchkey.conf /docs/assets/..%2flatchkey.conf \
	/docs/assets/%2e%2e/data/key /docs/assets/docs.html; do
	api GET "$path"
	is "$status $body" '404 {"detail":"Not Found"}' "$path leads nowhere"
done

# --- what nginx refuses ---

form 65536
form 65537
api POST /token "@$tmp/form65536"
is "$status" 401 'a body of 64 KiB reaches the program'
api POST /token "@$tmp/form65536" -H 'Transfer-Encoding: chunked'
is "$status" 401 'a body of 64 KiB in chunks reaches the program'
api POST /token "@$tmp/form65537"
nginx_says 413 'Request Entity Too Large' 'a body of a byte more than 64 KiB'
api POST /token "@$tmp/form65537" -H 'Transfer-Encoding: chunked'
nginx_says 413 'Request Entity Too Large' 'a body of a byte more than 64 KiB in chunks'
api POST /token "@$tmp/form65537" -H 'Expect: 100-continue'
nginx_says 413 'Request Entity Too Large' 'a body of a byte more than 64 KiB, announced'

long=$(head -c 9000 /dev/zero | tr '\0' x)
api GET "/$long"
nginx_says 414 'Request-URI Too Long' 'an address over 8 KiB'
api GET / -H "X: $long"
nginx_says 400 'Bad Request' 'a header over 8 KiB'
api GET /%00
nginx_says 400 'Bad Request' 'a NUL in the path'
api POST /token 'a=b' -H 'Transfer-Encoding: gzip'
nginx_says 501 'Not Implemented' 'an unknown transfer coding'
printf 'garbage\r\n\r\n' >"$tmp/request"
raw <"$tmp/request"
nginx_says 400 'Bad Request' 'a request that is not HTTP'
printf 'GET / HTTP/1.1\r\n\r\n' >"$tmp/request"
raw <"$tmp/request"
nginx_says 400 'Bad Request' 'a request without Host'
printf 'GET / HTTP/3.0\r\nHost: localhost\r\n\r\n' >"$tmp/request"
raw <"$tmp/request"
nginx_says 505 'HTTP Version Not Supported' 'an unknown version of HTTP'
for path in /latchkey-error /latchkey-check; do
	api GET $path
	nginx_says 404 'Not Found' "$path, nginx's own, asked for by its name"
done

# --- health and figures, at a port of their own ---

for path in /healthz /readyz /metrics; do
	ops GET $path
	is "$status" 200 "$path answers at its own port"
	protects "$strict" "$path"
	api GET "$path"
	nginx_says 404 'Not Found' "$path at the port for clients"
done
ops GET /
nginx_says 404 'Not Found' 'another path at the port for health'
ops POST /metrics "@$tmp/form65537"
nginx_says 413 'Request Entity Too Large' 'a body at the port for health'
is "$(awk '/^[ \t]*listen / { sub(";", ""); print $2 }' nginx.conf.sample | sort -u | xargs)" '127.0.0.1:8000 127.0.0.1:8001' \
	'nginx.conf.sample listens on this machine alone'

# --- the names of the server ---

for name in localhost 127.0.0.1 '[::1]' LocalHost localhost.; do
	api GET / -H "Host: $name"
	is "$status" 200 "the host $name is answered"
	ops GET /healthz -H "Host: $name:1234"
	is "$status" 200 "the host $name:1234 is answered at the port for health"
done
printf 'GET /healthz HTTP/1.0\r\n\r\n' >"$tmp/request"
port=$LK_PORT LK_PORT=$LK_OPS_PORT
raw <"$tmp/request"
LK_PORT=$port
is "$status" 200 'a request over HTTP/1.0 that names no host is answered'
for name in evil.example localhost.evil.example 127.0.0.1.evil.example 127.0.0.2 '[::2]' 0 x; do
	for path in / /token /docs/assets/docs.js /docs/assets/none.js /latchkey-error /nope; do
		api GET "$path" -H "Host: $name"
		is "$status $headers" '000 ' "$path of $name gets no answer"
	done
	api TRACE / -H "Host: $name"
	is "$status $headers" '000 ' "TRACE of $name gets no answer"
	ops GET /metrics -H "Host: $name"
	is "$status $headers" '000 ' "/metrics of $name gets no answer"
done
if grep -qs '^0\{31\}1 ' /proc/net/if_inet6; then
	is "$(curl -qsg --noproxy '*' "http://[::1]:$LK_PORT/")" '{"message":"through nginx"}' 'the service answers on ::1, too'
	is "$(curl -qsg --noproxy '*' "http://[::1]:$LK_OPS_PORT/healthz")" '{"status":"ok"}' 'the port for health answers on ::1, too'
fi


# --- without workers ---

t/stack workers-stop "$LK_DIR"
for path in / /docs /nope; do
	api GET $path
	is "$status $body" '503 {"detail":"Service Unavailable"}' "$path without workers: 503 with a detail"
	is "$(header Retry-After), $(header Cache-Control)" '5, no-store' \
		"$path without workers: Retry-After is sent"
	isnt "$(header Content-Security-Policy)" '' "$path without workers: a policy is sent"
done
api POST '/token?canary-query' 'username=ada&password=canary-body' -H 'Authorization: Bearer canary-header'
is "$status" 503 'a login without workers is a 503'
api GET "$script"
is "$status" 200 'scripts are served without workers'
ops GET /healthz
nginx_says 503 'Service Unavailable' 'health without workers'
is "$(header Retry-After)" 5 'health without workers: Retry-After is sent'
t/stack workers-start "$LK_DIR"

# --- the log ---

api POST '/token?canary-query' "@$tmp/form65537" -H 'Authorization: Bearer canary-header' \
	-H 'Referer: http://x/?canary-referrer' -A first-agent
api GET '/?canary-query' -H 'Authorization: Bearer canary-header' -A canary-agent
retry 5 grep -q first-agent "$LK_LOGS/nginx.access.log"
retry 5 grep -q canary-agent "$LK_LOGS/nginx.access.log"
like "$(grep canary-agent "$LK_LOGS/nginx.access.log")" \
	'^127\.0\.0\.1 .* "GET / HTTP/1.1" 200 .* "canary-agent" [0-9.]+ [0-9a-f]{32}$' \
	'the access log has address, path, status, agent and the id of the request'
id=$(awk '/canary-agent/ { print $NF }' "$LK_LOGS/nginx.access.log")
like "$(grep -s "$id" "$LK_LOG")" 'route=/ ' "the program's log has the id of the request, too"
is "$(grep -rhoE 'canary-(query|body|header|referrer)' "$LK_LOGS")" '' \
	'no log has a query, a body, a token or a referrer'

# Wherever a request line may hold a secret: the log has what is before it.
cat >"$tmp/lines.py" <<'P'
import sys
from peer import http
jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJleHAiOjE3OTYwMDAwMDB9.canary-line"
for wanted, line in [
    ("GET /", "GET /?canary-line HTTP/1.1"), ("GET /token", "GET /token?password=canary-line HTTP/1.1"), ("GET /token", "GET /token%3Fpassword=canary-line HTTP/1.1"),
    ("GET /token", "GET /token%3fpassword=canary-line HTTP/1.1"), ("GET /token", "GET /token%253Fpassword=canary-line HTTP/1.1"), ("GET /token", "GET /token#canary-line HTTP/1.1"),
    ("GET /token", "GET /token%23canary-line HTTP/1.1"), ("GET /token", "GET /token;canary-line HTTP/1.1"), ("GET /token", "GET /token%3Bcanary-line HTTP/1.1"),
    ("GET /token", "GET /token&password=canary-line HTTP/1.1"), ("GET /token", "GET /token%26password=canary-line HTTP/1.1"), ("GET /password", "GET /password=canary-line HTTP/1.1"),
    ("GET /", "GET /:canary-line@x HTTP/1.1"), ("GET /", "GET /%00canary-line HTTP/1.1"), ("GET /a", "GET /a\\canary-line HTTP/1.1"), ("GET /a", "GET /a,canary-line HTTP/1.1"), ("GET /a", "GET /a!canary-line HTTP/1.1"),
    ("GET /users/me/" + jwt[:64], "GET /users/me/" + jwt + " HTTP/1.1"), ("GET /", "GET //ada:canary-line@localhost/users/me HTTP/1.1"),
    ("GET /users/me", "GET http://localhost/users/me?canary-line HTTP/1.1"), ("GET /users/me", "GET HTTP://localhost:80/users/me;canary-line HTTP/1.1"), ("GET /users/me", "GET http://[::1]/users/me#canary-line HTTP/1.1"),
    ("-", "GET http://localhost?canary-line HTTP/1.1"), ("-", "GET http://ada:canary-line@localhost/users/me HTTP/1.1"), ("-", "GET http://canary-line@localhost/ HTTP/1.1"),
    ("-", "GET http://ada:canary-line/x@localhost/ HTTP/1.1"), ("-", "GET http://ada:x/canary-line@localhost/ HTTP/1.1"), ("-", "GET http://ada%40canary-line@localhost/ HTTP/1.1"),
    ("-", "CONNECT ada:canary-line@localhost:80 HTTP/1.1"), ("-", "OPTIONS * HTTP/1.1"), ("-", "username=ada&password=canary-line HTTP/1.1"), ("-", "password=canary-line horse battery"),
    ("-", "CANARY-LINE / HTTP/1.1"), ("-", "canary-line / HTTP/1.1"), ("-", "GET canary-line HTTP/1.1"), ("-", "{\"password\":\"canary-line\"}"), ("GET /", "GET / canary-line HTTP/1.1"),
    ("GET /", "GET / HTTP/canary-line"), ("GET /", "GET / HTTP/1.1 canary-line"), ("GET /", "GET /\tcanary-line HTTP/1.1"), ("-", "Authorization: Bearer canary-line"),
    ("GET /", "GET /" + "x" * 65 + "canary-line HTTP/1.1"), ("GET /a/b.c/d-e_f~g", "GET /a/b.c/d-e_f~g HTTP/1.1"), ("TRACE /", "TRACE /?canary-line HTTP/1.1"), ("-", "PROPFIND /?canary-line HTTP/1.1"),
]:
    http(sys.argv[1], line.encode() + b"\r\nHost: localhost\r\nUser-Agent: line-%d\r\nConnection: close\r\n\r\n" % len(wanted))
    print("%s\t%s" % (wanted if wanted != "GET /" or "x" * 65 not in line else "GET /" + "x" * 64, line))
P
logged() {
	[ "$(wc -l <"$LK_LOGS/nginx.access.log")" -ge $((lines + $(wc -l <"$tmp/lines"))) ]
}
# One process of nginx's, which writes them in their order.
sed -i 's/worker_processes 2;/worker_processes 1;/' "$LK_DIR/nginx.conf"
nginx_reload
lines=$(wc -l <"$LK_LOGS/nginx.access.log")
PYTHONPATH=t/tool python3 -B "$tmp/lines.py" "$LK_PORT" >"$tmp/lines"
ok $? 'requests with secrets in their first lines were sent'
retry 5 logged
tail -n +$((lines + 1)) "$LK_LOGS/nginx.access.log" | sed 's/^[^"]*"\([^"]*\)".*/\1/; s/ HTTP.*//; s/ -\{0,1\}$//' >"$tmp/found"
is "$(paste "$tmp/found" "$tmp/lines" | awk -F '\t' '$1 != $2')" '' "nginx's access log has what is before the secret of a first line"
is "$(grep -iEc 'canary-line|Oi.{0,9}aWRh' "$LK_LOGS/nginx.access.log")" 0 "nginx's access log has no secret of a first line"

# Neither where a lane is not there at all, which an administrator is to be told.
t/stack workers-stop "$LK_DIR"
for lane in check api login; do
	rm -f "$LK_DIR/data/$lane.sock"
done
for path in / /token /users/me /docs; do
	api GET "$path?canary-absent" -H 'Referer: http://x/?canary-absent' -A "absent$path"
	is "$status" 503 "$path without a lane is a 503"
done
is "$(grep -rl canary-absent "$LK_LOGS")" '' 'no log has the query of a request without a lane'

# --- why: what came of each lane, and nothing of the client ---

# explained AGENT: the reason of its request, by its id, in $why.
explained() {
	id=$(awk -v agent="\"$1\"" '$(NF - 2) == agent { print $NF }' "$LK_LOGS/nginx.access.log")
	why=$(grep -s "request=${id:-none}" "$LK_LOGS/nginx.error.log")
}
# reason AGENT PATTERN TITLE
reason() {
	why=
	retry 5 explained "$1"
	like "$why" "^[0-9T:+-]+ 503 upstream=$2" "$3"
}
reason absent/token "unix:$LK_SOCKET_LOGIN upstream_status=502 .*: no connection" 'the error log names the socket to which nginx had no connection'
reason absent/users/me "unix:$LK_SOCKET_API upstream_status=502 .*: no connection" 'the error log names the socket of each lane to which nginx had no connection'

# A login lane that ends each connection, and an api lane that does not answer.
cat >"$tmp/lanes.py" <<'P'
import os, socket, sys
lanes = []
for path in sys.argv[1:]:
    lanes.append(socket.socket(socket.AF_UNIX))
    lanes[-1].bind(path)
    os.chmod(path, 0o777)
    lanes[-1].listen(8)
while True:
    lanes[0].accept()[0].recv(65536)
P
python3 "$tmp/lanes.py" "$LK_SOCKET_LOGIN" "$LK_SOCKET_API" &
children="$children $!"
retry 5 test -S "$LK_SOCKET_API"
sed -i 's/fastcgi_read_timeout 15s/fastcgi_read_timeout 1s/' "$LK_DIR"/nginx/*.conf
nginx_reload
api POST '/token?canary-absent' 'username=ada&password=canary-absent' -A ended
is "$status" 503 'a worker that ends without an answer is a 503'
reason ended "unix:$LK_SOCKET_LOGIN upstream_status=502 .*: it ended without an answer" 'a worker that ends without an answer is a 503, and the error log says so'
api GET '/users/me?canary-absent' -A late
is "$status" 503 'a worker that does not answer in time is a 503'
reason late "unix:$LK_SOCKET_API upstream_status=504 .*: no answer in time" 'a worker that does not answer in time is a 503, and the error log says so'
is "$(grep -rl canary-absent "$LK_LOGS")" '' 'nothing of these requests is logged'

wait $slow_head
like "$(cat "$tmp/head")" '^1[0-4]$' 'a client that does not finish its headers is dropped after ten seconds'
wait $slow_body
like "$(cat "$tmp/body.slow")" '^[5-9]$' 'a client that pauses in its body is dropped after five seconds'

done_testing
