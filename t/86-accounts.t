#!/bin/sh
# Accounts that go or get another name: by the operator, and by their owner with
# the current password. Their tokens end, nobody gets their name before that, and
# rows of other tables are never deleted with them.
# shellcheck source=t/lib.sh disable=SC2154
. t/lib.sh
stack_up hash_cost=1 nginx_limits=off access_token_minutes=1 token_leeway_s=0

# manage ARGUMENT...: latchkey user, as the servers' user; $said is status, output and complaint.
manage() {
	# shellcheck disable=SC2086 # words
	$LK_AS "$LK_BIN" -c "$LK_CONF" user "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	said="$? $(cat "$tmp/out" "$tmp/err" | tr '\t' ' ')"
}

# me TOKEN: the status of GET /users/me
me() {
	api GET /users/me -H "Authorization: Bearer $1"
}

# delete_me BODY TOKEN [CURL ARGUMENT...]
delete_me() {
	sent=$1 as=$2
	shift 2
	api POST /users/me/delete "$sent" -H "Authorization: Bearer $as" "$@"
}

# join NAME: a new account, and its token in $token
join() {
	sign_up "$1" 'correct horse'
	log_in "$1" 'correct horse'
	take_token
}

free_now() {
	sql 'update latchkey_name set free_at = now()'
}

# --- rename ---

join ada
ada=$token
manage rename ada grace
is "$said" '0 1 grace  active yescrypt' 'rename: an account gets another name'
me "$ada"
is "$status" 401 'rename: the tokens of the account end'
log_in ada 'correct horse'
is "$status" 401 'rename: the old name logs in no more'
log_in grace 'correct horse'
is "$status" 200 'rename: the new name logs in with the same password'
take_token
me "$token"
is "$status" 200 'rename: a token of the new name counts'
is "$(sql 'select epoch from latchkey_account where user_id = 1')" 1 'rename: the epoch is raised'
sign_up ada 'correct horse'
is "$status $body" '400 {"detail":"User already registered"}' 'rename: nobody else gets the old name while a token has it'
manage add ada
like "$said" '^1 latchkey: ' 'rename: the operator does not give the old name away while a token has it'
join eve
manage rename eve ada
like "$said" '^1 latchkey: the name ada was another account.s, and is free when the last token of that has ended: 20[0-9TZ:-]+$' \
	'rename: the refusal of a name says until when it is taken'
is "$(sql "select extract(epoch from free_at - now()) between 3541 and 3600 from latchkey_name where username = 'ada'")" t \
	'rename: a name is taken for the lifetime of a cookie, which is longer than that of a token'
manage rename eve grace
is "$said" '1 latchkey: account already exists: grace' 'rename: a name that is taken is refused'
manage rename grace ada
is "$said" '0 1 ada  active yescrypt' 'rename: the owner may have the old name back'
me "$ada"
is "$status" 401 'rename: an old name brings no old token back'
manage rename ada grace
free_now
sign_up ada 'correct horse'
is "$status" 200 'rename: when the last token has ended the name is free'
manage rename nobody x
is "$said" '1 latchkey: no such account: nobody' 'rename: an unknown account is told'
manage rename grace ''
is "$said" '1 latchkey: name is empty' 'rename: an empty name is refused'
manage rename grace "$(head -c 255 /dev/zero | tr '\0' g)"
like "$said" '^0 ' 'rename: a name may have 255 characters'
manage rename "$(head -c 255 /dev/zero | tr '\0' g)" "$(head -c 256 /dev/zero | tr '\0' g)"
is "$said" '1 latchkey: name has more than 255 characters' 'rename: a name may not have 256 characters'
manage rename "$(head -c 255 /dev/zero | tr '\0' g)" grace
manage rename grace grace
like "$said" '^0 ' 'rename: to the same name changes nothing but the epoch'

# --- delete ---

sql 'create table todos (id serial primary key, owner integer not null references users on delete cascade, text text);
	create table "Notes" (author varchar references users (username));
	alter table users add column manager integer references users;
	update users set manager = id'
join bob
bob=$token
sql "insert into todos (owner) select id from users where username = 'bob'; insert into \"Notes\" values ('bob')"
manage delete bob
is "$said" '1 latchkey: nothing was deleted, since rows refer to the account: todos, "Notes"; delete or change these first, or do: latchkey user disable' \
	'delete: the tables whose rows refer to the account are named'
is "$(sql "select count(*) from users where username = 'bob'") $(sql 'select count(*) from todos')" '1 1' \
	'delete: nothing is deleted where rows refer to the account, though a foreign key would'
me "$bob"
is "$status" 200 'delete: a refused deletion changes nothing'
sql 'delete from todos; delete from "Notes"'
manage delete bob
is "$said" '0 4 bob  active yescrypt' 'delete: without such rows the account is deleted, and shown once more'
is "$(sql "select count(*) from users where username = 'bob'")" 0 'delete: the row of the account is gone'
me "$bob"
is "$status" 401 'delete: the tokens of the account have ended'
is "$(sql 'select epoch from latchkey_account where user_id = 4')" 1 'delete: the tokens end for a row that is restored, too'
sign_up bob 'correct horse'
is "$status" 400 'delete: the name is kept'
manage show bob
like "$said" '^1 latchkey: no such account: bob$' 'delete: show finds nobody'
free_now
sign_up bob 'correct horse'
is "$status" 200 'delete: the name is free when the last token has ended'
manage delete nobody
is "$said" '1 latchkey: no such account: nobody' 'delete: an unknown account is told'
sql "update users set manager = (select id from users where username = 'eve') where username = 'bob'"
manage delete eve
like "$said" 'rows refer to the account: users;' 'delete: other accounts may refer to it'
sql 'update users set manager = null'

# A new reference to an account while it is deleted waits, and finds it gone.
$LK_PSQL -Xqc "begin" -c "insert into todos (owner) select id from users where username = 'eve'" -c "\\! touch $tmp/held" \
	-c 'select pg_sleep(1)' -c commit >/dev/null &
holding=$!
retry 10 test -e "$tmp/held"
manage delete eve
wait "$holding"
is "$(sql 'select count(*) from todos t left join users u on u.id = t.owner where u.id is null')" 0 \
	'delete: a reference made meanwhile does not lose its account'
sql 'delete from todos'

# --- the workers' role ---

for statement in 'delete from users' "update users set username = 'x'" 'delete from latchkey_name' 'begin; lock table users'; do
	$LK_AS psql -Xq "host=$LK_DIR/data port=5432 user=latchkey dbname=latchkey" -c "$statement" >/dev/null 2>"$tmp/err"
	like "$? $(cat "$tmp/err")" '^[13] .*permission denied' "the workers' role may not: $statement"
done
sql_admin 'create role other login'
$LK_AS psql -Xq "host=$LK_DIR/data port=5432 user=other dbname=latchkey" -c 'select latchkey_delete(1, null)' >/dev/null 2>"$tmp/err"
like "$? $(cat "$tmp/err")" 'permission denied for function' 'no other role may call the function that deletes'
is "$(sql "select string_agg(distinct proowner::regrole::text || ' ' || prosecdef, ',') from pg_proc where proname in ('latchkey_delete', 'latchkey_rename')")" \
	'latchkey_owner true' 'the functions run as the owner of users, whoever migrated'
sql 'revoke execute on function latchkey_delete(bigint, text) from latchkey'
$LK_AS "$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>&1
like "$(cat "$tmp/out")" 'the role lacks EXECUTE on latchkey_delete' 'check tells of a function that the role may not call'
LATCHKEY_DATABASE=$LK_OWNER $LK_AS "$LK_BIN" -c "$LK_CONF" migrate latchkey >"$tmp/out" 2>&1
ok $? 'migrate ROLE grants the call of that function' || diag "$(cat "$tmp/out")"

# --- by its owner ---

join tom
tom=$token
delete_me '{"current":"wrong horse"}' "$tom"
is "$status $body" '400 {"detail":"Incorrect current password"}' 'POST /users/me/delete: a wrong password deletes nothing'
for wrong in '{}' '{"current":1}' '{"current":null}' '[]'; do
	delete_me "$wrong" "$tom"
	is "$status" 422 "POST /users/me/delete: $wrong is a 422"
done
delete_me '{"current":"correct horse"}' nonsense
is "$status" 401 'POST /users/me/delete: a token is needed'
delete_me '{"current":"correct horse"}' "$tom" -H 'Sec-Fetch-Site: cross-site'
is "$status" 403 "POST /users/me/delete: a page of another site cannot"
delete_me '{"current":"correct horse"}' "$tom" -H 'Sec-Fetch-Site: same-site'
is "$status" 403 "POST /users/me/delete: a page of a neighbour cannot"
sql "insert into todos (owner) select id from users where username = 'tom'"
delete_me '{"current":"correct horse"}' "$tom"
is "$status $body" '409 {"detail":"Other data refer to the account"}' 'POST /users/me/delete: 409 where other rows refer to the account'
like "$(cat "$LK_LOG")" 'event=deletion_refused user=[0-9]+ tables="todos" reason=referred' 'the log names the tables that refer to an account'
me "$tom"
is "$status" 200 'an account that could not be deleted goes on'
sql 'delete from todos'
delete_me '{"current":"correct horse"}' "$tom"
like "$status $body" '^200 \{"username":"tom","fullname":null,"id":[0-9]+,"is_active":true\}$' 'POST /users/me/delete: deletes the account, and shows it once more'
me "$tom"
is "$status" 401 'POST /users/me/delete: the tokens of the account have ended'
log_in tom 'correct horse'
is "$status" 401 'POST /users/me/delete: the account logs in no more'
delete_me '{"current":"correct horse"}' "$tom"
is "$status" 401 'POST /users/me/delete: a second time is a 401'
sign_up tom 'correct horse'
is "$status" 400 'POST /users/me/delete: nobody else gets the name at once'
like "$(cat "$LK_LOG")" 'event=account_deleted user=[0-9]+$' 'POST /users/me/delete: is an event'
ops GET /metrics
like "$body" '^latchkey_account_deletions_total\{outcome="ok"\} 1' 'POST /users/me/delete: is counted'

join kim
kim=$token
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	delete_me '{"current":"wrong horse"}' "$kim"
done
is "$status" 429 'POST /users/me/delete: guesses at the password are limited as at a login'
delete_me '{"current":"correct horse"}' "$kim"
is "$status" 429 'after too many wrong passwords the right one deletes nothing either'

# Two at once, and a deletion against a password change: one of them happens.
join sam
sam=$token
for i in 1 2 3 4; do
	curl -s -o /dev/null -w '%{http_code}\n' "$LK_URL/users/me/delete" -H "Authorization: Bearer $sam" \
		-H 'Content-Type: application/json' -d '{"current":"correct horse"}' >"$tmp/one.$i" &
	racing="${racing-} $!"
done
# shellcheck disable=SC2086 # numbers
wait $racing
# Another one may come between the deletion and its answer: then it counts as its repeat.
isnt "$(cat "$tmp"/one.* | grep -c 200)" 0 'POST /users/me/delete: of four at once one deletes the account'
is "$(sql "select count(*) from users where username = 'sam'")" 0 'an account that four requests delete at once is gone'
is "$(cat "$tmp"/one.* | grep -vcE '^(200|401|409)$')" 0 'of several deletions at once all others are refused, or repeats'

# --- list ---

sql "delete from users; insert into users (username, fullname) select 'user' || g, case when g % 2 = 0 then 'Even ' || g end
	from generate_series(1, 2500) g"
manage list
is "$(wc -l <"$tmp/out")" 2500 'list: shows all accounts'
manage list -n 3
is "$(wc -l <"$tmp/out") $(cut -f 2 "$tmp/out" | tr '\n' ' ')" '3 user1 user2 user3 ' 'list -n: shows so many'
like "$(cat "$tmp/err")" 'further ones, if any: -a [0-9]+$' 'list -n: says how it goes on'
manage list -n 2 -a "$(sed 's/.* //' "$tmp/err")"
is "$(cut -f 2 "$tmp/out" | tr '\n' ' ')" 'user4 user5 ' 'list -a: goes on behind that number'
manage list -s EVEN
is "$(wc -l <"$tmp/out")" 1250 'list -s: finds a part of the full name in any case'
manage list -s r2500
is "$(cut -f 2,3 "$tmp/out" | tr '\t' ' ')" 'user2500 Even 2500' 'list -s: finds a part of the name'
manage list -s '%'
is "$said" '0 ' 'list -s: no character means anything else'
manage list -n 1001 -s Even
is "$(wc -l <"$tmp/out")" 1001 'list: -s and -n together'
for wrong in '-n 0' '-n x' '-n' '-a -1' '-x 1' 'all' '-s'; do
	# shellcheck disable=SC2086 # words
	manage list $wrong
	like "$said" '^2 usage: latchkey user' "list $wrong: is told how"
done

done_testing
