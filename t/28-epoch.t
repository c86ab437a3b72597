#!/bin/sh
# Epoch of an account: a password change, disable and logout end all its
# tokens at once, where the database is asked.
# shellcheck source=t/lib.sh
. t/lib.sh
needs mkpasswd
stack_up hash_cost=1 db_timeout_ms=10000 accept_plain_tokens=true

user() {
	# shellcheck disable=SC2086 # words of a command
	$LK_AS "$LK_BIN" -c "$LK_CONF" user "$@" 2>&1
}

# login NAME PASSWORD: its token.
login() {
	log_in "$1" "$2"
	take_token
}

# me TOKEN WANTED TITLE
me() {
	api GET /users/me -H "Authorization: Bearer $1"
	is "$status" "$2" "$3"
}

# The claim ep of a token, or "none".
ep() {
	python3 -c '
import base64, json, sys
claims = sys.argv[1].split(".")[1]
print(json.loads(base64.urlsafe_b64decode(claims + "==")).get("ep", "none"))' "$1"
}

epoch() {
	sql "select epoch from latchkey_account where user_id = (select id from users where username = '$1')"
}

# plain CLAIMS: a token of somebody else's who has the key.
plain() {
	python3 -c '
import base64, hashlib, hmac, sys, time
key = open(sys.argv[1], "rb").read().rstrip(b"\n")
b64 = lambda x: base64.urlsafe_b64encode(x).rstrip(b"=").decode()
text = b64(b"{\"alg\":\"HS256\"}") + "." + b64((sys.argv[2] % (time.time() + 600)).encode())
print(text + "." + b64(hmac.new(key, text.encode(), "sha256").digest()))' "$LK_KEY" "$1"
}

for name in ada bob; do
	api POST /users/add_user/ "{\"username\":\"$name\",\"password\":\"correct horse\"}"
done
login bob 'correct horse'
bob=$token
login ada 'correct horse'
is "$(ep "$token") $(sql 'select count(*) from latchkey_account')" 'none 0' 'an account begins without an epoch, and its tokens name none'
plain=$(plain '{"sub":"ada","exp":%d,"ep":7}')
me "$plain" 200 'a token that is none of ours is of epoch 0, whatever it calls ep'

# --- logout ---

is "$(user logout ada)" "$(printf '1\tada\t\tactive\tyescrypt')" 'the operator logs somebody out, and is shown whom'
me "$token" 401 'the token ends'
me "$plain" 401 'so do those that are none of ours'
me "$bob" 200 "another account's does not"
api GET /check -H "Authorization: Bearer $token"
is "$status" 200 '/check, which asks no database, takes it until it expires'
is "$(user show ada)" "$(printf '1\tada\t\tactive\tyescrypt')" 'no password has been changed by that'
login ada 'correct horse'
is "$(ep "$token")" 1 'the next login has a token of the new epoch'
me "$token" 200 'which counts'
user logout ada >"$tmp/out"
me "$token" 401 'until the next logout'
is "$(epoch ada)" 2 'each counts one on'
is "$(user logout nobody)" 'latchkey: no such account: nobody' 'nobody cannot be logged out'
is "$(epoch bob)" '' 'and nobody else has an epoch'

# --- disable, and the two changes of a password ---

login ada 'correct horse'
user disable ada >"$tmp/out"
me "$token" 401 'a disabled account has no tokens'
user enable ada >"$tmp/out"
me "$token" 401 'nor do they come back when it is enabled'
is "$(epoch ada)" 3 'which does not raise the epoch again'
login ada 'correct horse'
me "$token" 200 'a login makes a new one'
printf 'battery staple\n' | user passwd ada >"$tmp/out"
me "$token" 401 'a password that the operator changes ends it'
login ada 'battery staple'
api POST /users/me/password '{"current":"wrong","new":"another staple"}' -H "Authorization: Bearer $token"
me "$token" 200 'a change that is refused ends nothing'
api POST /users/me/password '{"current":"battery staple","new":"correct horse"}' -H "Authorization: Bearer $token"
is "$status $(epoch ada)" '200 5' 'one by the owner raises the epoch'
me "$token" 401 'and ends it'

# --- a login that is under way when the password is changed ---

# The old hash is made anew at the login, and that waits: the operator comes in between.
sql "update users set password = '$(mkpasswd -m bcrypt -R 5 'old password')' where username = 'ada'"
sql "create function slow() returns trigger language plpgsql as 'begin
	if new.password <> old.password and old.password like ''\$2b\$%'' then perform pg_sleep(2); end if; return new; end'"
sql 'create trigger slow before update on users for each row execute function slow()'
curl -s -o "$tmp/login" "$LK_URL/token" -d 'username=ada&password=old password' &
login=$!
sleeps() {
	# only the superuser sees what another role waits for
	[ "$(sql_admin "select count(*) from pg_stat_activity where wait_event = 'PgSleep'")" = 1 ]
}
retry 10 sleeps
ok $? 'a login with the old password is under way'
printf 'new password\n' | user passwd ada >"$tmp/out"
ok $? 'while the operator changes it'
wait "$login"
token=$(sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p' "$tmp/login")
is "$(ep "$token") $(epoch ada)" '5 6' 'it gets a token of the epoch before'
me "$token" 401 'which has ended when it is given'
login ada 'new password'
me "$token" 200 'one with the new password counts'
sql 'drop trigger slow on users'

# --- an epoch that is ahead: the database is an older copy ---

sql 'update latchkey_account set epoch = 4'
me "$token" 401 'a token from before an older database was put back does not count'
login ada 'new password'
me "$token" 200 'after a login it does'

# --- the ends of the number, and what else may be there ---

sql 'update latchkey_account set epoch = 2147483646'
login ada 'new password'
me "$token" 200 'the last but one of all epochs'
user logout ada >"$tmp/out"
is "$(epoch ada)" 2147483647 'goes on to the last'
me "$token" 401 'and ends tokens as every other'
login ada 'new password'
is "$(ep "$token")" 2147483647 'the last is said'
me "$token" 200 'and counts'
printf 'correct horse\n' | user passwd ada >"$tmp/out"
is "$? $(epoch ada)" '0 2147483647' 'it stays, and a password can be changed all the same'
sql 'update latchkey_account set epoch = -1' 2>"$tmp/out"
like "$(cat "$tmp/out")" 'latchkey_account_epoch_check' 'none is below 0'

sql "alter table users add epoch text default 'x', add user_id text, add a text, add reason text"
sql "insert into users (username, password, is_active) select 'cat', password, true from users where username = 'bob'"
for name in bob cat; do
	login $name 'correct horse'
	me "$token" 200 "$name logs in, whatever other columns the table users has"
done
is "$(ep "$token") $(epoch cat)" 'none ' 'an account that another program made has epoch 0'

done_testing
