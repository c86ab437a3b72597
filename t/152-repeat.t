#!/bin/sh
# The same request again, after a 503 of which nobody knew what came: the answer of
# the database was lost, and it was away after that. A sign-up was told that its name
# was taken, which it was by itself; a change, that the password was wrong.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up workers=2 hash_cost=1 nginx_limits=off db_timeout_ms=9000 login_wait_ms=60000 signups_per_address_hour=1000

port=$(free_port)
python3 -B t/tool/swallow.py "$port" "$LK_DIR/data/.s.PGSQL.5432" "$tmp/orders" 5 &
children="$children $!"
retry 10 test -e "$tmp/orders"
ok $? 'the proxy listens'
sed -i "s|^database = .*|database = \"host=127.0.0.1 port=$port user=latchkey dbname=latchkey sslmode=disable gssencmode=disable\"|" "$LK_CONF"
kill -HUP "$(cat "$LK_SERVE")"
served_by_proxy() {
	[ "$(grep -c event=ready "$LK_LOG")" = 2 ] && sign_up "first$(date +%s%N)" 'correct horse' && [ "$status" = 200 ]
}
retry 20 served_by_proxy
ok $? 'the database is reached through the proxy'

# swallowed STATEMENT COMMAND...: until its answer was lost; the status is a 503.
swallowed() {
	echo "$1" >"$tmp/orders"
	shift
	"$@"
	[ ! -s "$tmp/orders" ]
}
# settled COMMAND...: until the answer is no 503; false: it never is.
settled() {
	"$@"
	[ "$status" != 503 ]
}
me() {
	api GET /users/me -H "Authorization: Bearer $token"
}
change() {
	api POST /users/me/password "{\"current\":\"$1\",\"new\":\"$2\"}" -H "Authorization: Bearer $token"
}
delete() {
	api POST /users/me/delete "{\"current\":\"$1\"}" -H "Authorization: Bearer $token"
}
token_of() {
	log_in "$1" "$2"
	take_token
}

# --- sign-up ---

swallowed user_insert sign_up ada 'correct horse'
is "$? $status" '0 503' 'a sign-up whose outcome is not known gets 503'
is "$(sql "select count(*) from users where username = 'ada'")" 1 'the account was made'
sign_up ada 'correct horse'
is "$status" 503 'the same sign-up again gets 503 while the database is away'
retry 20 settled sign_up ada 'correct horse'
is "$status" 200 'the same sign-up again gets 200 when the database is back'
json_is .username ada 'a repeated sign-up shows the account'
json_is .id "$(sql "select id from users where username = 'ada'")" 'a repeated sign-up shows the id of the account'
retry 20 settled sign_up ada 'correct horse'
is "$status" 200 'a sign-up that is repeated twice gets 200'
retry 20 settled sign_up ada 'battery staple'
is "$status $body" '400 {"detail":"User already registered"}' 'a sign-up with another password gets 400'
retry 20 settled log_in ada 'correct horse'
is "$status" 200 'the password of the repeated sign-up counts'

# An answer that came is not repeated: as FastAPI has it.
retry 20 settled sign_up bob 'correct horse'
retry 20 settled sign_up bob 'correct horse'
is "$status $body" '400 {"detail":"User already registered"}' 'a sign-up that was answered gets 400 when it comes again'

# Another one, by name and password, whose hash is another.
swallowed user_insert sign_up carol 'correct horse'
is "$? $status" '0 503' 'another sign-up gets 503'
sql "update users set password = '*' where username = 'carol'"
retry 20 settled sign_up carol 'correct horse'
is "$status" 400 'a sign-up gets 400 when the account has another hash meanwhile'

# The operator was quicker than the repeat.
swallowed user_insert sign_up dave 'correct horse'
is "$? $status" '0 503' 'a sign-up of an account that is disabled then gets 503'
sql "update users set is_active = false where username = 'dave'"
retry 20 settled sign_up dave 'correct horse'
is "$status $body" '400 {"detail":"User already registered"}' 'a repeated sign-up of a disabled account gets 400'

# The database refuses writes for a while, as on a full disk: none of them is
# unsettled. They took all entries, for five minutes.
sql "create function full_disk() returns trigger language plpgsql as
	\$\$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end \$\$;
	create trigger full_disk before insert on users for each row execute function full_disk()"
refused=0
for n in $(seq 140); do
	sign_up "full$n" 'correct horse'
	[ "$status" != 503 ] || refused=$((refused + 1))
done
is "$refused" 140 'while the disk is full a sign-up gets 503'
sql 'drop trigger full_disk on users'
retry 20 settled sign_up emil 'correct horse'
is "$status" 200 'a sign-up is made when the disk has room again'
swallowed user_insert sign_up frida 'correct horse'
is "$? $status" '0 503' 'a sign-up after that gets 503 when its outcome is not known'
retry 20 settled sign_up frida 'correct horse'
is "$status" 200 'the same sign-up again gets 200, however many were refused before'

# --- change of the password ---

retry 20 settled token_of ada 'correct horse'
swallowed user_change_password change 'correct horse' 'battery staple'
is "$? $status" '0 503' 'a change whose outcome is not known gets 503'
retry 20 settled change 'correct horse' 'battery staple'
is "$status" 200 'the same change again gets 200'
json_is .username ada 'a repeated change shows the account'
retry 20 settled change 'correct horse' 'another staple'
is "$status" 401 'the ended token admits to no other change'
retry 20 settled change 'battery staple' 'another staple'
is "$status" 401 'the ended token admits to no further change'
retry 20 settled me
is "$status" 401 'the ended token admits to nothing else'
retry 20 settled log_in ada 'correct horse'
is "$status" 401 'the old password does not count'
retry 20 settled token_of ada 'battery staple'
is "$status" 200 'the new password counts'
retry 20 settled change 'battery staple' 'correct horse'
is "$status" 200 'the next change is made'
retry 20 settled change 'battery staple' 'correct horse'
is "$status" 401 'a change that was answered gets 401 when it comes again, as its token has ended'

# --- by a cookie, whose session goes on ---

browse() {
	method=$1 path=$2 json=$3
	api "$method" "$path" "$json" -H "Cookie: __Host-latchkey=$cookie" -H 'Sec-Fetch-Site: same-origin'
}
change_by_cookie() {
	browse POST /users/me/password "{\"current\":\"$1\",\"new\":\"$2\"}"
}
session_cookie() {
	header Set-Cookie | sed -n 's/^__Host-latchkey=\([^;]*\);.*/\1/p'
}
cookie=
browse POST /session '{"username":"ada","password":"correct horse"}'
cookie=$(session_cookie)
isnt "$cookie" '' 'a browser logs in'
swallowed user_change_password change_by_cookie 'correct horse' 'battery staple'
is "$? $status" '0 503' 'a change by cookie whose outcome is not known gets 503'
retry 20 settled change_by_cookie 'correct horse' 'battery staple'
is "$status" 200 'the same change by cookie again gets 200'
renewed=$(session_cookie)
isnt "$renewed" '' 'the session of a change by cookie goes on with another cookie'
retry 20 settled change_by_cookie 'correct horse' 'another staple'
is "$status" 401 'the ended cookie admits to no other change'
cookie=$renewed
retry 20 settled change_by_cookie 'battery staple' 'correct horse'
is "$status" 200 'the next change by cookie is made'

# --- reset by a link ---

# A transaction: its commit is what gets no answer.
reset() {
	api POST /reset "token=$1&password=$2" -H "Origin: $LK_URL" -H 'Sec-Fetch-Site: same-origin'
}
reset_link() {
	$LK_AS env LATCHKEY_DATABASE="$LK_OWNER" "$LK_BIN" -c "$LK_CONF" user reset "$1" | sed 's/.*token=//'
}
link=$(reset_link ada)
swallowed COMMIT reset "$link" 'battery+staple'
is "$? $status" '0 503' 'a reset whose outcome is not known gets 503'
retry 20 settled reset "$link" 'another+staple'
is "$status" 404 'the spent link sets no other password'
retry 20 settled reset "$link" 'battery+staple'
is "$status $(header Location)" '303 /login?did=reset' 'the same reset again is told that it was done'
retry 20 settled log_in ada 'battery staple'
is "$status" 200 'the password of the repeated reset counts'
link=$(reset_link ada)
retry 20 settled reset "$link" 'correct+horse'
is "$status" 303 'the next reset is made'
retry 20 settled reset "$link" 'correct+horse'
is "$status" 404 'a reset that was answered gets 404 when it comes again'

# --- deletion ---

retry 20 settled token_of ada 'correct horse'
swallowed user_delete delete 'correct horse'
is "$? $status" '0 503' 'a deletion whose outcome is not known gets 503'
is "$(sql "select count(*) from users where username = 'ada'")" 0 'the account was deleted'
retry 20 settled delete 'correct horse'
is "$status" 200 'the same deletion again gets 200'
json_is .username ada 'a repeated deletion shows the account'
retry 20 settled delete 'battery staple'
is "$status" 401 'a deletion with another password gets 401'
retry 20 settled me
is "$status" 401 'the token of a deleted account admits to nothing else'

# --- a worker that is killed between the statement and its answer ---

sql "create function nap() returns trigger language plpgsql as
	\$\$ begin if new.username = 'dora' then perform pg_sleep(4); end if; return new; end \$\$;
	create trigger nap before insert on users for each row execute function nap()"
curl -q -sg --noproxy '*' --max-time 30 -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' \
	-d '{"username":"dora","password":"correct horse"}' "$LK_URL/users/add_user/" >"$tmp/status" &
asked=$!
inserting() {
	[ "$(sql_admin "select count(*) from pg_stat_activity where query like 'INSERT INTO users%' and state = 'active'")" -gt 0 ]
}
retry 10 inserting
ok $? 'a sign-up is under way'
# shellcheck disable=SC2046 # several numbers
kill -9 $(workers login)
wait "$asked"
is "$(cat "$tmp/status")" 503 'a sign-up whose worker is killed gets 503'
has_dora() {
	[ "$(sql "select count(*) from users where username = 'dora'")" = 1 ]
}
if retry 15 has_dora; then
	retry 20 settled sign_up dora 'correct horse'
	is "$status" 200 'the same sign-up again gets 200 from another worker'
else
	retry 20 settled sign_up dora 'correct horse'
	is "$status" 200 'the same sign-up again makes the account that the first did not'
fi
retry 20 settled sign_up dora 'correct horse'
[ "$status" = 200 ] || [ "$status" = 400 ]
ok $? 'no sign-up makes an account twice'

done_testing
