#!/bin/sh
# nginx on another machine: conf/stream-front.conf and conf/stream-back.conf,
# TLS between two nginx, each with a certificate. Here the other machine is a
# port.
# shellcheck source=t/lib.sh
. t/lib.sh
module=/usr/lib/nginx/modules/ngx_stream_module.so
needs $module
stack_up hash_cost=1

# --- the certificates, as the file says ---

mkdir "$tmp/link" "$tmp/other" "$tmp/front" "$tmp/back"
sed -n 's/^#	\(openssl\|for\|done\|    \)/\1/p' conf/stream-front.conf >"$tmp/certificates"
for link in link other; do
	(cd "$tmp/$link" && sh -e "$tmp/certificates") >"$tmp/out" 2>&1
	ok $? "the commands of stream-front.conf make certificates ($link)" || diag "$(cat "$tmp/out")"
done
[ -z "$LK_AS" ] || chown nobody "$tmp/link" "$tmp/link"/* "$tmp/front" "$tmp/back"

# --- the two nginx, and between them one who listens ---

# Passes on what comes to one port to another, and keeps all of it.
cat >"$tmp/wire.py" <<'E'
import socket, sys, threading
seen = open(sys.argv[1], "ab", buffering=0)
def pump(source, sink):
    try:
        while data := source.recv(65536):
            seen.write(data)
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass
listeners = []
for n in range(3):
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(64)
    listeners.append(s)
print(*(s.getsockname()[1] for s in listeners), flush=True)
ports = [int(x) for x in sys.stdin.readline().split()]
def serve(listener, port):
    while True:
        a = listener.accept()[0]
        b = socket.create_connection(("127.0.0.1", port))
        for pair in (a, b), (b, a):
            threading.Thread(target=pump, args=pair, daemon=True).start()
for listener, port in zip(listeners[1:], ports[1:]):
    threading.Thread(target=serve, args=(listener, port), daemon=True).start()
serve(listeners[0], ports[0])
E
mkfifo "$tmp/ports"
python3 "$tmp/wire.py" "$tmp/wire" <"$tmp/ports" >"$tmp/wire.ports" &
children="$children $!"
exec 9>"$tmp/ports"
retry 10 test -s "$tmp/wire.ports"
read -r wire1 wire2 wire3 <"$tmp/wire.ports"
back1=$(python3 -c 'import socket; s = [socket.socket() for _ in range(3)]; [x.bind(("127.0.0.1", 0)) for x in s]; print(*(x.getsockname()[1] for x in s))')
echo "$back1" >&9
back3=${back1##* } back2=${back1#* } back2=${back2%% *} back1=${back1%% *}

# nginx SIDE LINK: the file of this side, with the certificates of that link
nginx_up() {
	side=$1 dir=$tmp/$1
	sed -e "s|/etc/nginx/latchkey/|$tmp/$2/|; s|192.0.2.10;|127.0.0.1;|" \
		-e "s|listen 192.0.2.20:9001|listen 127.0.0.1:$back1|; s|listen 192.0.2.20:9002|listen 127.0.0.1:$back2|; s|listen 192.0.2.20:9003|listen 127.0.0.1:$back3|" \
		-e "s|192.0.2.20:9001|127.0.0.1:$wire1|; s|192.0.2.20:9002|127.0.0.1:$wire2|; s|192.0.2.20:9003|127.0.0.1:$wire3|" \
		"conf/stream-$side.conf" >"$dir/site"
	case $side in
	front) sed -i "s|/run/latchkey/|$dir/|" "$dir/site" ;;
	back) sed -i "s|/run/latchkey/check.sock|$LK_SOCKET_CHECK|; s|/run/latchkey/api.sock|$LK_SOCKET_API|; s|/run/latchkey/login.sock|$LK_SOCKET_LOGIN|" "$dir/site" ;;
	esac
	cat >"$dir/nginx.conf" <<-E
		load_module $module;
		daemon off;
		worker_processes 1;
		pid $dir/pid;
		error_log $dir/log info;
		events { }
		include $dir/site;
	E
	: >"$dir/log"
	rm -f "$dir/pid"
	# shellcheck disable=SC2086 # words
	$LK_AS nginx -e "$dir/log" -c "$dir/nginx.conf" >"$dir/out" 2>&1 &
	pid=$!
	children="$children $pid"
	retry 10 test -s "$dir/pid"
	ok $? "nginx accepts stream-$side.conf ($2)" || diag "$(cat "$dir/log")"
}
chmod 644 "$tmp"/other/*
[ -n "$LK_AS" ] && chown nobody "$tmp"/other "$tmp"/other/*
: >"$tmp/front/log"
: >"$tmp/back/log"
[ -z "$LK_AS" ] || chown nobody "$tmp/front/log" "$tmp/back/log"
nginx_up back link
nginx_up front link
front=$pid

# The site of the stack, by the front's sockets.
sed -i "s|unix:$LK_SOCKET_CHECK;|unix:$tmp/front/check.sock;|; s|unix:$LK_SOCKET_API;|unix:$tmp/front/api.sock;|; s|unix:$LK_SOCKET_LOGIN;|unix:$tmp/front/login.sock;|" "$LK_DIR/nginx/latchkey-http.conf"
is "$(grep -c "unix:$tmp/front/" "$LK_DIR/nginx/latchkey-http.conf")" 3 'the site passes its lanes to the tunnel'
site=$(cat "$LK_DIR/data/nginx.pid")
old=$(pgrep -P "$site" | tr '\n' ' ')
renewed() {
	# shellcheck disable=SC2086 # several numbers
	! kill -0 $old 2>/dev/null
}
kill -HUP "$site"
retry 10 renewed

# --- through both ---

api POST /users/add_user/ '{"username":"ada","fullname":"Ada Lovelace","password":"canary horse battery"}'
is "$status" 200 'a sign-up through the tunnel gets 200'
api POST /token 'username=ada&password=canary+horse+battery'
is "$status" 200 'a login through the tunnel gets 200'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
api GET /users/me -H "Authorization: Bearer $token"
json_is .username ada "/users/me through the tunnel shows the token's account"
for _ in 1 2 3; do
	api GET /check -H "Authorization: Bearer $token"
	printf '%s ' "$status"
done >"$tmp/checks"
is "$(cat "$tmp/checks")" '200 200 200 ' 'token checks through the tunnel get 200'
[ "$(wc -c <"$tmp/wire")" -gt 5000 ]
ok $? 'requests and answers cross the wire'
is "$(grep -acE "canary|ada|$token" "$tmp/wire")" 0 'neither password nor name nor token is seen on the wire'

# --- others ---

# speak plain, or with the certificate FILE, or without one: how the back
# answers a request in FastCGI
speak() {
	python3 -c '
import socket, ssl, sys
port, authority, how, *certificate = sys.argv[1:]
s = socket.create_connection(("127.0.0.1", int(port)), 10)
try:
    if how != "plain":
        c = ssl.create_default_context(cafile=authority)
        if certificate:
            c.load_cert_chain(certificate[0] + ".crt", certificate[0] + ".key")
        s = c.wrap_socket(s, server_hostname="latchkey-back")
    record = lambda kind, data: bytes([1, kind, 0, 1, 0, len(data), 0, 0]) + data
    pair = lambda name, value: bytes([len(name), len(value)]) + name + value
    s.sendall(record(1, b"\0\1\0\0\0\0\0\0")
              + record(4, pair(b"REQUEST_METHOD", b"GET") + pair(b"REQUEST_URI", b"/healthz"))
              + record(4, b"") + record(5, b""))
    print(s.recv(1000)[8:].split(b"\r")[0].decode())
except OSError:
    pass
' "$back1" "$tmp/link/ca.crt" "$1" ${2:+"$tmp/$2"}
}
is "$(speak tls link/front)" 'Status: 200 OK' 'the back serves a client with the certificate of the front'
is "$(speak tls)" '' 'the back serves no client without a certificate'
like "$(cat "$tmp/back/log")" 'client sent no required SSL certificate' 'the log of the back tells of a client without a certificate'
for which in other/front link/back; do
	is "$(speak tls $which)" '' "the back serves no client with the certificate of $which"
done
is "$(speak plain)" '' 'the back does not serve FastCGI without TLS'

kill "$front"
wait "$front"
nginx_up front other
api GET /
is "$status" 503 'a front with the certificate of another authority is not served'
kill "$pid"
wait "$pid"
cp "$tmp/other/back.crt" "$tmp/link/back.crt"
cp "$tmp/other/back.key" "$tmp/link/back.key"
nginx_up front link
kill -HUP "$(cat "$tmp/back/pid")"
is_refused() {
	api GET /
	[ "$status" = 503 ]
}
retry 10 is_refused
is "$status" 503 'the front does not speak to a back with a certificate of another authority'
like "$(cat "$tmp/front/log")" 'upstream SSL certificate verify error' 'the log of the front tells of the certificate of the back'

done_testing
