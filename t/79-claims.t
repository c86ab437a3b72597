#!/bin/sh
# Issuer, audience and kid of tokens, by which gateways find a key: there was
# none of them, and no setting for one. Times with a fraction are in t/44-jwt.t.
# shellcheck source=t/lib.sh
. t/lib.sh
issuer=https://login.example.org
stack_up hash_cost=1 accept_plain_tokens=true

# token HEADER CLAIMS: signed with our key; NOW is this second.
token() {
	python3 -c '
import base64, hmac, re, sys, time
key = open(sys.argv[1], "rb").read().rstrip(b"\n")
b64 = lambda x: base64.urlsafe_b64encode(x).rstrip(b"=").decode()
claims = re.sub(r"NOW([+-]\d+)?", lambda m: str(int(time.time()) + int(m[1] or 0)), sys.argv[3])
text = b64(sys.argv[2].encode()) + "." + b64(claims.encode())
print(text + "." + b64(hmac.new(key, text.encode(), "sha256").digest()))' "$LK_KEY" "$1" "$2"
}

# part TOKEN NUMBER: of it, as JSON.
part() {
	python3 -c '
import base64, sys
part = sys.argv[1].split(".")[int(sys.argv[2])]
print(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode())' "$1" "$2"
}

# asked TOKEN: what /users/me and /check say; twice, as a worker may know it by then.
asked() {
	for path in /users/me /check /users/me /check; do
		api GET $path -H "Authorization: Bearer $1"
		printf '%s ' "$status"
	done
}

check() {
	# shellcheck disable=SC2086 # words of a command
	$LK_AS env "$@" "$LK_BIN" -c "$LK_CONF" check 2>&1
}

# reload ISSUER AUDIENCE
reload() {
	sed "/^token_\(issuer\|audience\) = /d; \$a token_issuer = \"$1\"\ntoken_audience = $2" "$LK_CONF" >"$tmp/conf"
	cat "$tmp/conf" >"$LK_CONF"
	before=$(workers)
	kill -HUP "$(cat "$LK_SERVE")"
	retry 30 replaced
}

# No worker of the settings before is left.
replaced() {
	for worker in $before; do
		! kill -0 "$worker" 2>/dev/null || return 1
	done
}

head='{"alg":"HS256","typ":"JWT"}'
ours='"sub":"ada","exp":NOW+600,"iat":NOW,"uid":1,"jti":"x"'
good='200 200 200 200 '
bad='401 401 401 401 '

# --- none is set ---

sign_up ada 'correct horse'
log_in ada 'correct horse'
take_token
first=$token
kid=$(check | sed -n 's/^tokens: kid \([0-9a-f]\{8\}\)$/\1/p')
isnt "$kid" '' 'check prints the kid of the key'
is "$(part "$token" 0)" "{\"alg\":\"HS256\",\"kid\":\"$kid\",\"typ\":\"JWT\"}" 'a token names its key by the kid that check prints'
is "$kid" "$(printf 'latchkey\0kid\0' | openssl dgst -sha256 -mac HMAC \
	-macopt "hexkey:$(tr -d '\n' <"$LK_KEY" | od -An -v -tx1 | tr -d ' \n')" | sed 's/.*= \(.\{8\}\).*/\1/')" \
	'the kid is the beginning of a MAC'
unlike "$(part "$token" 1)" '"(iss|aud)"' 'a token names no issuer and no audience where none is set'
is "$(asked "$(token "$head" "{$ours}")")" "$good" 'a token from before there was a kid counts'
is "$(asked "$(token '{"alg":"HS256","kid":"other"}' "{$ours}")")" "$good" 'a token with another kid counts'
is "$(asked "$(token "$head" "{$ours,\"iss\":\"$issuer\"}")")" "$good" 'a token with an issuer counts where none is set'
is "$(asked "$(token "$head" "{$ours,\"aud\":\"todo\"}")")" "$bad" 'a token with an audience is refused where none is set'

# --- both are set ---

reload "$issuer" todo
ok $? 'issuer and audience are set by a reload'
is "$(asked "$first")" "$bad" 'a token from before the issuer was set is refused'
log_in ada 'correct horse'
take_token
like "$(part "$token" 1)" "^\{\"aud\":\"todo\",\"exp\":[0-9]+,\"iat\":[0-9]+,\"iss\":\"$issuer\"," 'a token names the issuer and the audience'
is "$(asked "$token")" "$good" 'a token with the issuer and the audience counts'
while IFS='	' read -r wanted claims title; do
	is "$(asked "$(token "$head" "{$claims}")")" "$wanted " "$title"
done <<E2
200 200 200 200	$ours,"iss":"$issuer","aud":["x","todo"]	a token for several audiences counts
200 200 200 200	"sub":"ada","exp":NOW+600,"iss":"$issuer","aud":"todo"	a plain token with the issuer and the audience counts
401 401 401 401	"sub":"ada","exp":NOW+600	a plain token without the issuer and the audience is refused
401 401 401 401	$ours,"aud":"todo"	a token without an issuer is refused where one is set
401 401 401 401	$ours,"iss":"$issuer"	a token without an audience is refused where one is set
401 401 401 401	$ours,"iss":"$issuer/","aud":"todo"	a token of another issuer is refused
401 401 401 401	$ours,"iss":"$issuer","aud":"todos"	a token for another audience is refused
401 401 401 401	$ours,"iss":"$issuer","aud":["x"]	a token for other audiences is refused
401 401 401 401	$ours,"iss":"$issuer","aud":["todo",5]	a token with an audience that is no text is refused
E2
is "$(check | grep '^tokens: kid')" "tokens: kid $kid, issuer (iss) $issuer, audience (aud) todo" 'check prints the issuer and the audience'
is "$(grep -c 'event=bug' "$LK_LOG")" 0 'no token of another issuer or audience is taken for a bug'
if python3 -c 'import jwt, jose' 2>/dev/null; then
	pass_on python3 t/tool/claims.py "$token" "$LK_KEY" "$kid" "$issuer" todo
else
	skip 'libraries that read tokens' 'python3-jwt and python3-jose are not there'
fi

# --- the settings ---

long=$(head -c 255 /dev/zero | tr '\0' x)
like "$(check LATCHKEY_TOKEN_ISSUER="$long" LATCHKEY_TOKEN_AUDIENCE="$long")" "issuer \(iss\) $long, audience \(aud\) $long$" 'issuer and audience may have 255 characters'
for name in ISSUER AUDIENCE; do
	like "$(check "LATCHKEY_TOKEN_$name=x$long")" 'must be UTF-8 of 0 to 255 bytes' "token_$name of 256 characters is refused"
	for value in 'two words' 'a"b' 'a\b' 'tab	' 'é'; do
		like "$(check "LATCHKEY_TOKEN_$name=$value")" 'must be a name such as https://login.example.org, without blanks' "token_$name = '$value' is refused, and what it must be is said"
	done
done
log_in ada 'correct horse'
is "$status" 200 'a login still gets a token'

done_testing
