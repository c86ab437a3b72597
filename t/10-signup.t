#!/bin/sh
# Sign-up, POST /users/add_user/: accepted and refused accounts, and what is
# stored.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 nginx_limits=off

add=/users/add_user/

# repeat N TEXT
repeat() {
	printf "%$1s" '' | sed "s/ /$2/g"
}

# fault TYPE FIELD TITLE: the answer lists this one fault.
fault() {
	is "$status" 422 "$3: 422"
	json_is '.detail[0].type' "$1" "$3: the error's type is $1"
	json_is '.detail[0].loc' "[\"body\", \"$2\"]" "$3: the error names the field $2"
}

# --- it works ---

api POST $add '{"username":"ada","fullname":"Ada Lovelace","password":"correct horse"}'
is "$status" 200 'a sign-up gets 200'
is "$body" '{"username":"ada","fullname":"Ada Lovelace","id":1,"is_active":true}' \
	"a sign-up is answered with the original's members, in its order"
is "$(header Cache-Control)" no-store 'the answer to a sign-up may be kept by no cache'
like "$(sql "select password from users where username = 'ada'")" '^\$y\$j75\$[./0-9A-Za-z]+\$[./0-9A-Za-z]{43}$' \
	'the password is stored as yescrypt of the configured cost'
api POST $add '{"username":"bob","password":"correct horse"}'
json_is .fullname null 'a full name need not be given'
isnt "$(sql "select password from users where username = 'ada'")" \
	"$(sql "select password from users where username = 'bob'")" \
	'equal passwords have different hashes'

# --- a taken name ---

api POST $add '{"username":"ada","password":"another one"}'
is "$status $body" '400 {"detail":"User already registered"}' 'a taken name is refused'
api POST $add '{"username":"Ada","password":"another one"}'
is "$status" 200 'names that differ in case are two accounts'
api POST $add '{"username":"ada ","password":"another one"}'
is "$status" 200 'names that differ in a blank at the end are two accounts'
api POST $add "$(printf '{"username":"\303\251","password":"another one"}')"
is "$status" 200 'a name with a composed letter makes an account'
api POST $add "$(printf '{"username":"e\314\201","password":"another one"}')"
is "$status" 200 'the same name with a decomposed letter makes another account'

race() {
	for n in $(seq 20); do
		curl -s -o /dev/null -w '%{http_code}\n' "$LK_URL$add" -H 'Content-Type: application/json' \
			-d '{"username":"'"$1"'","password":"password '"$n"'"}' &
	done
	wait
}
for name in r1 r2 r3; do
	race "$name" >"$tmp/race"
	is "$(sort "$tmp/race" | uniq -c | tr -s ' \n' ' ')" ' 1 200 19 400 ' \
		"of twenty sign-ups of $name at once one makes the account, the others hear that it is taken"
	is "$(sql "select count(*) from users where username = '$name'")" 1 "a name that twenty sign up at once is stored once: $name"
done

# --- limits ---

api POST $add '{"username":"'"$(repeat 255 é)"'","password":"password"}'
is "$status" 200 'a name of 255 characters is accepted'
api POST $add '{"username":"'"$(repeat 256 é)"'","password":"password"}'
fault string_too_long username 'a name of 256 characters'
is "$(printf '%s' "$body" | sed 's/"input":"[^"]*",//')" \
	'{"detail":[{"type":"string_too_long","loc":["body","username"],"msg":"String should have at most 255 characters","ctx":{"max_length":255}}]}' \
	"a name of 256 characters is answered in pydantic's shape"
api POST $add '{"username":"f1","fullname":"'"$(repeat 255 é)"'","password":"password"}'
is "$status" 200 'a full name of 255 characters is accepted'
api POST $add '{"username":"f2","fullname":"'"$(repeat 256 é)"'","password":"password"}'
fault string_too_long fullname 'a full name of 256 characters'
api POST $add '{"username":"p8","password":"éééééééé"}'
is "$status" 200 'a password of 8 characters is accepted'
api POST $add '{"username":"p7","password":"ééééééé"}'
fault string_too_short password 'a password of 7 characters'
is "$body" \
	'{"detail":[{"type":"string_too_short","loc":["body","password"],"msg":"String should have at least 8 characters","input":"**********","ctx":{"min_length":8}}]}' \
	"a password of 7 characters is answered in pydantic's shape, masked"
api POST $add "{\"username\":\"n7\",\"password\":\"$(repeat 7 "$(printf 'e\314\201')")\"}"
fault string_too_short password 'a password of seven letters with separate accents'
api POST $add "{\"username\":\"n8\",\"password\":\"$(repeat 8 "$(printf 'e\314\201')")\"}"
is "$status" 200 'a password of eight letters with separate accents is accepted'
api POST /token "username=n8&password=$(repeat 8 é)"
is "$status" 200 'a password given with separate accents logs in with composed ones'
api POST $add "{\"username\":\"n511\",\"password\":\"$(repeat 255 "$(printf 'e\314\201')")x\"}"
is "$status" 200 'a password of 511 bytes once composed is accepted'
api POST $add "{\"username\":\"n512\",\"password\":\"$(repeat 256 "$(printf 'e\314\201')")\"}"
fault string_too_long password 'a password of 512 bytes once composed'
api POST $add "{\"username\":\"n512\",\"password\":\"$(repeat 64 "$(printf '\360\235\205\240')")\"}"
fault string_too_long password 'a password of 256 bytes that are 768 once normalised'
api POST $add '{"username":"p511","password":"'"$(repeat 255 é)"'x"}'
is "$status" 200 'a password of 511 bytes is accepted'
api POST /token "username=p511&password=$(repeat 255 é)x"
is "$status" 200 'a password of 511 bytes logs in'
api POST $add '{"username":"p512","password":"'"$(repeat 256 é)"'"}'
fault string_too_long password 'a password of 512 bytes'
json_is '.detail[0].msg' 'String in UTF-8 should have at most 511 bytes' 'a password of 512 bytes: the message speaks of bytes'
json_is '.detail[0].input' '**********' 'a password of 512 bytes: the answer does not show it'
api POST $add '{"username":"'"$(repeat 256 x)"'","fullname":"'"$(repeat 256 x)"'","password":"x"}'
is "$(printf '%s' "$body" | grep -o '"type"' | wc -l)" 3 'all errors of a body are answered at once'
api POST $add '{"username":"","password":"password"}'
fault string_too_short username 'an empty name'

# --- what cannot be stored ---

for field in username fullname password; do
	good='{"username":"n1","fullname":"n1","password":"password"}'
	api POST $add "$(printf '%s' "$good" | sed "s/\"$field\":\"[^\"]*\"/\"$field\":\"a\\\\u0000bcdefgh\"/")"
	fault value_error $field "a NUL in $field"
	api POST $add "$(printf '%s' "$good" | sed "s/\"$field\":\"[^\"]*\"/\"$field\":\"a\\\\ud800bcdefgh\"/")"
	fault string_unicode $field "a lone surrogate in $field"
done
is "$(sql "select count(*) from users where username like 'n1%' or username like 'a%b%'")" 0 'fields with a NUL or a lone surrogate make no account'
api POST $add '{"username":"nul\u0000key","password":"password","username\u0000":"x"}'
is "$status" 422 'a NUL does not cut a name: 422'
api POST $add '{"username\u0000x":"evil","username":"k1","password":"password"}'
json_is .username k1 'a key with a NUL in it does not pass for the key before the NUL'

# --- bodies ---

head -c 65485 /dev/zero | tr '\0' x >"$tmp/x"
printf '{"username":"big1","password":"password","x":"%s"}' "$(cat "$tmp/x")" >"$tmp/big"
is "$(wc -c <"$tmp/big")" 65533 "the test's body is just below the limit"
printf '   ' >>"$tmp/big"
api POST $add "@$tmp/big" -H 'Content-Type: application/json'
is "$status" 200 'a body of 65536 bytes is read'
sed -i 's/big1/big2/; s/$/ /' "$tmp/big"
api POST $add "@$tmp/big" -H 'Content-Type: application/json'
is "$status" 413 'a body of 65537 bytes gets 413'
is "$(sql "select count(*) from users where username = 'big2'")" 0 'a body of 65537 bytes makes no account'

done_testing
