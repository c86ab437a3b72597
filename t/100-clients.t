#!/bin/sh
# Clients of /oauth2/: their table and command, authentication, tokens of their own,
# the password grant, which nginx hands over to the login lane, introspection, and
# revocation.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 nginx_limits=off refresh_grace_s=2 token_issuer=https://auth.example token_audience=web

# client WORD...: the command; its status in $code, its output in $out, and $said.
client() {
	$LK_AS "$LK_BIN" -c "$LK_CONF" client "$@" >"$tmp/out" 2>"$tmp/said"
	code=$? out=$(cat "$tmp/out") said=$(cat "$tmp/said")
}

secret_of() {
	sed -n 's/^secret	//p' "$tmp/out"
}

# --- the command ---

sign_up ada 'correct horse'
client list
is "$code $out" '0 first-party	built in	enabled	password refresh_token' 'without clients the list has the built-in one'
client add -s 'orders:read orders:write' -a api svc 'Night run'
is "$code $(head -n 1 "$tmp/out")" '0 svc' 'a client is added'
secret=$(secret_of)
like "$secret" '^[A-Za-z0-9_-]{43}$' 'the secret of a client is 256 random bits'
is "$(sql "select secret from latchkey_client")" "$(printf %s "$secret" | sha256sum | cut -d ' ' -f 1)" \
	'the table has the SHA-256 of the secret'
client list
is "$out" "first-party	built in	enabled	password refresh_token
svc	Night run	enabled	client_credentials" 'the list has the client'
client show svc
like "$(echo "$out" | tr '\n' ' ')" '^svc	Night run	enabled	client_credentials scopes: orders:read orders:write audience: api added 20[0-9-]*T[0-9:]*Z $' \
	'a client is shown'
unlike "$out" "$secret" 'a client is shown without its secret'

# check [VARIABLE=VALUE...]: what latchkey check warns of
check() {
	$LK_AS env LATCHKEY_DB_TIMEOUT_MS=30000 "$@" "$LK_BIN" -c "$LK_CONF" check 2>&1 | grep '^latchkey: warning'
}
unlike "$(check)" 'RFC 9068' 'check is content with tokens of clients that name issuer and audience'
unlike "$(check LATCHKEY_TOKEN_AUDIENCE=)" 'RFC 9068' "check is content with a client's own audience"
like "$(check LATCHKEY_TOKEN_ISSUER=)" \
	'^latchkey: warning: tokens of clients lack the claim iss or aud, which RFC 9068 wants: set token_issuer and token_audience$' \
	'check warns of tokens of clients without an issuer'
client add plain
like "$(check LATCHKEY_TOKEN_AUDIENCE=)" 'RFC 9068' 'check warns of tokens of clients without an audience'
client disable plain
unlike "$(check LATCHKEY_TOKEN_AUDIENCE=)" 'RFC 9068' 'check does not warn of a client that gets no tokens'
sql "delete from latchkey_client where client_id = 'plain'" >/dev/null
client show none
is "$code $said" '1 latchkey: no such client; latchkey client list shows all' 'a client that is unknown is not shown'
client add svc
is "$code" 1 'a client is not added twice'
client add ada
like "$code $said" '^1 .*account' 'a client does not get the name of an account'
client add first-party
is "$code" 1 'the name of the built-in client is taken'
sign_up svc 'correct horse'
is "$status" 400 'nobody signs up with the id of a client'
$LK_AS "$LK_BIN" -c "$LK_CONF" user rename ada svc >/dev/null 2>&1
is $? 1 'no account is renamed to the id of a client'
for action in disable enable 'rotate-secret'; do
	client $action first-party
	is "$code" 1 "the built-in client is what it is: $action"
	client $action none
	is "$code" 1 "a client that is unknown: $action"
done
for words in 'add' 'list x' 'show' 'show a b' 'add -x y a' 'add -g' 'rotate-secret -x svc' 'delete svc' 'add a b c'; do
	# shellcheck disable=SC2086 # words
	client $words
	is "$code" 2 "client $words is told how it is used"
done
n() {
	printf "%$1s" '' | tr ' ' "$2"
}
client add "$(n 64 i)" "$(n 256 n)"
is "$code" 0 'the longest id and name are accepted'
client add "$(n 65 i)"
is "$code" 1 'an id of one character more is refused'
client add long "$(n 257 n)"
is "$code" 1 'a name of one byte more is refused'
client add -s "$(n 255 a) $(n 256 b)" -a "$(n 256 a)" long
is "$code" 0 'the longest scopes and audience are accepted'
long_secret=$(secret_of)
client add -s "$(n 256 a) $(n 256 b)" long2
is "$code" 1 'scopes of one byte more are refused'
client add -a "$(n 257 a)" long2
is "$code" 1 'an audience of one byte more is refused'
for id in 'a b' 'a:b' 'ä' 'a/b' "$(printf 'a\nb')"; do
	client add "$id"
	is "$code" 1 "an id with other characters is refused: $(echo "$id" | tr '\n' ' ')"
done
client add -g 'client_credentials implicit' x
is "$code" 1 'an unknown grant is refused'
client add -g '' x
is "$code" 1 'a client without a grant is refused'
for scopes in ' a' 'a  b' 'a ' 'a"b' 'a\b' 'ä' 'offline_access'; do
	client add -s "$scopes" x
	is "$code" 1 "scopes of another form are refused: $scopes"
done
is "$(sql "select count(*) from latchkey_client")" 3 'nothing of what was refused is in the table'

client add -g 'client_credentials password refresh_token' -s read app
app=$(secret_of)
client add -g 'password' pw
pw=$(secret_of)
client add rs
rs=$(secret_of)
client add -a api api
api=$(secret_of)
client add -g 'refresh_token password' other
other=$(secret_of)

# --- requests ---

pass_on python3 -B t/tool/oauth2.py "$LK_URL" "svc:$secret" "app:$app" "pw:$pw" "rs:$rs" "api:$api" "other:$other" "long:$long_secret"

# --- what an operator does ---

# token ID SECRET: asks; for what an operator did a second is let pass.
token() {
	api POST /oauth2/token "grant_type=client_credentials&client_id=$1&client_secret=$2"
}

gets() {
	token "$2" "$3"
	[ "$status" = "$1" ]
}

client disable svc
like "$code $out" '^0 svc	Night run	disabled' 'a client is disabled'
retry 2 gets 401 svc "$secret"
ok $? 'a disabled client gets no token within a second'
json_is .error invalid_client 'a disabled client is invalid_client'
client enable svc
retry 2 gets 200 svc "$secret"
ok $? 'a client that is enabled again gets tokens'
client rotate-secret svc
second=$(secret_of)
isnt "$second" "$secret" 'a rotation makes another secret'
gets 200 svc "$secret"
ok $? 'during a rotation the secret before counts'
retry 2 gets 200 svc "$second"
ok $? 'during a rotation the new secret counts'
client show svc
like "$out" 'the secret before counts until 20' 'a client in a rotation is shown with its end'
client rotate-secret svc
like "$code $said" '^1 .*-n' 'a third secret is refused, and the way out is told'
sql "update latchkey_client set old_until = now() where client_id = 'svc'" >/dev/null
retry 2 gets 401 svc "$secret"
ok $? 'after a rotation the secret before is refused'
gets 200 svc "$second"
ok $? 'after a rotation the new secret counts'
client rotate-secret svc
third=$(secret_of)
client rotate-secret -n svc
fourth=$(secret_of)
retry 2 gets 200 svc "$fourth"
ok $? 'a rotation at once makes a secret that counts'
for old in "$second" "$third"; do
	retry 2 gets 401 svc "$old"
	ok $? 'a rotation at once ends the others'
done

# --- what is left behind ---

for s in "$secret" "$app" "$second" "$fourth"; do
	unlike "$(cat "$LK_LOG" "$LK_LOGS"/* 2>/dev/null)" "$s" 'no log has the secret of a client'
done
like "$(cat "$LK_LOG")" 'event=client_token client=1$' 'the log names the client that got a token by its number'
like "$(cat "$LK_LOG")" 'event=client_refused' 'the log tells of refused clients'
ops GET /metrics
like "$body" 'latchkey_client_tokens_total\{outcome="ok"\} [1-9]' 'the metrics count tokens of clients'
like "$body" 'latchkey_client_tokens_total\{outcome="refused"\} [1-9]' 'the metrics count refused clients'

t/stack db-stop "$LK_DIR"
sleep 1.1	# what is kept of a client, is kept for a second
token svc "$fourth"
is "$status" 503 'without the database no client can be known'
json_is .error temporarily_unavailable 'without the database the answer has an error of OAuth'

done_testing
