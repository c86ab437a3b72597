#!/bin/sh
# Epoch of an account: a password change, disable and logout end all its
# tokens at once, where the database is asked.
# shellcheck source=t/lib.sh
. t/lib.sh
needs mkpasswd
stack_up hash_cost=1 db_timeout_ms=10000 login_wait_ms=60000 accept_plain_tokens=true

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
is "$(ep "$token") $(sql 'select count(*) from latchkey_account')" 'none 0' 'a new account has no epoch, and its tokens name none'
plain=$(plain '{"sub":"ada","exp":%d,"ep":7}')
me "$plain" 200 'a plain token is of epoch 0, whatever its claim ep says'

# --- logout ---

is "$(user logout ada)" "$(printf '1\tada\t\tactive\tyescrypt\n1 session ended')" 'user logout prints the account, and how many sessions have ended'
me "$token" 401 "user logout ends the account's token"
me "$plain" 401 "user logout ends the account's plain token"
me "$bob" 200 'user logout leaves the token of another account'
is "$(user show ada)" "$(printf '1\tada\t\tactive\tyescrypt')" 'user logout counts as no change of the password'
login ada 'correct horse'
is "$(ep "$token")" 1 'the login after a logout gets a token of the new epoch'
me "$token" 200 'a token of the new epoch counts'
user logout ada >"$tmp/out"
me "$token" 401 'a second logout ends the token of the new epoch'
is "$(epoch ada)" 2 'each logout raises the epoch by one'
is "$(user logout nobody)" 'latchkey: no such account: nobody' 'user logout refuses an unknown name'
is "$(epoch bob)" '' 'user logout leaves the epoch of other accounts'

# --- disable, and the two changes of a password ---

login ada 'correct horse'
user disable ada >"$tmp/out"
me "$token" 401 "user disable ends the account's token"
user enable ada >"$tmp/out"
me "$token" 401 'user enable does not bring the token back'
is "$(epoch ada)" 3 'user enable does not raise the epoch'
login ada 'correct horse'
me "$token" 200 'a login after user enable gets a token that counts'
printf 'battery staple\n' | user passwd ada >"$tmp/out"
me "$token" 401 "user passwd ends the account's token"
login ada 'battery staple'
api POST /users/me/password '{"current":"wrong","new":"another staple"}' -H "Authorization: Bearer $token"
me "$token" 200 'a refused change of the password ends no token'
api POST /users/me/password '{"current":"battery staple","new":"correct horse"}' -H "Authorization: Bearer $token"
is "$status $(epoch ada)" '200 5' 'a change of the password by its owner raises the epoch'
me "$token" 401 'a change of the password by its owner ends the token'

# --- a login that is under way when the password is changed ---

# The old hash is re-hashed at the login, and that waits: the operator comes in between.
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
ok $? 'the operator changes the password during that login'
wait "$login"
token=$(sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p' "$tmp/login")
is "$(ep "$token") $(epoch ada)" '5 6' 'a login during a change of the password gets a token of the epoch before'
me "$token" 401 'the token of a login during a change of the password has ended'
login ada 'new password'
me "$token" 200 'a login with the new password gets a token that counts'
sql 'drop trigger slow on users'

# --- an epoch that is ahead: the database is an older copy, of another server ---

sql 'update latchkey_account set epoch = 4; delete from latchkey_revoked'
t/stack workers-stop "$LK_DIR"
t/stack workers-start "$LK_DIR"
answers() {
	ops GET /readyz
	[ "$status" = 200 ]
}
retry 20 answers
me "$token" 401 'a token from before an older database was restored gets 401'
login ada 'new password'
me "$token" 200 'a login after the older database was restored gets a token that counts'

# --- the ends of the number, and what else may be there ---

sql 'update latchkey_account set epoch = 2147483646'
login ada 'new password'
me "$token" 200 'a token of epoch 2147483646 counts'
user logout ada >"$tmp/out"
is "$(epoch ada)" 2147483647 'a logout raises epoch 2147483646 to 2147483647'
me "$token" 401 'the logout to the last epoch ends the token before'
login ada 'new password'
is "$(ep "$token")" 2147483647 'a token names the last epoch'
me "$token" 200 'a token of the last epoch counts'
printf 'correct horse\n' | user passwd ada >"$tmp/out"
is "$? $(epoch ada)" '0 2147483647' 'the last epoch stays at a change of the password'
sql 'update latchkey_account set epoch = -1' 2>"$tmp/out"
like "$(cat "$tmp/out")" 'latchkey_account_epoch_check' 'the database refuses an epoch below 0'

sql "alter table users add epoch text default 'x', add user_id text, add a text, add reason text"
sql "insert into users (username, password, is_active) select 'cat', password, true from users where username = 'bob'"
for name in bob cat; do
	login $name 'correct horse'
	me "$token" 200 "$name logs in with other columns in the table users"
done
is "$(ep "$token") $(epoch cat)" 'none ' 'an account that another program made has epoch 0'

done_testing
