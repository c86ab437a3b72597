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

sign_up ada 'correct horse'
sign_up 홍길동 '활빈당 활빈당!'
sign_up inactive password
sign_up null-active password
sign_up null-hash password
sign_up broken password
sign_up costly password
sign_up at-limit password
sign_up '  blanks ' ' blanks '
sign_up cafe 'crème brûlée'
sign_up raw password
sign_up raw-bcrypt password
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
is "$status" 200 'a name and its password get in'
like "$body" '^\{"access_token":"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}","token_type":"bearer"\}$' \
	'with a bearer token'
is "$(header Content-Type), $(header Cache-Control)" 'application/json, no-store' 'that no cache may keep'
is "$(claims | python3 -c '
import json, sys
head, claims = map(json.loads, sys.stdin)
before, after = map(int, sys.argv[1:])
assert head == {"alg": "HS256", "typ": "JWT"}, head
assert sorted(claims) == ["exp", "iat", "jti", "sub", "uid"], claims
assert claims["sub"] == "ada" and claims["uid"] == 1
assert before <= claims["iat"] <= after and claims["exp"] == claims["iat"] + 1800
assert len(claims["jti"]) == 32
print("good")' "$before" "$after")" good 'whose claims are the name, its number, half an hour and an id'

token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
signed=$(printf '%s' "${token%.*}" | openssl dgst -sha256 -mac HMAC \
	-macopt "hexkey:$(tr -d '\n' <"$LK_KEY" | od -An -v -tx1 | tr -d ' \n')" -binary |
	base64 | tr '+/' '-_' | tr -d '=\n')
is "${token##*.}" "$signed" 'openssl signs it alike with the key of the file'

api POST /token -F 'username=ada' -F 'password=correct horse'
is "$status" 200 'a multipart form gets in as well'
api POST /token 'grant_type=password&username=홍길동&password=활빈당 활빈당!&scope=&client_id=&client_secret='
is "$status" 200 'so does UTF-8 that is not percent-encoded'
api POST /token 'username=%ED%99%8D%EA%B8%B8%EB%8F%99&password=%ED%99%9C%EB%B9%88%EB%8B%B9%20%ED%99%9C%EB%B9%88%EB%8B%B9%21'
is "$status" 200 'and UTF-8 that is'
is "$(claims | python3 -c 'import json, sys; print([json.loads(x) for x in sys.stdin][1]["sub"])')" 홍길동 \
	'and the token holds the name'
api POST /token 'username=at-limit&password=password'
is "$status" 200 'a stored hash may cost what hash_memory_max_mib allows'
api POST /token 'username=++blanks+&password=+blanks+'
is "$status" 200 'blanks around a name and a password are part of them'

# --- letters and their accents ---

composed='cr%C3%A8me+br%C3%BBl%C3%A9e' parts='cre%CC%80me+bru%CC%82le%CC%81e'
for password in "$composed" "$parts"; do
	api POST /token "username=cafe&password=$password"
	is "$status" 200 "it does not matter how a keyboard sends an accent: $password"
done
api POST /token 'username=cafe&password=creme+brulee'
is "$status" 401 'but an accent matters'
for name in raw raw-bcrypt; do
	api POST /token "username=$name&password=$composed"
	is "$status" 401 "$name: of a hash that was made of the bytes as they came, other bytes are not the password"
	api POST /token "username=$name&password=$parts"
	is "$status" 200 "$name: those are"
	api POST /token "username=$name&password=$composed"
	is "$status" 200 "$name: and from then on it does not matter here either"
done
sql "update users set password = '$(mkpasswd -m yescrypt -R 2 "$decomposed")' where username = 'raw'"

# --- nobody can tell why not ---

api POST /token 'username=ada&password=wrong'
wrong="$status $body $(printf '%s' "$headers" | grep -iv '^date:')"
is "$status $body" '401 {"detail":"Incorrect username or password"}' 'a wrong password does not get in'
is "$(header WWW-Authenticate), $(header Cache-Control)" 'Bearer, no-store' 'and is told how one does'
for name in nobody inactive null-active null-hash broken costly; do
	api POST /token "username=$name&password=password"
	is "$status $body $(printf '%s' "$headers" | grep -iv '^date:')" "$wrong" \
		"$name gets the same answer, byte by byte"
done
like "$(cat "$LK_LOG")" "event=login_failed user=$(sql "select id from users where username = 'costly'") reason=hash\$" \
	'but the log tells of a hash that costs more than is allowed'
api POST /token 'username=ADA&password=correct+horse'
is "$status" 401 'names are compared by case'
api POST /token "username=$(head -c 9000 /dev/zero | tr '\0' x)&password=password"
is "$status" 401 'a name that no account can have is an unknown one'
api POST /token "username=ada&password=$(head -c 512 /dev/zero | tr '\0' x)"
is "$status" 401 'a password that none can have is a wrong one'

# --- what cannot be read ---

api POST /token 'username=ada&password=%ff%fe'
is "$status" 422 'a password that is not UTF-8 is refused'
json_is '.detail[0].type' string_unicode 'with the reason'
api POST /token 'username=a%00da&password=correct+horse'
is "$status" 422 'a NUL does not end a name'
api POST /token 'username=ada&password=correct+horse%00x'
is "$status" 422 'a NUL does not end a password'
api POST /token 'x=%ff&username=ada&password=correct+horse'
is "$status" 200 'a field that nobody reads may hold anything'
api POST /token 'username=ada&password=x' -H 'Content-Type: multipart/form-data; boundary=x'
is "$status $body" '400 {"detail":"There was an error parsing the body"}' 'a form that is not of its type is refused'
api POST /token -F 'username=ada' -F "password=@$LK_CONF"
is "$status" 422 'a file is no password'
unlike "$body" 'database' 'and is not sent back'
# What nobody reads may hold anything, as in the original; what is compared too.
api POST /token 'username=홍길동&password=활빈당 활빈당!&scope=%00&client_id=%00&client_secret=a%00b'
is "$status" 200 'a NUL where nothing is read from does no harm'
for grant in '%00:\u0000' 'password%00:password\u0000' 'password%00x:password\u0000x' '%00password:\u0000password'; do
	api POST /token "grant_type=${grant%%:*}&username=x&password=x"
	is "$status $body" \
		'422 {"detail":[{"type":"string_pattern_mismatch","loc":["body","grant_type"],"msg":"String should match pattern '"'^password$'"'","input":"'"${grant#*:}"'","ctx":{"pattern":"^password$"}}]}' \
		"$grant is no grant type"
done
api POST /token 'grant_type=refresh_token&client_secret=canary&password=canary'
is "$body" \
	'{"detail":[{"type":"string_pattern_mismatch","loc":["body","grant_type"],"msg":"String should match pattern '"'^password$'"'","input":"refresh_token","ctx":{"pattern":"^password$"}},{"type":"missing","loc":["body","username"],"msg":"Field required","input":null}]}' \
	'all that is wrong is told at once, but no secret'
is "$(header Cache-Control)" no-store 'and no cache may keep it'

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
ok $? 'a worker listens on a socket path of its own'

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
is "$(ask ada correct+horse)" "Status: 200 OK$one" 'a login is one hash'
for name in ada nobody inactive null-active null-hash broken costly; do
	is "$(ask $name wrong-password)" "Status: 401 Unauthorized$one" \
		"a failed login as $name is one hash of today's setting"
done
is "$(ask ada "$(head -c 600 /dev/zero | tr '\0' x)")" "Status: 401 Unauthorized$one" \
	'so is one with a password that is too long'
old=$(sql "select password from users where username = 'raw'")
is "$(ask raw "$parts")" "Status: 200 OK$one$one$one" 'a hash of the bytes as they came is found by a second hash, and made anew'
is "$(ask raw "$parts")" "Status: 200 OK$one$one" 'then a password in parts is two, its right form and the bytes'
is "$(ask raw "$composed")" "Status: 200 OK$one" 'and in its right form one'
sql "update users set password = '$old' where username = 'raw'"
for name in cafe raw nobody inactive null-active null-hash broken costly; do
	is "$(ask $name "${parts}x")" "Status: 401 Unauthorized$one$one" \
		"a failed login as $name with a password in parts is two"
	is "$(ask $name "${composed}x")" "Status: 401 Unauthorized$one" 'and in its right form one'
done
is "$(ask nobody "$(printf 'e%%CC%%81%.0s' $(seq 596))")" "Status: 401 Unauthorized$one$one" \
	'so is one of 1788 bytes in parts'
is "$(ask nobody "$(printf 'e%%CC%%81%.0s' $(seq 597))")" "Status: 401 Unauthorized$one" \
	'one of 1791 can be no password and is not put together'

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
	'a wrong current password is one hash, as a login with it is'
is "$(change '{"current":"correct horse","new":"short"}')" 'Status: 422 Unprocessable Entity' \
	'a new one that cannot be is none'
is "$(change '{"current":"correct horse","new":"correct horse"}')" "Status: 200 OK$one$one" 'a change is two'

# A change ends the token that asked for it.
token=$(curl -s "$LK_URL/token" -d 'username=ada&password=correct+horse' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

# --- not enough memory ---

# Cost 11 takes 1 GiB, of which this worker gets half. Whoever has another
# account could be told by a cheaper hash, so there is one alone, then none.
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
	'a change for whose hash there is no memory is a 503, however often: it is no guess'
sql 'truncate users'
for _ in $(seq 11); do
	ask nobody password
	echo
done >"$tmp/logins"
is "$(sort "$tmp/logins" | uniq -c | tr -s ' ')" ' 11 Status: 503 Service Unavailable' 'and so is a login'
like "$(cat "$tmp/counted")" 'event=no_memory' 'not a wrong password, and the log says so'

done_testing
