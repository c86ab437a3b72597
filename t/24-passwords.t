#!/bin/sh
# Refused passwords: common ones and the user name. The list, its settings,
# and broken files.
# shellcheck source=t/lib.sh
. t/lib.sh
needs mkpasswd
list=$PWD/build/passwords
[ -e "$list" ] || list=$PWD/build/passwords.test
stack_up workers=1 hash_cost=1 nginx_limits=off password_blocklist="$list"

add=/users/add_user/

# refused NAME PASSWORD TYPE TITLE
refused() {
	api POST "$add" "{\"username\":\"$1\",\"password\":\"$2\"}"
	is "$status" 422 "$4 is refused"
	json_is '.detail[0].type' "$3" "$4: the error's type is $3"
}

# --- the list that is installed ---

if [ -e build/passwords ]; then
	is "$(wc -c <build/passwords | awk '{ print ($1 < 2500000 && $1 > 2300000) }')" 1 \
		'nearly a million passwords take less than 2.5 MB'
else
	skip 'nearly a million passwords take less than 2.5 MB' 'build/passwords is not there (make web)'
fi
refused ada password1 password_too_common 'the password password1'
is "$body" \
	'{"detail":[{"type":"password_too_common","loc":["body","password"],"msg":"Password is too common, please choose another","input":"**********"}]}' \
	"a common password is answered in pydantic's shape, and not shown"
for password in 12345678 PassWord1 SUNSHINE iloveyou1 1qaz2wsx latchkey LatchKey; do
	refused ada "$password" password_too_common "the password $password"
done
refused 'Ada Lovelace' 'Ada Lovelace' password_is_username 'the user name as a password'
refused 'Ada Lovelace' 'aDA lOVELACE' password_is_username 'the user name in another case as a password'
refused 'ÉLÈVE étudiant' "$(printf 'e\314\201le\314\200ve e\314\201tudiant')" password_is_username 'the user name in decomposed letters as a password'
refused ada passwor string_too_short 'the short and common password passwor'
like "$body" 'string_too_short' 'a password that is short and common is answered as short'
api POST $add '{"username":"ada","password":"Ada Lovelace"}'
is "$status" 200 'the name of another account is accepted as a password'
api POST $add '{"username":"ada","password":"password1"}'
is "$status" 400 'a taken name with a common password is answered as taken'
api POST $add '{"username":"bob","password":"password1x7q"}'
is "$status" 200 'a common password with more behind it is accepted'
is "$(sql "select string_agg(username, ' ' order by id) from users")" 'ada bob' \
	'refused passwords make no account'

# --- whoever has one ---

sql "insert into users (username, password, is_active) values ('old', '$(mkpasswd -m yescrypt -R 1 password1)', true)"
api POST /token 'username=old&password=password1'
is "$status" 200 'an account whose password has become common logs in'

# --- a list of one's own ---

printf 'Our Motto\nblue moon\n' | "$LK_BIN" blocklist "$tmp/own" >"$tmp/out"
is "$? $(cat "$tmp/out")" '0 2 passwords' 'latchkey blocklist makes a list of the lines that it reads'
chmod 644 "$tmp/own"
set_list() {
	sed "s|^password_blocklist = .*|password_blocklist = '$1'|" "$LK_CONF" >"$tmp/conf" && cp "$tmp/conf" "$LK_CONF"
}
kept() {
	[ "$(grep -c "event=reload result=$1" "$LK_LOG")" -ge "$2" ]
}
# Under a new name each time: the old worker may still have taken the last one.
try() {
	attempt=$((${attempt-0} + 1))
	api POST "$add" "{\"username\":\"$1 $attempt\",\"password\":\"$2\"}"
	[ "$status" = "$3" ]
}
set_list "$tmp/own"
kill -HUP "$(cat "$LK_SERVE")"
retry 10 try own 'our motto' 422
ok $? 'after a reload passwords of the new list are refused'
retry 10 try own1 password1 200
ok $? 'after a reload passwords of the old list are accepted'
head -c 34 "$tmp/own" >"$tmp/cut"
chmod 644 "$tmp/cut"
set_list "$tmp/cut"
kill -HUP "$(cat "$LK_SERVE")"
retry 10 kept kept 1
ok $? 'a reload keeps the old list in place of an incomplete one'
api POST $add '{"username":"own2","password":"blue moon"}'
is "$status" 422 'passwords of the old list are refused after that reload'
cp /dev/null "$tmp/own"
api POST $add '{"username":"own2","password":"other moon"}'
is "$status" 503 'sign-ups get 503 when the list in use is cut'
like "$(cat "$LK_LOG")" 'event=blocklist error=read$' 'the log reports a list that cannot be read'
set_list ''
kill -HUP "$(cat "$LK_SERVE")"
retry 10 try own2 own2own2 200
ok $? 'a reload without a list brings sign-ups back'
retry 10 try password1 password1 200
ok $? 'without a list a common password is accepted'

# --- a start ---

start() {
	LATCHKEY_PASSWORD_BLOCKLIST=$1 $LK_AS "$LK_BIN" -c "$LK_CONF" "$2" >"$tmp/out" 2>&1
}
for command in check serve; do
	start "$tmp/cut" "$command"
	like "$? $(cat "$tmp/out")" "^1 .*password_blocklist: $tmp/cut is incomplete; get the list again with: make web" \
		"latchkey $command refuses an incomplete list, and says what to do"
done
start "$tmp/none" check
like "$? $(cat "$tmp/out")" "^1 .*$tmp/none cannot be opened: No such file or directory; get the list again with: make web && make install; make one of your own with: latchkey blocklist FILE; or set password_blocklist = \"\" to do without$" 'latchkey check refuses a list that does not exist, and says what to do'
start "$LK_CONF" check
like "$? $(cat "$tmp/out")" "is not a list of passwords" 'latchkey check refuses a file that is not a list of passwords'
start '' check
is $? 0 "latchkey check accepts password_blocklist = ''"
"$LK_BIN" blocklist "$tmp/none/x" </dev/null >"$tmp/out" 2>&1
is "$? $(cat "$tmp/out")" '1 latchkey: no passwords on standard input' 'latchkey blocklist makes no list of nothing'
echo x | "$LK_BIN" blocklist "$tmp/none/x" >"$tmp/out" 2>&1
like "$? $(cat "$tmp/out")" "^1 latchkey: $tmp/none/x: No such file" 'latchkey blocklist fails where it cannot write'
"$LK_BIN" blocklist </dev/null >"$tmp/out" 2>&1
is $? 2 'latchkey blocklist without a name shows its usage'

done_testing
