#!/bin/sh
# check-nginx as a command: arguments, exit status, what it prints, and a running nginx that it asks.
# shellcheck source=t/lib.sh
. t/lib.sh

# check ARGUMENT...: $status, $out, $err.
check() {
	out=$(build/latchkey check-nginx "$@" 2>"$tmp/err")
	status=$?
	err=$(cat "$tmp/err")
}

# --- arguments and exit status ---

echo 'events { } http { server { } }' >"$tmp/good"
check "$tmp/good"
is "$status $err" '0 ' 'a configuration without mistakes is a 0'
like "$out" '^mistakes: 0 ' 'the number of mistakes is printed'
echo 'set_real_ip_from 0.0.0.0/0;' >"$tmp/bad"
check "$tmp/bad"
is "$status $err" '1 ' 'a configuration with a mistake is a 1'
is "$(printf '%s\n' "$out" | cut -d : -f 1-3 | sed -n 1p)" "$tmp/bad:1: realip" 'a mistake has its file, line and rule'
check - <"$tmp/bad"
is "$status" 1 'the configuration may come from standard input'
check "$tmp/none"
is "$status $out" '2 ' 'a file that is missing is a 2'
like "$err" "$tmp/none: No such file" 'a file that is missing is named'
echo 'http { server {' >"$tmp/cut"
check "$tmp/cut"
is "$status $out" '2 ' 'a configuration that ends early is a 2'
like "$err" "$tmp/cut, line 2: " 'the place where a configuration ends early is told'
echo 'include /etc/nginx/other.conf;' >"$tmp/part"
check "$tmp/part"
is "$status" 2 'a configuration without what it includes is a 2'
like "$err" 'nginx -T' 'the report says that nginx -T prints all of the configuration'
check - </dev/null
is "$status $out" '2 ' 'an empty configuration, as of a pipe whose nginx failed, is a 2'
check --no "$tmp/good"
is "$status" 2 'an unknown argument is a 2'
like "$err" '^usage: latchkey check-nginx' 'an unknown argument gets the usage'
check "$tmp/good" "$tmp/bad"
is "$status" 2 'two files are a 2'
check --help
is "$status" 0 'help is a 0'
check --rules
is "$status $(printf '%s\n' "$out" | cut -f 1 | sort | uniq -d)" '0 ' 'each rule has its own name'
printf 'location /a\033[2J\n { alias "/b\342\200\256/"; }' >"$tmp/terminal"
check "$tmp/terminal"
is "$status" 1 'a configuration with control characters is checked'
unlike "$out" "$(printf '\033|\342\200\256')" 'control characters do not reach the terminal'

# without nginx
mkdir "$tmp/bin"
printf '#!/bin/sh\necho "nginx: [emerg] unknown directive" >&2\nexit 1\n' >"$tmp/bin/nginx"
chmod +x "$tmp/bin/nginx"
PATH=$tmp/bin:$PATH check
is "$status $out" '2 ' 'a configuration that nginx refuses is a 2'
like "$err" 'unknown directive' 'what nginx says of its configuration is shown'

# --- nginx as it runs ---

stack_up
port=$(free_port)
python3 -c '
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"application")
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
' "$port" &
children="$children $!"
guard "$port"
ok $? 'the guarded example is turned on'
cat >"$tmp/bin/nginx" <<E2
#!/bin/sh
PATH=/usr/sbin:/usr/bin:/bin exec nginx -c "$LK_DIR/nginx.conf" -e "$tmp/nginx.log" "\$@"
E2
# Sockets of a test are in a folder that is no good place for them.
checked() {
	PATH=$tmp/bin:$PATH check "$@"
	out=$(printf '%s\n' "$out" | sed '/: socket: /,/^	to do:/d')
}
checked
is "$(printf '%s\n' "$out" | grep -v -e '^mistakes: ' -e ': note: ' -e '^	to do: upgrade')" '' \
	'nothing is found in the stack of the tests, and its guarded location refuses a client without a token' ||
	diag "$out" "$err"
retry 5 grep -q '"GET /app/ HTTP/1.1" 401 ' "$LK_LOGS/nginx.access.log"
ok $? 'the guarded location has been asked'

# what answers before a check, and a server whose first address leads to its second
tls=$(free_port)
plain=$(free_port)
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/key.pem" -out "$tmp/cert.pem" -subj /CN=localhost -days 2 2>"$tmp/openssl"
[ -z "$LK_AS" ] || chown nobody "$tmp/key.pem"
sed -i "/^	location \/app\/ /i location /app/moved { include $LK_DIR/nginx/latchkey-gate.conf; return 301 /app/; }" "$LK_DIR/nginx.site"
cat >>"$LK_DIR/nginx.site" <<E2
server {
	listen 127.0.0.1:$plain;
	listen 127.0.0.1:$tls ssl;
	server_name localhost;
	ssl_certificate $tmp/cert.pem;
	ssl_certificate_key $tmp/key.pem;
	access_log $LK_LOGS/nginx.access.log;
	if (\$scheme = http) {
		return 301 https://\$host:$tls\$request_uri;
	}
	include $LK_DIR/nginx/latchkey-connection.conf;
	include $LK_DIR/nginx/latchkey-paths.conf;
	location /tls/ {
		include $LK_DIR/nginx/latchkey-gate.conf;
		proxy_pass http://127.0.0.1:$port\$latchkey_nobody;
	}
}
E2
nginx_reload
checked
is "$(printf '%s\n' "$out" | grep ' asked: ' | grep -v 'note: not')" '' 'a redirect before the check, and a server whose first address leads to TLS, are no mistakes' ||
	diag "$out" "$err"
like "$out" 'nginx.site:[0-9]*: note: not asked: it answers before the check' 'a location that answers before the check is not asked, and that is said'
retry 5 grep -q '"GET /tls/ HTTP/1.1" 401 ' "$LK_LOGS/nginx.access.log"
ok $? 'a server with TLS is asked where it has that' || diag "$out" "$err"

# a page in the place of a 401, with a status that says all is well
sed -i "/^	location \/app\/ /{ i location = /hello { return 200 hello; }
	a error_page 401 =200 /hello;
}" "$LK_DIR/nginx.site"
sed -i '/^error_page 401 /d' "$LK_DIR/nginx/latchkey-gate.conf"
nginx_reload
checked
is "$status" 1 'a guarded location that answers 200 is a mistake'
like "$out" 'asked: http://localhost:[0-9]*/app/ answers 200' 'the address and the status of a wrong answer are told' || diag "$out" "$err"
checked --no-ask
unlike "$out" 'asked' 'nothing is asked with --no-ask'
t/stack workers-stop "$LK_DIR"
checked
like "$out" 'asked: http://localhost:[0-9]*/app/ answers 50[03]' 'a guard without Latchkey is a mistake, too' || diag "$out" "$err"
kill "$(cat "$LK_DIR/data/nginx.pid")"
gone() {
	! curl -q -s -o /dev/null "$LK_URL/"
}
retry 10 gone
checked
like "$out" 'note: asked: no answer' 'a server that does not answer is a note'

done_testing
