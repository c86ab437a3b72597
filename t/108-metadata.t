#!/bin/sh
# Metadata of the authorization server (RFC 8414): by it OAuth libraries find the
# endpoints, also below a path of the host.
# shellcheck source=t/lib.sh
. t/lib.sh
port=$(free_port)
issuer=http://127.0.0.1:$port
stack_up hash_cost=1 nginx_limits=off workers=1 "port=$port" "token_issuer=$issuer" jwks_max_age_s=60
known=/.well-known/oauth-authorization-server

# fcgi SOCKET NAME=VALUE...: these parameters to a worker; its status and body.
fcgi() {
	PYTHONPATH=t/tool python3 -c '
import sys
from peer import fcgi
status, head, body = fcgi(sys.argv[1], [tuple(p.encode().split(b"=", 1)) for p in sys.argv[2:]])
print(status, body.decode())' "$1" REQUEST_METHOD=GET "${2-REQUEST_URI=$known}" "${3-LATCHKEY_PREFIX=}"
}

# with ISSUER: a worker that has this
n=0
with() {
	n=$((n + 1))
	other=$LK_DIR/data/other$n.sock
	issuer_was=$1
	shift
	serve_alone "$other" "$tmp/other.log" "LATCHKEY_TOKEN_ISSUER=$issuer_was" "$@"
}

# --- the document ---

api GET $known
is "$status $(header Content-Type)" '200 application/json' 'the metadata is JSON'
json_is .issuer "\"$issuer\"" 'the issuer is that of the settings'
json_is .token_endpoint "\"$issuer/oauth2/token\"" 'the token endpoint is below the issuer'
json_is .revocation_endpoint "\"$issuer/oauth2/revoke\"" 'the revocation endpoint is below the issuer'
json_is .response_types_supported '[]' 'there is no authorization endpoint, so no type of response'
json_is .introspection_endpoint "\"$issuer/oauth2/introspect\"" 'the introspection endpoint is below the issuer'
json_is .token_endpoint_auth_methods_supported '["client_secret_basic", "client_secret_post", "none"]' 'the ways to authenticate are named'
json_is .introspection_endpoint_auth_methods_supported '["client_secret_basic", "client_secret_post"]' 'to ask what a token is takes a secret'
like "$body" '"grant_types_supported":\[[^]]*"refresh_token"' 'the grant of a refresh token is named'
unlike "$body" 'jwks_uri' 'without pairs of keys no keys are named'
is "$(header Cache-Control)" 'public, max-age=60' 'anybody may keep the metadata, as long as the keys'
etag=$(header ETag)
like "$etag" '^"[A-Za-z0-9_-]{43}"$' 'the metadata has a tag'
for sent in "$etag" "\"x\", $etag" '*' "W/$etag"; do
	api GET $known -H "If-None-Match: $sent"
	is "$status $body" '304 ' "If-None-Match: $sent: the metadata has not changed"
done
is "$(header ETag), $(header Cache-Control)" "$etag, public, max-age=60" 'the 304 has the tag and the time'
for sent in '"x"' "${etag%?}x\""; do
	api GET $known -H "If-None-Match: $sent"
	is "$status" 200 "If-None-Match: $sent: the metadata is another one"
done
api HEAD $known
is "$status $body" '200 ' 'HEAD has no body'
api POST $known '{}'
is "$status $(header Allow)" '405 GET, HEAD' 'POST gets 405'
api GET "$known?issuer=http://evil.example" -H 'Host: localhost' -H 'X-Forwarded-Host: evil.example'
json_is .issuer "\"$issuer\"" 'no query and no header changes the issuer'
t/stack db-stop "$LK_DIR"
api GET $known
is "$status" 200 'the metadata needs no database'
t/stack db-start "$LK_DIR"
for path in $known/auth $known/ $known/x/y $known/%2e%2e $known/%00; do
	api GET "$path"
	like "$status" '^(307|400|404)$' "$path: an issuer without a path has no other metadata"
done

# --- the issuer, and what is none ---

for wanted in https://login.example.org https://login.example.org/ https://login.example.org/a http://localhost:8000; do
	with "$wanted"
	base=${wanted%/}
	like "$(fcgi "$other")" "^200 \{\"issuer\":\"$wanted\",\"token_endpoint\":\"$base/oauth2/token\"" "the issuer $wanted has metadata"
	kill "$alone"
done
for wanted in '' latchkey 'https:' 'https://' 'https:///x' 'https://a?b' 'https://a#b' 'ftp://a' 'HTTPS://a' '//a'; do
	with "$wanted"
	is "$(fcgi "$other")" '404 {"detail":"token_issuer is not set to a URL"}' "the issuer '$wanted' has no metadata: 404 says why"
	kill "$alone"
done

# --- with keys that others verify by ---

head -c 32 /dev/urandom | base64 >"$LK_DIR/data/secret"
chmod 600 "$LK_DIR/data/secret"
chown "$(stat -c %u "$LK_KEY")" "$LK_DIR/data/secret"
$LK_AS mkdir -m 750 "$LK_DIR/data/keys"
$LK_AS env LATCHKEY_KEY_DIR="$LK_DIR/data/keys" LATCHKEY_SECRET_FILE="$LK_DIR/data/secret" "$LK_BIN" -c "$LK_CONF" key new >"$tmp/out" 2>&1
ok $? 'a pair of keys is made' || diag "$(cat "$tmp/out")"
with https://login.example.org "LATCHKEY_KEY_DIR=$LK_DIR/data/keys" "LATCHKEY_SECRET_FILE=$LK_DIR/data/secret"
like "$(fcgi "$other")" '"jwks_uri":"https://login.example.org/.well-known/jwks.json"' 'with a pair the published keys are named'
kill "$alone"

# --- below a path ---

with https://example.org/auth
for prefix in '' /auth; do
	like "$(fcgi "$other" "REQUEST_URI=$prefix$known" "LATCHKEY_PREFIX=$prefix")" \
		'^200 .*"token_endpoint":"https://example.org/auth/oauth2/token"' "an issuer with a path, asked below '$prefix': the endpoints are below it, once"
done
like "$(fcgi "$other" "REQUEST_URI=$known/auth")" '^200 \{"issuer":"https://example.org/auth","token_endpoint":"https://example.org/auth/oauth2/token"' \
	'an issuer with a path has its metadata behind the well-known path, too, as RFC 8414 has it'
for path in auth2 aut x authx %2fauth Auth auth/x; do
	like "$(fcgi "$other" "REQUEST_URI=$known/$path")" '^404 ' "no metadata for an issuer with the path $path"
done
kill "$alone"
with https://example.org
like "$(fcgi "$other" "REQUEST_URI=/auth$known" LATCHKEY_PREFIX=/auth)" \
	'^200 \{"issuer":"https://example.org","token_endpoint":"https://example.org/auth/oauth2/token"' \
	'an issuer without a path, asked below a prefix: the endpoints are below that'
kill "$alone"

sed -i '
	s|^	#\(~^/auth/	/auth;\)|	\1|
	/^	#location \/auth\/ {/,/^	#}$/s/^	#/	/
' "$LK_DIR/nginx.site"
nginx_reload
api GET /auth$known
is "$status" 200 'the sample with its prefix has metadata below it'
json_is .token_endpoint "\"$issuer/auth/oauth2/token\"" 'the metadata below a prefix names endpoints below it'

# --- libraries ---

if command -v node >/dev/null && [ -d t/oauth/node_modules ]; then
	sign_up ada 'correct horse'
	for _ in 1 2 3; do
		api POST /token 'username=ada&password=correct+horse&scope=offline_access'
		printf '%s\n' "$body" | sed -n 's/.*"refresh_token":"\([^"]*\)".*/\1/p'
	done >"$tmp/tokens"
	# shellcheck disable=SC2046 # three words
	pass_on node t/oauth/metadata.mjs "$issuer" first-party $(cat "$tmp/tokens")
else
	skip 'libraries that find the endpoints' 'node or t/oauth/node_modules is not there'
fi

done_testing
