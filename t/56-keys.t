#!/bin/sh
# Keys of tokens that are pairs: the command that makes and changes them, tokens of
# each algorithm, the set of published keys, and what each process holds.
# shellcheck disable=SC2154 # token_ES256 and so on are set by eval
# shellcheck source=t/lib.sh
. t/lib.sh
needs cgi-fcgi
stack_up hash_cost=1 nginx_limits=off jwks_max_age_s=1 workers=1
supervisor=$(cat "$LK_SERVE")
keys=$LK_DIR/data/keys

key() {
	said=$($LK_AS "$LK_BIN" -c "$LK_CONF" key "$@" 2>&1)
}
set_to() {
	sed -i "s|^$1 = .*|$1 = \"$2\"|" "$LK_CONF"
}
ready() {
	[ "$(grep -c 'event=ready' "$LK_LOG")" -gt "$before" ]
}
old_are_gone() {
	[ "$(pgrep -P "$supervisor" | sort | comm -12 - "$tmp/old" | wc -l)" = 0 ]
}
reload() {
	before=$(grep -c 'event=ready' "$LK_LOG")
	pgrep -P "$supervisor" | sort >"$tmp/old"
	kill -HUP "$supervisor"
	retry 30 ready && retry 30 old_are_gone
}
kept() {
	[ "$(grep -c 'event=reload result=kept' "$LK_LOG")" -gt "$before" ]
}
log_in_ada() {
	api POST /token 'username=ada&password=correct-horse'
	take_token
}
# head_of TOKEN MEMBER
head_of() {
	printf '%s' "$1" | cut -d . -f 1 | python3 -c 'import base64, json, sys
text = sys.stdin.read().strip()
print(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))).get(sys.argv[1], ""))' "$2"
}
signs_with() {
	log_in_ada
	[ "$(head_of "$token" alg)" = "$1" ]
}
kid_of() {
	key list
	printf '%s\n' "$said" | awk -F '\t' -v alg="$1" '$2 == alg { print $1; exit }'
}

api POST /users/add_user/ '{"username":"ada","password":"correct-horse"}'
log_in_ada
old=$token
is "$(head_of "$old" alg)" HS256 'without key_dir tokens are signed with HS256'
api GET /.well-known/jwks.json
is "$status $body" '200 {"keys":[]}' 'a key of HS256 is not published'

# --- what has to be set before ---

key new
is $? 1 'no pair is made without a directory'
like "$said" 'set key_dir' 'the command says that key_dir is missing'
set_to key_dir "$keys"
key new
like "$said" 'make it with: install -d' 'the command says how to make the directory'
$LK_AS mkdir -m 750 "$keys"
key new
like "$said" 'cp -p .*secret, set secret_file' 'no pair is made while other secrets depend on key_file, and the cure is said'
$LK_AS cp -p "$LK_KEY" "$LK_DIR/data/secret"
set_to secret_file "$LK_DIR/data/secret"
key new HS256
like "$said" 'no such algorithm: HS256; ES256, EdDSA or RS256' 'a pair is of one of three algorithms'

# --- a pair of each ---

for alg in ES256 EdDSA RS256; do
	key new $alg
	is $? 0 "a pair of $alg is made" || diag "$said"
	like "$said" "^[A-Za-z0-9_-]{43}	$alg	next" "a new pair of $alg is next"
done
is "$(stat -c %a "$keys"/*.pem "$keys/keys" | sort -u)" 640 'files of pairs can be read by their owner and group alone'
is "$(find "$keys" -name '.*' -type f)" '' 'no temporary file is left'
key list
is "$(printf '%s\n' "$said" | cut -f 2,3 | tr '\t\n' ' /')" 'HS256 active/ES256 next/EdDSA next/RS256 next/' 'key list has all keys with their states'
$LK_AS "$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>&1
ok $? 'latchkey check takes the pairs' || diag "$(cat "$tmp/out")"
reload
ok $? 'pairs are taken over by a reload'

# --- the published set ---

api GET /.well-known/jwks.json
printf '%s' "$body" >"$tmp/jwks"
is "$status $(header Content-Type)" '200 application/jwk-set+json' 'jwks: the set is served'
like "$(header Cache-Control)" '^public, max-age=1$' 'jwks: the set may be kept for jwks_max_age_s'
etag=$(header ETag)
like "$etag" '^"[A-Za-z0-9_-]{43}"$' 'jwks: the set has a tag'
is "$(python3 - "$tmp/jwks" <<'P'
import base64, hashlib, json, sys
wanted = {"EC": {"crv", "kty", "x", "y"}, "OKP": {"crv", "kty", "x"}, "RSA": {"e", "kty", "n"}}
for key in json.load(open(sys.argv[1]))["keys"]:
    assert set(key) == wanted[key["kty"]] | {"alg", "kid", "use"} and key["use"] == "sig", key
    required = {name: key[name] for name in wanted[key["kty"]]}
    text = json.dumps(required, separators=(",", ":"), sort_keys=True).encode()
    assert base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode() == key["kid"], key
    print(key["alg"], end=" ")
P
)" 'ES256 EdDSA RS256 ' 'jwks: each key has public members alone, and its thumbprint as kid'
api GET /.well-known/jwks.json -H "If-None-Match: $etag"
is "$status $body" '304 ' 'jwks: a client that has the set gets no other'
is "$(header ETag)" "$etag" 'jwks: the answer to it has the tag'
api GET /.well-known/jwks.json -H 'If-None-Match: "another"'
is "$status" 200 'jwks: a client that has another set gets this one'

# --- states ---

log_in_ada
is "$(head_of "$token" alg)" HS256 'a key that is next does not sign'
key activate "$(kid_of EdDSA)x"
like "$said" 'no such key' 'a kid that is none is not activated'
for alg in RS256 EdDSA ES256; do
	key activate "$(kid_of $alg)"
	is $? 0 "the pair of $alg is activated" || diag "$said"
	reload
	retry 5 signs_with $alg
	ok $? "tokens are then signed with $alg"
	is "$(head_of "$token" kid)" "$(kid_of $alg)" "a token by $alg names its key"
	check_token "$token"
	is "$status" 200 "a token by $alg counts"
	eval "token_$alg=\$token"
done
key activate "$(kid_of ES256)"
like "$said" 'has been activated' 'a key is activated once'
key activate
like "$said" 'no key is next; make one' 'without a next key none is activated'
key list
is "$(printf '%s\n' "$said" | sed 's/, .*//' | cut -f 2,3 | tr '\t\n' ' /')" 'HS256 retiring/ES256 active/EdDSA retiring/RS256 retiring/' 'keys that signed before are retiring'
like "$said" 'RS256	retiring, verifies until 20[0-9-]+T[0-9:]+Z' 'the list says until when a retiring key verifies'
for alg in RS256 EdDSA; do
	eval "check_token \"\$token_$alg\""
	is "$status" 200 "a token by the retiring key of $alg counts"
done
check_token "$old"
is "$status" 200 'a token by key_file counts beside pairs'

# As doc/applications.md has it for PyJWT.
cat >"$tmp/application.py" <<'P'
import re
import sys
import textwrap
url, token = sys.argv[1:]
with open("doc/applications.md") as file:
    lines = file.read().split("```")[0]
block = re.search(r"(?m)^    import jwt\n(?:    .*\n|\n)+", lines)[0]
exec(textwrap.dedent(block.replace("https://app.example.org", url)))
print(read(token)["sub"])
P
if python3 -c 'import jwt' 2>/dev/null; then
	is "$(python3 "$tmp/application.py" "$LK_URL" "$token_ES256" 2>&1 | tail -n 1)" ada 'the application of doc/applications.md reads a token by the published keys'
	like "$(python3 "$tmp/application.py" "$LK_URL" "$token_EdDSA" 2>&1 | tail -n 1)" 'InvalidAlgorithmError' 'the application of doc/applications.md accepts no other algorithm'
else
	skip 'an application reads tokens by the published keys' 'python3-jwt is not there'
fi

# --- attacks ---

export LK_SOCKET_API LK_SOCKET_CHECK
before=$(workers '(api|check)' | xargs)
PYTHONPATH=t/tool python3 -B t/tool/keys.py "$keys" "$LK_KEY" "$tmp/jwks" "$token_ES256" >"$tmp/results"
ok $? 'every token was sent'
# one line for each would be 900 alike
awk -F '\t' '$1 != $2' "$tmp/results" >"$tmp/wrong"
is "$(cat "$tmp/wrong")" '' 'each algorithm, under each name, with each kind of key, and signatures that are almost one are refused'
[ "$(wc -l <"$tmp/results")" -gt 700 ]
ok $? 'more than 700 forged tokens were tried' || wc -l <"$tmp/results"
is "$(workers '(api|check)' | xargs)" "$before" 'no worker ends of forged tokens'
is "$(grep -cE 'level=error|event=(bug|worker_ended)' "$LK_LOG")" 0 'no worker logs an error of forged tokens'

# --- without a secret in the ring ---

set_to key_file ''
reload
ok $? 'key_file can be empty beside a pair that signs'
check_token "$old"
is "$status" 401 'tokens of key_file then end'
check_token "$token_ES256"
is "$status" 200 'tokens of a pair go on counting'

# "NAME HEX" of the private numbers of each pair, as they are and in PEM: a part of
# each, so that the search takes no minutes.
patterns() {
	python3 - "$keys"/*.pem <<'P'
import sys
from cryptography.hazmat.primitives import serialization
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        text = file.read()
    key = serialization.load_pem_private_key(text, None)
    print("pem", text[text.index(b"KEY-----\n") + 57:][:22].hex())
    raw = serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    if hasattr(key, "private_bytes_raw") or "Ed25519" in type(key).__name__:
        print("parsed", key.private_bytes(*raw)[:22].hex())
        continue
    numbers = key.private_numbers()
    for number in [numbers.p, numbers.q, numbers.d] if hasattr(numbers, "p") else [numbers.private_value]:
        n = number.to_bytes((number.bit_length() + 7) // 8, "big")
        print("parsed", n[:22].hex())
        print("parsed", n[::-1][:22].hex())
P
}
holds() {
	python3 t/tool/scan.py "$1" <"$tmp/patterns" | sort -u | tr '\n' ' '
}
if [ "$(id -u)" = 0 ]; then
	patterns >"$tmp/patterns"
	log_in_ada
	check_token "$token"
	is "$status" 200 'a check worker has verified a token'
	is "$(holds "$supervisor")" 'pem ' 'the supervisor holds pairs as files have them, and parses no private half'
	for pid in $(pgrep -x latchkey-check -P "$supervisor") $(pgrep -x latchkey-keeper -P "$supervisor"); do
		is "$(holds "$pid")" '' 'check workers and the keeper hold public halves alone'
	done
	for lane in api login; do
		for pid in $(pgrep -x "latchkey-$lane" -P "$supervisor"); do
			is "$(holds "$pid")" 'parsed ' "workers of the lane $lane hold private halves, which they sign with"
		done
	done
else
	echo '# not root: the memory of the processes is not looked at'
fi

# --- keys that are retired ---

key retire "$(kid_of ES256)"
like "$said" 'it signs: .*first do: latchkey key new' 'the only key that signs is not retired'
key retire "$(kid_of RS256)"
is $? 0 'a retiring key can be retired at once'
reload
check_token "$token_RS256"
is "$status" 401 'tokens of a retired key end'
api GET /.well-known/jwks.json
unlike "$body" RS256 'jwks: a retired key is not published'
# one that was stolen
stolen=$(kid_of ES256)
key new EdDSA
made=$(printf '%s\n' "$said" | awk -F '\t' 'NF == 3 { print $1 }')
key activate "$made"
key retire "$stolen"
is $? 0 'a key that signs is retired once it has a successor' || diag "$said"
reload
check_token "$token_ES256"
is "$status" 401 'tokens of a stolen key end'
log_in_ada
is "$(head_of "$token" kid)" "$made" 'the successor of a stolen key signs at once'

# --- keys that wait for their time ---

# activate SECONDS KID: where applications may keep the published keys for so long
activate() {
	said=$($LK_AS env LATCHKEY_JWKS_MAX_AGE_S="$1" "$LK_BIN" -c "$LK_CONF" key activate "$2" 2>&1)
}
# state KID
state() {
	key list
	printf '%s\n' "$said" | awk -F '\t' -v kid="$1" '$1 == kid { print $3 }'
}
make_key() {
	key new EdDSA
	said=$(printf '%s\n' "$said" | awk -F '\t' 'NF == 3 { print $1 }')
}
make_key
first=$said
make_key
second=$said
activate 7200 "$first"
until=$(state "$made")
like "$until" '^active, verifies until ' 'the key that signs verifies until its last token has expired'
activate 86400 "$second"
key retire "$first"
is $? 0 'a key that waits can be retired' || diag "$said"
like "$(state "$second")" '^next, signs from ' 'the key that waits behind it goes on to wait'
like "$(state "$made")" '^active, verifies until ' 'the key that signs goes on to sign'
isnt "$(state "$made")" "$until" 'the key that signs verifies longer, since the next one comes later'
key retire "$second"
is "$? $(state "$made")" '0 active' 'the key that signs verifies without end when none is to follow'
make_key
first=$said
make_key
second=$said
activate 86400 "$first"
activate 7200 "$second"
like "$said" "is next again: $first" 'a key that was to sign later than the one that is activated is named'
is "$(state "$first")" next 'a key that was to sign later than the one that is activated is next again'
like "$(state "$second")" '^next, signs from [^,]*$' 'the key that was activated last verifies without end'
key retire "$first" && key retire "$second"
is "$? $(state "$made")" '0 active' 'of keys that waited none is left'
make_key
first=$said
make_key
second=$said
activate 3600 "$second"
activate 86400 "$first"
key retire "$made"
is $? 0 'a key that signs is retired while two wait' || diag "$said"
like "$(state "$second")" '^active' 'the key signs that was to sign first, wherever in the list it is'
like "$(state "$first")" '^next, signs from ' 'the key that was to sign last waits on'
key retire "$first"
is "$? $(state "$second")" '0 active' 'of two keys that waited the one that signs is left'
made=$second

# --- files that are not as they were ---

# bad WHAT WHY: neither check nor a reload takes it.
bad() {
	said=$($LK_AS timeout 20 "$LK_BIN" -c "$LK_CONF" check 2>&1)
	is $? 1 "latchkey check fails with $1"
	like "$said" "$2" "latchkey check says what is wrong with $1"
	before=$(grep -c 'event=reload result=kept' "$LK_LOG")
	kill -HUP "$supervisor"
	retry 10 kept
	ok $? "a reload is refused with $1"
	rm -rf "$keys"
	cp -a "$tmp/keys" "$keys"
}
cp -a "$keys" "$tmp/keys"
chmod 644 "$keys/$made.pem"
bad 'a pair that others can read' 'others cannot read'
rm "$keys/$made.pem"
bad 'a pair that is missing' 'no such file; copy the directory'
head -c 100 "$tmp/keys/$made.pem" >"$keys/$made.pem"
bad 'a pair that is cut short' 'is not the EdDSA key of its name'
head -c 150 "$tmp/keys/keys" >"$keys/keys"
bad 'a list that is cut short' 'is not what latchkey key writes'
sed -i 's/EdDSA/ES256/' "$keys/keys"
bad 'a pair of another algorithm' 'is not the ES256 key of its name'
sed -i 's/EdDSA/HS256/' "$keys/keys"
bad 'a pair as a secret' 'is not what latchkey key writes'
sed -i "s|^$made|../../../../../../../../../tmp/../etc/passwd0000|" "$keys/keys"
bad 'a kid that is a path' 'is not what latchkey key writes'
rm "$keys/keys"
bad 'no list, and no key_file' 'no key signs tokens: set key_file, or key_dir and make one'

done_testing
