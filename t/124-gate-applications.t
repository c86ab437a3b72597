#!/bin/sh
# Applications of several kinds behind the gate, by the cookie of a browser: WSGI, Node,
# PHP-FPM and a FastCGI program of libfcgi's. Each takes names for the same that others
# tell apart; none is reached by the bypasses of gates that became public.
# shellcheck source=t/lib.sh
. t/lib.sh
fpm=$(find /usr/sbin -name 'php-fpm*' | sort | tail -n 1)
[ -n "$fpm" ] || skip_all 'php-fpm is not there'
needs node gcc
stack_up hash_cost=1 nginx_limits=off db_timeout_ms=10000 login_wait_ms=60000
for name in ada eve; do
	sign_up $name 'correct horse'
	api POST /session "username=$name&password=correct horse" -H 'Sec-Fetch-Site: same-origin'
	cookie=$(header Set-Cookie | sed -n 's/^__Host-latchkey=\([^;]*\);.*/\1/p')
	case $name in
	ada) LK_ADA=$cookie ;;
	*) LK_EVE=$cookie ;;
	esac
done

# --- the applications, which tell what they see ---

cat >"$tmp/wsgi.py" <<'P'
import os
from wsgiref.simple_server import WSGIRequestHandler, make_server

class Handler(WSGIRequestHandler):
    def log_message(self, *args):
        pass

def app(environ, start):
    start("200 OK", [("Content-Type", "text/plain"), ("X-App", "yes")])
    return ["".join("%s=%s\n" % x for x in environ.items() if isinstance(x[1], str) and x[0].isupper() and x[0] not in SERVER).encode("latin-1")]

SERVER = set(os.environ)
server = make_server("127.0.0.1", 0, app, handler_class=Handler)
print(server.server_port, flush=True)
server.serve_forever()
P
python3 "$tmp/wsgi.py" >"$tmp/wsgi.port" &
children="$children $!"
# as a careless application reads names, which Node itself keeps apart
cat >"$tmp/app.js" <<'P'
const server = require("http").createServer((request, response) => {
  const lines = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2)
    lines.push(`HTTP_${request.rawHeaders[i].toUpperCase().replace(/[^A-Z0-9]/g, "_")}=${request.rawHeaders[i + 1]}\n`);
  response.writeHead(200, { "Content-Type": "text/plain", "X-App": "yes" });
  response.end(lines.join(""));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
P
node "$tmp/app.js" >"$tmp/node.port" &
children="$children $!"
cat >"$tmp/app.php" <<'P'
<?php header("Content-Type: text/plain"); header("X-App: yes");
foreach ($_SERVER as $k => $v) if (is_string($v)) echo "$k=$v\n";
P
php_fpm fpm
gcc -o "$tmp/fcgi_app" t/tool/fcgi_app.c -lfcgi
ok $? 'the FastCGI program is compiled'
spawn-fcgi -n -s "$LK_DIR/data/app.sock" -M 0666 -- "$tmp/fcgi_app" >"$tmp/fcgi.out" 2>&1 &
children="$children $!"
retry 20 test -e "$LK_DIR/data/app.sock"
retry 20 test -s "$tmp/wsgi.port"
retry 20 test -s "$tmp/node.port"
[ -S "$LK_DIR/data/fpm.sock" ] && [ -s "$tmp/node.port" ] && [ -s "$tmp/wsgi.port" ]
ok $? 'the applications run' || diag "$(cat "$tmp/fpm.out" "$tmp/fcgi.out")"

guard "$(cat "$tmp/wsgi.port")"
ok $? 'nginx accepts the guarded example of the sample'
guard_again /node/ "s|127.0.0.1:$(cat "$tmp/wsgi.port")|127.0.0.1:$(cat "$tmp/node.port")|"
ok $? 'nginx accepts Node behind the gate'
# fastcgi PATH SOCKET: with Debian's parameters, and the line for REMOTE_USER behind them
fastcgi() {
	guard_again "$1" "/^		proxy_/d; /^	}/i include /etc/nginx/fastcgi_params; fastcgi_param REMOTE_USER \$latchkey_user_plain; fastcgi_param SCRIPT_FILENAME $tmp/app.php; fastcgi_pass unix:$2\$latchkey_nobody;"
}
fastcgi /php/ "$LK_DIR/data/fpm.sock"
ok $? 'nginx accepts PHP-FPM behind the gate'
fastcgi /fcgi/ "$LK_DIR/data/app.sock"
ok $? 'nginx accepts a FastCGI program behind the gate'

export LK_PORT LK_KEY LK_ADA LK_EVE
PYTHONPATH=t/tool python3 -B t/tool/applications.py /app/ /node/ /php/ /fcgi/ >"$tmp/results"
ok $? 'all requests to the guarded applications were sent'
while IFS='	' read -r found wanted title; do
	is "$found" "$wanted" "$title"
done <"$tmp/results"
is "$(grep -cE 'event=(bug|worker_ended)' "$LK_LOG")" 0 'no request to an application shows a bug or ends a worker'
done_testing
