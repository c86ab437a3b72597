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
sign_up 'evil\r\nX-Auth-User: ada\r\n\r\nx' 'correct horse'
is "$status" 200 'a name may hold whatever it likes'

# --- the check itself ---

token ada
ada=$token
api GET /check -H "Authorization: Bearer $ada"
is "$status $body" '200 ' 'a good token is good, which needs no body'
is "$(header X-Auth-User) $(header X-Auth-User-Id)" 'ada 1' 'headers tell whose it is'
like "$(header X-Auth-Expires)" '^[0-9]{10}$' 'and until when'
is "$(header Cache-Control)" no-store 'no cache may keep that'
token '홍 길동/%'
api GET /check -H "Authorization: Bearer $token"
is "$(header X-Auth-User)" '%ED%99%8D%20%EA%B8%B8%EB%8F%99%2F%25' 'a name is percent-encoded'
token "$(printf 'evil\r\nX-Auth-User: ada\r\n\r\nx')"
api GET /check -H "Authorization: Bearer $token"
is "$status $(header X-Auth-User)" '200 evil%0D%0AX-Auth-User%3A%20ada%0D%0A%0D%0Ax' \
	'so that no name can make a header'
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
	is "$status $(header X-Auth-User) $(header X-Auth-User-Id)" '200 ada ' "a token without a number has none ($n)"
done
for header in '' "$ada" 'Bearer x' "Bearer ${ada}x" "Basic $ada"; do
	api GET /check -H "Authorization: $header"
	is "$status $(header WWW-Authenticate) $body" '401 Bearer ' "\"$(printf '%.12s' "$header")\" is refused"
	is "$(header X-Auth-User)" '' 'and nobody is named'
done
api POST /check '{}'
is "$status $(header Allow)" '405 GET' 'nothing is posted there'
t/stack db-stop "$LK_DIR"
api GET /check -H "Authorization: Bearer $ada"
is "$status" 200 'it needs no database'
t/stack db-start "$LK_DIR"

# --- before an application ---

# The application tells which of its headers begin with X-Auth, and its body.
cat >"$tmp/app.py" <<'E'
import http.server, sys
class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = " ".join("%s=%s" % x for x in self.headers.items() if x[0].lower().startswith("x-auth"))
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
ok $? "the sample's example is turned on, and nginx takes it"

api GET /app/x -H "Authorization: Bearer $ada"
like "$status $body" '^200 GET X-Auth-User=ada X-Auth-User-Id=1 X-Auth-Expires=[0-9]{10} $' 'the application learns who asks'
api POST /app/x 'some=body' -H "Authorization: Bearer $ada" -H 'X-Auth-User: eve' -H 'X-Auth-User-Id: 0' -H 'X-Auth-Expires: 9'
like "$status $body" '^200 POST X-Auth-User=ada X-Auth-User-Id=1 X-Auth-Expires=[0-9]{10} some=body$' \
	'gets the body of a POST, and nothing that a client says of itself'
api GET /app/x
is "$status $body" '401 {"detail":"Could not validate credentials"}' 'who has no token does not get there'
is "$(header WWW-Authenticate)" Bearer 'and is told what is wanted'
api POST /app/x 'some=body' -H 'Authorization: Bearer x'
is "$status" 401 'nor does who has a wrong one, with a body'
api GET /latchkey-check -H "Authorization: Bearer $ada"
is "$status" 404 'the check behind it is not to be reached from outside'
t/stack workers-stop "$LK_DIR"
api GET /app/x -H "Authorization: Bearer $ada"
is "$status $body" '503 {"detail":"Service Unavailable"}' 'without Latchkey it is closed, with a 503'
like "$(header Retry-After)" '^[0-9]+$' 'that says when to come back'

done_testing
