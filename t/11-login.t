#!/bin/sh
# Login, POST /token: success, failures, and answers that do not tell why.
# shellcheck source=t/lib.sh
. t/lib.sh
needs cgi-fcgi mkpasswd
stack_up hash_cost=2 nginx_limits=off

# Header and claims of the token in $body, a line each.
claims() {
	printf '%s' "$body" | python3 -c '
import base64, json, sys
for part in json.load(sys.stdin)["access_token"].split(".")[:2]:
    print(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode())'
}

account ada 'correct horse'
account 홍길동 '활빈당 활빈당!'
account inactive password
account null-active password
account null-hash password
account broken password
account costly password
account at-limit password
account '  blanks ' ' blanks '
account cafe 'crème brûlée'
account raw password
account raw-bcrypt password
is "$(sql 'select count(*) from users')" 12 'the accounts are there'
decomposed=$(printf 'cre\314\200me bru\314\202le\314\201e')
sql "update users set is_active = false where username = 'inactive';
	update users set is_active = null where username = 'null-active';
	update users set password = null where username = 'null-hash';
	update users set password = 'plain' where username = 'broken';
	update users set password = '$(mkpasswd -m yescrypt -R 6 password)' where username = 'costly';
	update users set password = '$(mkpasswd -m yescrypt -R 5 password)' where username = 'at-limit';
	update users set password = '$(mkpasswd -m yescrypt -R 2 "$decomposed")' where username = 'raw';
	update users set password = '$(mkpasswd -m bcrypt -R 5 "$decomposed")' where username = 'raw-bcrypt'"

# --- it works ---

before=$(date +%s)
api POST /token 'username=ada&password=correct+horse'
after=$(date +%s)
is "$status" 200 'a name and its password get 200'
like "$body" '^\{"access_token":"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}","token_type":"bearer","expires_in":1800\}$' \
	"the answer is a bearer token, in the original's members"
is "$(header Content-Type), $(header Cache-Control)" 'application/json, no-store' 'a token may be kept by no cache'
is "$(claims | python3 -c '
import json, sys
head, claims = map(json.loads, sys.stdin)
before, after = map(int, sys.argv[1:])
assert sorted(head) == ["alg", "kid", "typ"] and head["alg"] == "HS256" and head["typ"] == "JWT", head
assert sorted(claims) == ["exp", "iat", "jti", "sid", "sub", "uid"], claims
assert claims["sub"] == "ada" and claims["uid"] == 1
assert before <= claims["iat"] <= after and claims["exp"] == claims["iat"] + 1800
assert len(claims["jti"]) == 32
print("good")' "$before" "$after")" good 'the claims of a token are the name, its number, half an hour, an id and its session'

token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
signed=$(printf '%s' "${token%.*}" | openssl dgst -sha256 -mac HMAC \
	-macopt "hexkey:$(tr -d '\n' <"$LK_KEY" | od -An -v -tx1 | tr -d ' \n')" -binary |
	base64 | tr '+/' '-_' | tr -d '=\n')
is "${token##*.}" "$signed" 'openssl makes the same signature with the key of the file'

api POST /token -F 'username=ada' -F 'password=correct horse'
is "$status" 200 'a multipart form logs in'
api POST /token 'grant_type=password&username=홍길동&password=활빈당 활빈당!&scope=&client_id=&client_secret='
is "$status" 200 'a form of UTF-8 that is not percent-encoded logs in'
api POST /token 'username=%ED%99%8D%EA%B8%B8%EB%8F%99&password=%ED%99%9C%EB%B9%88%EB%8B%B9%20%ED%99%9C%EB%B9%88%EB%8B%B9%21'
is "$status" 200 'a form of percent-encoded UTF-8 logs in'
is "$(claims | python3 -c 'import json, sys; print([json.loads(x) for x in sys.stdin][1]["sub"])')" 홍길동 \
	'the token of a name in UTF-8 holds it'
api POST /token 'username=at-limit&password=password'
is "$status" 200 'a stored hash may cost what hash_memory_max_mib allows'
api POST /token 'username=++blanks+&password=+blanks+'
is "$status" 200 'blanks around a name and a password are part of them'

# --- letters and their accents ---

composed='cr%C3%A8me+br%C3%BBl%C3%A9e' parts='cre%CC%80me+bru%CC%82le%CC%81e'
for password in "$composed" "$parts"; do
	api POST /token "username=cafe&password=$password"
	is "$status" 200 "a password with accents logs in however a keyboard sends them: $password"
done
api POST /token 'username=cafe&password=creme+brulee'
is "$status" 401 'a password without its accents gets 401'
for name in raw raw-bcrypt; do
	api POST /token "username=$name&password=$composed"
	is "$status" 401 "$name: a hash of the bytes as they came does not match other bytes"
	api POST /token "username=$name&password=$parts"
	is "$status" 200 "$name: a hash of the bytes as they came matches those bytes"
	api POST /token "username=$name&password=$composed"
	is "$status" 200 "$name: after that login composed accents match, too"
done
sql "update users set password = '$(mkpasswd -m yescrypt -R 2 "$decomposed")' where username = 'raw'"

# --- nobody can tell why not ---

api POST /token 'username=ada&password=wrong'
wrong="$status $body $(printf '%s' "$headers" | grep -iv '^date:')"
is "$status $body" '401 {"detail":"Incorrect username or password","error":"invalid_grant","error_description":"Incorrect username or password"}' \
	'a wrong password gets 401'
is "$(header WWW-Authenticate), $(header Cache-Control)" 'Bearer, no-store' 'a 401 names the scheme, and may be kept by no cache'
for name in nobody inactive null-active null-hash broken costly; do
	api POST /token "username=$name&password=password"
	is "$status $body $(printf '%s' "$headers" | grep -iv '^date:')" "$wrong" \
		"a login as $name gets the answer to a wrong password, byte by byte"
done
like "$(cat "$LK_LOG")" "event=login_failed user=$(sql "select id from users where username = 'costly'") reason=hash\$" \
	'the log reports a hash that costs more than is allowed'
api POST /token 'username=ADA&password=correct+horse'
is "$status" 401 'a name in another case gets 401'
api POST /token "username=$(head -c 9000 /dev/zero | tr '\0' x)&password=password"
is "$status" 401 'a name of 9000 bytes gets 401, as an unknown one'
api POST /token "username=ada&password=$(head -c 512 /dev/zero | tr '\0' x)"
is "$status" 401 'a password of 512 bytes gets 401, as a wrong one'

# --- what cannot be read ---

api POST /token 'username=ada&password=%ff%fe'
is "$status" 422 'a password that is not UTF-8 gets 422'
json_is '.detail[0].type' string_unicode 'a password that is not UTF-8 is answered with its error type'
api POST /token 'username=a%00da&password=correct+horse'
is "$status" 422 'a name with a NUL in it gets 422'
api POST /token 'username=ada&password=correct+horse%00x'
is "$status" 422 'a password with a NUL in it gets 422'
api POST /token 'x=%ff&username=ada&password=correct+horse'
is "$status" 200 'a field that is not read may hold anything'
api POST /token 'username=ada&password=x' -H 'Content-Type: multipart/form-data; boundary=x'
is "$status ${body%%,*}" '400 {"detail":"There was an error parsing the body"' 'a form that is not of its declared type gets 400'
api POST /token -F 'username=ada' -F "password=@$LK_CONF"
is "$status" 422 'a file in place of a password gets 422'
unlike "$body" 'database' 'a file in place of a password is not sent back'
# Fields that nobody reads may hold anything, as in the original; so may compared ones.
api POST /token 'username=홍길동&password=활빈당 활빈당!&scope=%00&client_id=%00&client_secret=a%00b'
is "$status" 200 'a NUL in a field that is not read does no harm'
for grant in '%00:\u0000' 'password%00:password\u0000' 'password%00x:password\u0000x' '%00password:\u0000password'; do
	api POST /token "grant_type=${grant%%:*}&username=x&password=x"
	is "$status $body" \
		'422 {"detail":[{"type":"string_pattern_mismatch","loc":["body","grant_type"],"msg":"String should match pattern '"'^password$'"'","input":"'"${grant#*:}"'","ctx":{"pattern":"^password$"}}],"error":"unsupported_grant_type","error_description":"grant_type: String should match pattern '"'^password$'"'"}' \
		"the grant type ${grant%%:*} gets 422"
done
api POST /token 'grant_type=refresh_token&client_secret=canary&password=canary'
is "$body" \
	'{"detail":[{"type":"string_pattern_mismatch","loc":["body","grant_type"],"msg":"String should match pattern '"'^password$'"'","input":"refresh_token","ctx":{"pattern":"^password$"}},{"type":"missing","loc":["body","username"],"msg":"Field required","input":null}],"error":"unsupported_grant_type","error_description":"grant_type: String should match pattern '"'^password$'"'"}' \
	'all errors of a form are answered at once, without a secret'
is "$(header Cache-Control)" no-store 'the answer with the errors of a form may be kept by no cache'

# --- the same work, counted ---

# A library put before the program, and later a limit of memory, is what the
# sanitizers cannot bear.
[ -z "${LK_SANITIZED-}" ] || done_testing

# All hashes that can be checked are of one kind; t/26-enumeration.t has others.
sql "delete from users where username = 'at-limit'"

# A worker of our own, whose calls of crypt_rn(3) are counted by a library put
# before libxcrypt; asked without nginx.
"${CC:-cc}" -D_GNU_SOURCE -shared -fPIC -o "$tmp/count.so" t/tool/count.c && chmod 644 "$tmp/count.so"
ok $? 'the counting library is built'
socket=$LK_DIR/data/counted.sock
serve_alone "$socket" "$tmp/counted" LD_PRELOAD="$tmp/count.so"
ok $? 'a worker with the counting library listens'

# ask NAME PASSWORD: the status, and the settings of the hashes that were made.
ask() {
	form="username=$1&password=$2"
	had=$(grep -c HASH "$tmp/counted")
	# shellcheck disable=SC2086
	printf '%s' "$form" | $LK_AS env REQUEST_METHOD=POST REQUEST_URI=/token \
		CONTENT_TYPE=application/x-www-form-urlencoded CONTENT_LENGTH=${#form} \
		cgi-fcgi -bind -connect "$socket" | head -n 1 | tr -d '\r\n'
	grep HASH "$tmp/counted" | tail -n "+$((had + 1))" | sed 's/^HASH/,/' | tr -d '\n'
}

# shellcheck disable=SC2016 # no variables
one=', $y$j85$'
is "$(ask ada correct+horse)" "Status: 200 OK$one" 'a login costs one hash'
for name in ada nobody inactive null-active null-hash broken costly; do
	is "$(ask $name wrong-password)" "Status: 401 Unauthorized$one" \
		"a failed login as $name costs one hash of the setting in force"
done
is "$(ask ada "$(head -c 600 /dev/zero | tr '\0' x)")" "Status: 401 Unauthorized$one" \
	'a login with a password that is too long costs one hash'
old=$(sql "select password from users where username = 'raw'")
is "$(ask raw "$parts")" "Status: 200 OK$one$one$one" 'a login that matches a hash of the bytes as they came costs a second hash, and a third that is stored'
is "$(ask raw "$parts")" "Status: 200 OK$one$one" 'after that login a password with separate accents costs two hashes'
is "$(ask raw "$composed")" "Status: 200 OK$one" 'after that login a composed password costs one hash'
sql "update users set password = '$old' where username = 'raw'"
for name in cafe raw nobody inactive null-active null-hash broken costly; do
	is "$(ask $name "${parts}x")" "Status: 401 Unauthorized$one$one" \
		"a failed login as $name with separate accents costs two hashes"
	is "$(ask $name "${composed}x")" "Status: 401 Unauthorized$one" "a failed login as $name with composed accents costs one hash"
done
is "$(ask nobody "$(printf 'e%%CC%%81%.0s' $(seq 596))")" "Status: 401 Unauthorized$one$one" \
	'a password of 1788 bytes with separate accents costs two hashes'
is "$(ask nobody "$(printf 'e%%CC%%81%.0s' $(seq 597))")" "Status: 401 Unauthorized$one" \
	'a password of 1791 bytes cannot be one, is not composed, and costs one hash'

# A change of the password looks at the current one with the same work, and
# makes a hash only if it is right.
token=$(curl -s "$LK_URL/token" -d 'username=ada&password=correct+horse' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
change() {
	form=$1
	had=$(grep -c HASH "$tmp/counted")
	# shellcheck disable=SC2086
	printf '%s' "$form" | $LK_AS env REQUEST_METHOD=POST REQUEST_URI=/users/me/password \
		CONTENT_TYPE=application/json CONTENT_LENGTH=${#form} HTTP_AUTHORIZATION="Bearer $token" \
		cgi-fcgi -bind -connect "$socket" | head -n 1 | tr -d '\r\n'
	grep HASH "$tmp/counted" | tail -n "+$((had + 1))" | sed 's/^HASH/,/' | tr -d '\n'
}
is "$(change '{"current":"wrong-password","new":"battery staple"}')" "Status: 400 Bad Request$one" \
	'a change with a wrong current password costs one hash'
is "$(change '{"current":"correct horse","new":"short"}')" 'Status: 422 Unprocessable Entity' \
	'a change to a password that is too short costs no hash'
is "$(change '{"current":"correct horse","new":"correct horse"}')" "Status: 200 OK$one$one" 'a change of the password costs two hashes'

# A change ends the token that asked for it.
token=$(curl -s "$LK_URL/token" -d 'username=ada&password=correct+horse' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

# --- not enough memory ---

# Cost 11 takes 1 GiB, of which this worker gets half. The owner of another account
# could be known by a cheaper hash, so there is one alone, then none.
sql "delete from users where id <> 1;
	update users set password = '\$y\$jFT\$/3IE/3IE/3IE/3IE/3IE//\$$(printf %43s '' | tr ' ' .)'"
socket=$LK_DIR/data/small.sock
serve_alone "$socket" "$tmp/counted" LATCHKEY_HASH_COST=11 LATCHKEY_HASH_MEMORY_MAX_MIB=1024 \
	prlimit --as=536870912
for _ in $(seq 11); do
	change '{"current":"correct horse","new":"battery staple"}'
	echo
done >"$tmp/changes"
is "$(sort "$tmp/changes" | uniq -c | tr -s ' ')" ' 11 Status: 503 Service Unavailable' \
	'a change for whose hash memory is lacking gets 503 each time, and counts as no guess'
sql 'truncate users'
for _ in $(seq 11); do
	ask nobody password
	echo
done >"$tmp/logins"
is "$(sort "$tmp/logins" | uniq -c | tr -s ' ')" ' 11 Status: 503 Service Unavailable' 'a login for whose hash memory is lacking gets 503 each time'
like "$(cat "$tmp/counted")" 'event=no_memory' 'the log reports the lack of memory for a hash'

done_testing
