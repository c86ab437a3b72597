#!/bin/sh
# Clients that do not read their answer. A login worker once blocked for five
# seconds in the write of 393 KB, which a client with 64 KB/s asked for:
# nobody else could log in. Now nginx takes each reply at once.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 nginx_limits=off fullname_max_chars=16384 signups_per_address_hour=1000

# HTTP/2 at another port, as nginx speaks but one of them without TLS.
port2=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
sed -i "s/^	listen 127\.0\.0\.1:$LK_PORT;/&\n	listen 127.0.0.1:$port2 http2;/" "$LK_DIR/nginx.site"
nginx_reload
curl -qs --noproxy '*' --http2-prior-knowledge "http://127.0.0.1:$port2/" >"$tmp/out"
ok $? 'nginx speaks HTTP/1.1 and HTTP/2'

# --- the largest reply of each lane ---

api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
# Another's token: of a user who logs in more than a hundred times the first sessions end.
api POST /users/add_user/ '{"username":"eve","password":"correct horse"}'
api POST /token 'username=eve&password=correct horse'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
sql "update users set fullname = repeat(chr(1), 16384)"
api GET /users/me -H "Authorization: Bearer $token"
is "$status ${#body}" '200 98360' 'an account with the longest full name is shown'
sql "update users set fullname = repeat(chr(1), 100000)"
api GET /users/me -H "Authorization: Bearer $token"
is "$status ${#body}" '200 98360' 'a full name beyond the longest, made by another program, is shown cut'

# A token of the longest name that fits a header line, for the check lane.
long=$(LK_KEY="$LK_KEY" python3 -c '
import base64, hashlib, hmac, json, os, time
key = open(os.environ["LK_KEY"], "rb").read().rstrip(b"\n")
b64 = lambda x: base64.urlsafe_b64encode(x).rstrip(b"=")
now = int(time.time())
claims = dict(sub="é" * 2900, exp=now + 600, iat=now, jti="x", uid=1)
text = b64(b"{\"alg\":\"HS256\",\"typ\":\"JWT\"}") + b"." + b64(json.dumps(claims, ensure_ascii=False).encode())
print((text + b"." + b64(hmac.new(key, text, "sha256").digest())).decode())')
api GET /check -H "Authorization: Bearer $long"
[ "$status" = 200 ] && [ "$(header X-Auth-User | wc -c)" -gt 17000 ]
ok $? '/check answers with the longest name'

{
	printf 'POST /token\nContent-Type: application/x-www-form-urlencoded\n\nusername=a&password=b&grant_type='
	head -c 65500 /dev/zero | tr '\0' '\001'
} >"$tmp/wrong"
{
	printf 'POST /users/add_user/\nContent-Type: application/json\n\n'
	printf '{"username":"deaf@N@","password":"correct horse","fullname":"'
	awk 'BEGIN { while (i++ < 10800) printf "\\u0001" }'
	printf '"}'
} >"$tmp/signup"
printf 'GET /users/me\nAuthorization: Bearer %s\n\n' "$token" >"$tmp/me"
printf 'GET /openapi.json\n\n' >"$tmp/document"
printf 'GET /check\nAuthorization: Bearer %s\n\n' "$long" >"$tmp/check"

# --- other clients beside 50 of them ---

cat >"$tmp/other.py" <<'P'
import http.client, statistics, sys, time
port, method, path, token = sys.argv[1:]
body = "username=ada&password=correct+horse" if method == "POST" else None
headers = {"Authorization": "Bearer " + token}
if body:
    headers["Content-Type"] = "application/x-www-form-urlencoded"
times = []
for _ in range(20):
    start = time.monotonic()
    c = http.client.HTTPConnection("127.0.0.1", int(port), 20, source_address=("127.0.0.2", 0))
    c.request(method, path, body, headers)
    r = c.getresponse()
    r.read()
    if r.status != 200:
        sys.exit("status %d" % r.status)
    times.append(time.monotonic() - start)
print(round(statistics.median(times) * 1000))
P

other() {
	python3 "$tmp/other.py" "$LK_PORT" "$@" "$token"
}

# compare REQUEST VERSION PORT METHOD PATH: the other's times without 50 deaf clients
# of this request, and with them. On a busy machine the two may differ by chance.
compare() {
	request=$1 version=$2 port=$3
	shift 3
	without=$(other "$@")
	mkfifo "$tmp/said"
	python3 t/tool/deaf.py "$port" 50 "$version" <"$tmp/$request" >"$tmp/said" &
	deaf=$!
	exec 4<"$tmp/said"
	rm "$tmp/said"
	read -r said <&4
	with=$(other "$@")
	exec 4<&-
	wait "$deaf"
	[ "$said" = deaf ] && [ "$with" -le $((without + 100)) ]
}

beside() {
	compare "$@" || compare "$@" || compare "$@"
	ok $? "50 deaf clients of $1 over $2: another is answered within 100 ms of its time without them" ||
		diag "without $without ms, with $with ms"
}

for at in "http1 $LK_PORT" "http2 $port2"; do
	# shellcheck disable=SC2086 # two words
	{
		beside wrong $at POST /token
		beside signup $at POST /token
		beside me $at GET /users/me
		beside document $at GET /
		beside check $at GET /check
	}
done
is "$(grep -c 'event=reply_cut reason=timeout' "$LK_LOG")" 0 'no worker waits for a deaf client'

done_testing
