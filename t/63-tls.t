#!/bin/sh
# TLS by nginx.conf.sample: ciphers, names, headers; and the documentation
# closed as it says.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1

api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
api POST /token 'username=ada&password=correct horse'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

cat >"$tmp/app.py" <<'P'
import http.server
class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"application")
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), App)
print(server.server_port, flush=True)
server.serve_forever()
P
python3 "$tmp/app.py" >"$tmp/port" &
children="$children $!"
retry 10 test -s "$tmp/port"

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=login.example.org -addext subjectAltName=DNS:login.example.org \
	-keyout "$LK_DIR/data/privkey.pem" -out "$LK_DIR/data/fullchain.pem" 2>"$tmp/err"
[ -z "$LK_AS" ] || chown nobody "$LK_DIR/data/privkey.pem"

# As an administrator would: the lines for TLS in the place of those without,
# the server at the end, the name in the list. Of Debian's own nginx.conf comes
# what it says of protocols, which is more than is wanted.
site=$LK_DIR/nginx.site
sed -i "/^	# CHANGE: plain HTTP/,/ssl_session_cache/s/^	#	/	/
	/^	listen .*:$LK_PORT\>/d; s/^	server_name localhost .*CHANGE.*//
	/^#server {/,/^#}/s/^#//
	s/^	listen 443 ssl http2/	listen 127.0.0.1:$LK_PORT ssl http2/; /^	listen \[::\]:443/d
	s|/etc/letsencrypt/live/login.example.org|$LK_DIR/data|" "$site"
sed -i 's/^\(	*\)sendfile on;/&\n\1ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;/' "$LK_DIR/nginx.conf"
guard "$(cat "$tmp/port")"
ok $? 'nginx takes what the sample has for TLS' || diag "$(tail -n 3 "$LK_LOGS/nginx.log")"

LK_URL=https://login.example.org:$LK_PORT
tls() {
	api "$@" --cacert "$LK_DIR/data/fullchain.pem" --resolve "login.example.org:$LK_PORT:127.0.0.1"
}
for version in --http1.1 --http2; do
	tls GET /users/me -H "Authorization: Bearer $token" $version
	json_is .username ada "/users/me is served over TLS ($version)"
	for path in / /nope /docs /docs/assets/none.js /docs/assets/docs.js /check /app/x /latchkey-error; do
		for who in "Authorization: Bearer $token" 'Accept: */*'; do
			tls GET "$path" -H "$who" $version
			is "$(header Strict-Transport-Security)" max-age=31536000 "$path ($status): Strict-Transport-Security is sent over TLS ($version)"
		done
	done
done
tls GET /app/x -H "Authorization: Bearer $token"
is "$status $body" '200 application' 'a guarded application is served over TLS'
tls POST /token 'username=ada&password=correct horse'
like "$(header Set-Cookie)" '^__Host-latchkey-device=.*Secure' 'a login over TLS sets the device cookie'

# --- what is agreed on ---

# greet ARGUMENT...: the protocol and cipher, or nothing.
greet() {
	openssl s_client -connect "127.0.0.1:$LK_PORT" "$@" </dev/null 2>/dev/null |
		sed -n 's/^New, \(TLSv[0-9.]*\), Cipher is \(.*\)/\1 \2/p' | grep -v NONE
}
named='-servername login.example.org'
# shellcheck disable=SC2086 # two words
{
	like "$(greet $named)" '^TLSv1.3 TLS_' 'TLS 1.3 is accepted'
	for cipher in ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-CHACHA20-POLY1305; do
		is "$(greet $named -tls1_2 -cipher $cipher)" "TLSv1.2 $cipher" "the cipher $cipher is accepted"
	done
	for cipher in AES256-SHA AES128-SHA AES128-GCM-SHA256 AES256-GCM-SHA384 ECDHE-RSA-AES128-SHA ECDHE-RSA-AES256-SHA384 \
		ECDHE-RSA-AES128-SHA256 CAMELLIA128-SHA DHE-RSA-AES128-GCM-SHA256 DHE-RSA-AES256-SHA AES128-CCM ARIA128-GCM-SHA256 NULL-SHA; do
		is "$(greet $named -tls1_2 -cipher "$cipher:@SECLEVEL=0")" '' "the cipher $cipher is refused"
	done
	for version in -tls1 -tls1_1; do
		is "$(greet $named $version -cipher 'ALL:@SECLEVEL=0')" '' "${version#-} is refused"
		is "$(greet -noservername $version -cipher 'ALL:@SECLEVEL=0')" '' "${version#-} without a server name is refused"
	done
	is "$(openssl s_client -connect "127.0.0.1:$LK_PORT" $named -tls1_2 </dev/null 2>/dev/null | grep -c 'session ticket')" 0 \
		'no session ticket is sent, whose key nginx would never change'
}

# --- names ---

for name in evil.example localhost www.login.example.org; do
	is "$(greet -servername $name)" '' "a client that asks for $name gets no handshake"
done
is "$(greet -noservername)" '' 'a client that asks for no server name gets no handshake'
unlike "$(openssl s_client -connect "127.0.0.1:$LK_PORT" -servername evil.example </dev/null 2>&1)" 'CN *= *login' 'a client that asks for another server name is not shown the certificate'
for name in evil.example localhost.evil.example; do
	for path in / /token /docs/assets/docs.js; do
		tls GET "$path" -H "Host: $name" --http1.1
		is "$status $headers" '000 ' "$name behind a handshake for another name gets no answer ($path)"
	done
	tls GET / -H "Host: $name" --http2
	is "$status $headers" '000 ' "$name behind a handshake for another name gets no answer over HTTP/2"
done

# --- the documentation closed ---

sed -i '/^	include .*latchkey-docs.conf/d; /^	# CHANGE: to close the documentation/,/^	#}/s/^	#\([l	}]\)/	\1/' "$site"
is "$(grep -c '^	location .*redoc' "$site")" 1 'nginx.conf.sample has a block that closes the documentation'
nginx_reload
for path in /docs /docs/ /docs//x /redoc /redoc/ /openapi.json /openapi.json/ /docs/oauth2-redirect /docs/assets/docs.js \
	//docs /./docs /x/../docs /%64ocs /docs%2f /docs%2F.. /docs? /openapi%2Ejson /docs%00 /docs%0a /Docs /docs%3f /docs/assets/..%2f..%2fdocs; do
	tls GET "$path"
	like "$status" '^40[04]$' "a closed documentation answers $path with 404 or 400"
	unlike "$body" 'openapi|swagger|<html|function' "a closed documentation shows nothing of itself at $path"
done
tls GET /users/me -H "Authorization: Bearer $token"
is "$status" 200 'a closed documentation leaves all else open'

done_testing
