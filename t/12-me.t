#!/bin/sh
# Current user, GET /users/me: the account of a token, and tokens that do not
# count.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 token_leeway_s=5 accept_plain_tokens=true

# token CLAIMS [HASH [HEADER]]: one signed by another tool, with our key.
token() {
	python3 -c '
import base64, hashlib, hmac, sys
key, claims, digest, head = sys.argv[1:]
b64 = lambda x: base64.urlsafe_b64encode(x).rstrip(b"=").decode()
key = open(key, "rb").read().rstrip(b"\n")
text = b64(head.encode()) + "." + b64(claims.encode())
print(text + "." + (b64(hmac.new(key, text.encode(), digest).digest()) if digest != "none" else ""))' \
		"$LK_KEY" "$1" "${2:-sha256}" "${3:-$hs256}"
}
hs256='{"alg":"HS256","typ":"JWT"}'

me() {
	api GET /users/me -H "Authorization: $1"
}

refused() {
	is "$status $body" '401 {"detail":"Could not validate credentials"}' "$1 gets 401"
	is "$(header WWW-Authenticate)" Bearer "$1: WWW-Authenticate is Bearer"
}

api POST /users/add_user/ '{"username":"ada","fullname":"Ada Lovelace","password":"correct horse"}'
api POST /token 'username=ada&password=correct+horse'
good=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
now=$(date +%s)
exp=$((now + 600))

me "Bearer $good"
is "$status $body" '200 {"username":"ada","fullname":"Ada Lovelace","id":1,"is_active":true}' 'a token shows its account'
is "$(header Cache-Control)" no-store 'the answer with an account may be kept by no cache'
me "bearer   $good"
is "$status" 200 'the scheme may be written bearer'
me "Bearer $(token "{\"sub\":\"ada\",\"exp\":$exp}")"
is "$status" 200 "a token of the FastAPI application's is good, with the same key"

api GET /users/me
refused 'no token'
for header in 'Bearer' 'Bearer ' 'Basic YTpi' "$good" "Token $good" "Bearer $good x" \
	"Bearer $good, Bearer $good" "Bearer ${good}x" "Bearer ${good%?}" 'Bearer ..' 'Bearer x'; do
	me "$header"
	refused "Authorization: $(printf '%s' "$header" | sed "s/$good/TOKEN/g; s/${good%?}/TOKEN cut short/")"
done
api GET /users/me -H "Authorization: Bearer $good" -H "Authorization: Bearer $good"
is "$status" 400 'two Authorization headers get 400'
api GET "/users/me?access_token=$good"
refused 'a token in the query'
api GET /users/me -H "Cookie: access_token=$good"
refused 'a token in a cookie'

me "Bearer $(token "{\"sub\":\"ada\",\"exp\":$((now - 60))}")"
refused 'an expired token'
me "Bearer $(token "{\"sub\":\"ada\",\"exp\":$(($(date +%s) - 1))}")"
is "$status" 200 'a token that expired within the leeway counts'
me "Bearer $(token "{\"sub\":\"ada\",\"exp\":$exp,\"nbf\":$((now + 300))}")"
refused 'a token that is not valid yet'
me "Bearer $(token "{\"sub\":\"ada\",\"exp\":$exp}" sha384 '{"alg":"HS384","typ":"JWT"}')"
refused 'a token signed with HS384'
me "Bearer $(token "{\"sub\":\"ada\",\"exp\":$exp}" sha512 '{"alg":"HS512","typ":"JWT"}')"
refused 'a token signed with HS512'
me "Bearer $(token "{\"sub\":\"ada\",\"exp\":$exp}" sha256 '{"alg":"RS256","typ":"JWT"}')"
refused 'a token whose header says RS256'
me "Bearer $(token "{\"sub\":\"ada\",\"exp\":$exp}" none '{"alg":"none","typ":"JWT"}')"
refused 'a token without a signature'
me "Bearer $(token "{\"sub\":\"nobody\",\"exp\":$exp}")"
refused 'a token of an account that never existed'
me "Bearer $(token "{\"sub\":\"ada\",\"exp\":$exp,\"uid\":2}")"
refused "a token with another account's number"

sql "update users set is_active = false where username = 'ada'"
me "Bearer $good"
refused 'a token of an inactive account'
# A check goes by the token alone.
checked() {
	api GET /check -H "Authorization: Bearer $good"
	is "$status" 200 "/check asks no database: $1"
}
checked 'the token of an inactive account counts'
sql "update users set is_active = null where username = 'ada'"
me "Bearer $good"
refused 'a token of an account whose is_active is NULL'
sql "update users set is_active = true where username = 'ada'"
me "Bearer $good"
is "$status" 200 'the token of an account made active again counts'
sql "delete from users where username = 'ada'"
me "Bearer $good"
refused 'the token of a deleted account'
checked 'the token of a deleted account counts until it expires'
api POST /users/add_user/ '{"username":"ada","password":"somebody else"}'
me "Bearer $good"
refused 'the token of a deleted account whose name is taken again'

done_testing
