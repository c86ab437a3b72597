#!/bin/sh
# Token check, GET /check, and nginx's auth_request in front of an
# application.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 accept_plain_tokens=true

# token NAME: log in as NAME.
token() {
	api POST /token --data-urlencode "username=$1" -d 'password=correct horse'
	token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
}

sign_up ada 'correct horse'
sign_up '홍 길동/%' 'correct horse'
# Names with a plain form, and others: the first is as long as one may be.
longest=$(printf '%0242d@example.org' 0)
for name in "$longest" "0$longest" 'ada+x@example.org' 'a~!' 'ada%40example.org' 'ada b' 'ád'; do
	sign_up "$name" 'correct horse'
done
sign_up 'evil\r\nX-Auth-User: ada\r\n\r\nx' 'correct horse'
is "$status" 200 'a name may hold line breaks and header lines'

# --- the check itself ---

token ada
ada=$token
api GET /check -H "Authorization: Bearer $ada"
is "$status $body" '200 ' 'a good token gets 200 without a body'
is "$(header X-Auth-User) $(header X-Auth-User-Id)" 'ada 1' 'headers name the account and its number'
is "$(header X-Auth-User-Plain)" 'ada' 'X-Auth-User-Plain names the account as it is'
like "$(header X-Auth-Expires)" '^[0-9]{10}$' 'a header says when the token expires'
is "$(header Cache-Control)" no-store 'the answer to a check may be kept by no cache'
token '홍 길동/%'
api GET /check -H "Authorization: Bearer $token"
is "$(header X-Auth-User)" '%ED%99%8D%20%EA%B8%B8%EB%8F%99%2F%25' 'X-Auth-User is percent-encoded'
beyond=$token
is "$(header X-Auth-User-Plain)" '' 'a name beyond ASCII has no X-Auth-User-Plain'
while read -r plain name; do
	token "$name"
	api GET /check -H "Authorization: Bearer $token"
	[ "$plain" = yes ] && wanted=$name || wanted=
	is "$status $(header X-Auth-User-Plain)" "200 $wanted" "X-Auth-User-Plain of '$name': $plain"
done <<END
yes ada+x@example.org
yes $longest
no 0$longest
no ada%40example.org
no ada b
yes a~!
no ád
END
token "$(printf 'evil\r\nX-Auth-User: ada\r\n\r\nx')"
api GET /check -H "Authorization: Bearer $token"
is "$status $(header X-Auth-User)" '200 evil%0D%0AX-Auth-User%3A%20ada%0D%0A%0D%0Ax' \
	'line breaks in a name make no header'
# None of the FastAPI application's tokens has a number. (Two workers: of three
# requests one asks again where the token is known.)
without=$(python3 -c '
import base64, hashlib, hmac, sys, time
b64 = lambda x: base64.urlsafe_b64encode(x).rstrip(b"=").decode()
key = open(sys.argv[1], "rb").read().rstrip(b"\n")
text = b64(b"{\"alg\":\"HS256\",\"typ\":\"JWT\"}") + "." + b64(b"{\"sub\":\"ada\",\"exp\":%d}" % (time.time() + 600))
print(text + "." + b64(hmac.new(key, text.encode(), "sha256").digest()))' "$LK_KEY")
for n in 1 2 3; do
	api GET /check -H "Authorization: Bearer $without"
	is "$status $(header X-Auth-User) $(header X-Auth-User-Id)" '200 ada ' "a token without a number gets an empty X-Auth-User-Id (request $n)"
done
for header in '' "$ada" 'Bearer x' "Bearer ${ada}x" "Basic $ada"; do
	shown=$(printf '%s' "$header" | sed "s/$ada/TOKEN/")
	api GET /check -H "Authorization: $header"
	challenge=Bearer
	[ "${header#Bearer }" = "$header" ] || challenge='Bearer error="invalid_token"'
	is "$status $(header WWW-Authenticate) $body" "401 $challenge " "Authorization: '$shown' gets 401, and its challenge"
	is "$(header X-Auth-User)" '' "Authorization: '$shown' names no account"
done
api POST /check '{}'
is "$status $(header Allow)" '405 GET' 'POST /check gets 405'
t/stack db-stop "$LK_DIR"
api GET /check -H "Authorization: Bearer $ada"
is "$status" 200 '/check answers while the database is down'
t/stack db-start "$LK_DIR"

# --- before an application ---

# The application tells which of its headers begin with X-Auth, and its body.
cat >"$tmp/app.py" <<'E'
import http.server, sys
class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = " ".join("%s=%s" % x for x in self.headers.items() if x[0].lower().startswith(("x-auth", "x-web", "x-user")))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(("%s %s %s" % (self.command, said, body.decode())).encode())
    do_POST = do_GET
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), App)
print(server.server_port, flush=True)
server.serve_forever()
E
python3 "$tmp/app.py" >"$tmp/port" &
children="$children $!"
retry 10 test -s "$tmp/port"

guard "$(cat "$tmp/port")"
ok $? 'nginx accepts the guarded example of the sample'

api GET /app/x -H "Authorization: Bearer $ada"
like "$status $body" '^200 GET X-Auth-User=ada X-Auth-User-Plain=ada X-Auth-User-Id=1 X-Auth-Expires=[0-9]{10} X-Auth-Session=[0-9a-f]{32} $' 'the guarded application gets the account in headers'
api POST /app/x 'some=body' -H "Authorization: Bearer $ada" -H 'X-Auth-User: eve' -H 'X-Auth-User-Plain: eve' -H 'X-Auth-User-Id: 0' -H 'X-Auth-Expires: 9'
like "$status $body" '^200 POST X-Auth-User=ada X-Auth-User-Plain=ada X-Auth-User-Id=1 X-Auth-Expires=[0-9]{10} X-Auth-Session=[0-9a-f]{32} some=body$' \
	"the guarded application gets the body of a POST, and no X-Auth header of the client's"
api GET /app/x -H "Authorization: Bearer $beyond" -H 'X-Auth-User-Plain: eve'
like "$status $body" '^200 GET X-Auth-User=%ED[0-9A-F%]* X-Auth-User-Id=2 X-Auth-Expires=[0-9]{10} X-Auth-Session=[0-9a-f]{32} $' \
	"the guarded application gets no X-Auth-User-Plain of the client's where the name has no plain form"
# As for Grafana and Open WebUI: the lines of the sample.
sed -i 's/^\(	*\)#\(proxy_set_header X-[A-Z-]* \$latchkey_user_plain;\)/\1\2/; s/^\(	*\)#\(proxy_set_header X-User-Email \$latchkey_user_plain;\)/\1\2/' "$LK_DIR/nginx.site"
nginx_reload
api GET /app/x -H "Authorization: Bearer $ada" -H 'X-WEBAUTH-USER: eve' -H 'X-User-Email: eve'
like "$status $body" 'X-WEBAUTH-USER=ada X-User-Email=ada $' "the lines for Grafana and Open WebUI name the account"
api GET /app/x -H "Authorization: Bearer $beyond" -H 'X-WEBAUTH-USER: eve' -H 'X-User-Email: eve'
unlike "$status $body" 'eve' "the lines for Grafana and Open WebUI pass no name of the client's"
api GET /app/x
is "$status $body" '401 {"detail":"Could not validate credentials"}' 'a guarded path without a token gets 401'
is "$(header WWW-Authenticate)" Bearer 'the 401 of a guarded path names the scheme'
api POST /app/x 'some=body' -H 'Authorization: Bearer x'
is "$status" 401 'a POST with a wrong token to a guarded path gets 401'
is "$(header WWW-Authenticate)" 'Bearer error="invalid_token"' 'the 401 of a guarded path says that the token is invalid'
api GET /latchkey-check -H "Authorization: Bearer $ada"
is "$status" 404 'the location of the check cannot be reached from outside'
t/stack workers-stop "$LK_DIR"
api GET /app/x -H "Authorization: Bearer $ada"
is "$status $body" '503 {"detail":"Service Unavailable"}' 'a guarded path gets 503 while Latchkey is stopped'
like "$(header Retry-After)" '^[0-9]+$' 'the 503 of a guarded path has Retry-After'

done_testing
