#!/bin/sh
# HTTP/2, which nginx.conf.sample offers to other machines: the same answers;
# and malformed requests that only HTTP/2 can make.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1

# As the sample says to, but without TLS.
sed -i "s/^\(	listen .*:$LK_PORT\>.*\);/\1 http2;/" "$LK_DIR/nginx.site"
nginx_reload
curl -qs --noproxy '*' --http2-prior-knowledge "$LK_URL/" >"$tmp/out"
ok $? 'nginx speaks HTTP/2'

# ask METHOD PATH ...: api(), over HTTP/2
ask() {
	api "$@" --http2-prior-knowledge
}
ask POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
is "$(sed -n '1s/ *\r$//p' "$tmp/headers") $body" 'HTTP/2 200 {"username":"ada","fullname":null,"id":1,"is_active":true}' \
	'a sign-up over HTTP/2 gets 200'
ask POST /token 'username=ada&password=correct horse'
is "$status $(header Cache-Control)" '200 no-store' 'a login over HTTP/2 gets 200'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
device=$(header Set-Cookie | sed 's/;.*//')
ask GET /users/me -H "Authorization: Bearer $token"
json_is .username ada "/users/me over HTTP/2 shows the token's account"
ask GET /check -H "Authorization: Bearer $token"
is "$status $(header X-Auth-User)" '200 ada' 'a token check over HTTP/2 gets 200'
ask GET /check
is "$status $(header WWW-Authenticate)" '401 Bearer' 'a token check without a token over HTTP/2 gets 401'
ask POST /token 'username=ada&password=correct horse' -H 'Content-Length:'
is "$status" 200 'a body without a length over HTTP/2 is read'
head -c 65537 /dev/zero | tr '\0' x >"$tmp/long"
ask POST /token "@$tmp/long" -H 'Content-Length:'
is "$status ${body%%,*}" '413 {"detail":"Request Entity Too Large"' 'a body of 65537 bytes without a length over HTTP/2 gets 413'

# Requests that curl does not send: frames, and headers one by one.
LK_TOKEN=$token LK_DEVICE=$device LK_PORT=$LK_PORT python3 -B t/tool/frames.py >"$tmp/results"
ok $? 'all frames were sent'
while IFS='	' read -r found wanted title; do
	is "$found" "$wanted" "$title"
done <"$tmp/results"

# A browser known by a cookie gets no other, so one in crumbs has been read.
ask POST /token 'username=ada&password=correct horse' -H 'Cookie: a=b' -H "Cookie: $device"
is "$status $(header Set-Cookie)" '200 ' 'a known device is known over HTTP/2'
ask POST /token 'username=ada&password=correct horse'
like "$(header Set-Cookie)" '^__Host-latchkey-device=' 'a device without a cookie gets one over HTTP/2'

done_testing
