#!/bin/sh
# A database that is of no use though all is there: row level security hid
# accounts, and a login was a 401; a role that cannot write, and a pooler that
# shares sessions, were "ready" and "good" while each login was a 503.
# shellcheck source=t/lib.sh
. t/lib.sh
needs pgbouncer
stack_up hash_cost=1 password_min_chars=8

# check [VARIABLE=VALUE...]: what it says, in $said
check() {
	# shellcheck disable=SC2086 # words of a command
	$LK_AS env LATCHKEY_DB_TIMEOUT_MS=30000 "$@" "$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>&1
	said="$? $(grep -vE ' the group |login queue' "$tmp/out")"
}

# ready WANTED TITLE: by status and words, within some seconds
ready() {
	retry 10 answers "$1"
	ok $? "$2" || diag "$status $body"
}
# shellcheck disable=SC2317 # by ready
answers() {
	ops GET /readyz
	printf '%s' "$status $body" | grep -q "$1"
}

# refuses TITLE: a login is a 503, whichever worker gets it
refuses() {
	for _ in 1 2 3 4; do
		log_in ada 'correct horse'
		printf '%s ' "$status"
	done >"$tmp/logins"
	is "$(cat "$tmp/logins")" '503 503 503 503 ' "$1"
}
sign_up ada 'correct horse'
is "$status" 200 'there is an account'

# --- row level security ---

log_in ada 'correct horse'
sql 'alter table users enable row level security'
refuses 'a login whose account row level security hides is no 401, in sessions of before either'
ready '^503 .*Row level security hides rows' 'readyz says that row level security hides rows'
check
like "$said" '^1 latchkey: database: row level security hides rows; let the role see all of them, .*: CREATE POLICY latchkey ON users TO latchkey USING \(true\) WITH CHECK \(true\)$' \
	'check says that row level security hides rows, and what to do'
# shellcheck disable=SC2086
$LK_AS "$LK_BIN" -c "$LK_CONF" user list >"$tmp/out" 2>&1
is $? 1 'latchkey user list fails instead of showing no account'
sql 'create policy part on users to latchkey using (id > 0) with check (true)'
ready '^503' 'a policy that may hide rows is not enough'
sql 'drop policy part on users; create policy others on users to postgres using (true)'
ready '^503' 'a policy of another role is not enough'
sql 'create policy reading on users for select using (true)'
ready '^503' 'a policy for reading alone is not enough'
check
sql "$(printf '%s' "$said" | sed -n 's/.*: \(CREATE POLICY.*\)$/\1/p')"
ready '^200' 'the policy that check proposes is enough'
log_in ada 'correct horse'
is "$status" 200 'a login is good with that policy, without a restart'
sign_up eve 'correct horse'
is "$status" 200 'a sign-up is good with that policy'
check
like "$said" '^0 settings' 'check is content with that policy'
sql 'create policy none on users as restrictive using (id < 0)'
ready '^503' 'a restrictive policy hides rows beside it'
sql 'drop policy none on users'
ready '^200' 'readyz is 200 without a restrictive policy'
sql_admin 'alter table users disable row level security; alter table latchkey_throttle enable row level security'
ready '^503' 'rows of our own tables count as well'
check
like "$said" 'CREATE POLICY latchkey ON latchkey_throttle TO latchkey' "check names a table of Latchkey's whose rows are hidden"
sql_admin 'alter table latchkey_throttle disable row level security'

# Behind a view its owner's rights count.
sql 'drop policy reading on users; drop policy latchkey on users'
sql_admin "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'latchkey'" >"$tmp/out"
sql_admin "alter table users rename to account; alter table account owner to postgres; grant select, insert, update on account to latchkey_owner;
	grant usage on users_id_seq to latchkey;
	create view users as select * from account; alter view users owner to latchkey_owner;
	grant select, insert (username, fullname, password, is_active), update (fullname, password, is_active) on users to latchkey"
ready '^200' 'a view can take the place of the table while the service runs'
sql_admin 'alter table account enable row level security'
ready '^503' 'what row level security hides from its owner is hidden behind a view'
refuses 'a login through a view of hidden rows is a 503'
check
like "$said" 'CREATE POLICY latchkey ON account TO latchkey_owner' 'check names the table and the owner of the view'
sql_admin 'alter view users owner to postgres'
ready '^200' 'a view of an owner that row level security does not bind is well'
sql_admin 'alter table account disable row level security; drop view users; alter table account rename to users; alter table users owner to latchkey_owner'
ready '^200' 'the table is back'

# --- read-only ---

sql_admin "alter role latchkey set default_transaction_read_only = on; select pg_terminate_backend(pid) from pg_stat_activity where usename = 'latchkey'" >"$tmp/out"
ready '^503 .*read-only' 'readyz is 503 for a role that cannot write'
refuses 'a role that cannot write cannot count a login'
check
like "$said" '^1 latchkey: database: read-only, .*target_session_attrs=read-write.*RESET default_transaction_read_only$' 'check says that the database is read-only, and what to do'
sql_admin 'alter role latchkey reset default_transaction_read_only'
ready '^200' 'readyz is 200 once the role can write'

# --- a pooler ---

mkdir "$tmp/pool"
chmod 777 "$tmp/pool"
echo '"latchkey" ""' >"$tmp/pool/users"
pool_mode() {
	cat >"$tmp/pool/ini" <<-END
		[databases]
		latchkey = host=$LK_DIR/data port=5432 dbname=latchkey
		[pgbouncer]
		unix_socket_dir = $tmp/pool
		listen_port = 6432
		auth_type = trust
		auth_file = $tmp/pool/users
		default_pool_size = 20
		pool_mode = $1
	END
	[ -z "${pooler-}" ] || {
		kill -TERM "$pooler"
		wait "$pooler"
	}
	# shellcheck disable=SC2086
	$LK_AS pgbouncer "$tmp/pool/ini" 2>"$tmp/pool/log" &
	pooler=$!
	children="$children $pooler"
	retry 10 test -S "$tmp/pool/.s.PGSQL.6432"
}
through="host=$tmp/pool port=6432 user=latchkey dbname=latchkey"

pool_mode session
check LATCHKEY_DATABASE="$through"
like "$said" '^0 settings' 'check is content with PgBouncer that keeps a session for each connection'
t/stack workers-stop "$LK_DIR"
sed -i "s|^database = .*|database = '$through'|" "$LK_CONF"
t/stack workers-start "$LK_DIR"
ready '^200' 'readyz is content with that PgBouncer'
log_in ada 'correct horse'
is "$status" 200 'logins are good through that PgBouncer'
for mode in transaction statement; do
	pool_mode $mode
	for try in first second; do
		check
		like "$said" "^1 latchkey: database: a pooler gives our sessions to others, too; .*pool_mode = session" \
			"check finds PgBouncer with pool_mode = $mode, the $try time"
	done
	# each worker connects, as far as it can
	for _ in 1 2 3 4 5 6; do
		log_in ada 'correct horse'
	done
	ready '^503' "readyz is 503 with pool_mode = $mode"
done
ready '^503 .*pooler' 'readyz says that a pooler shares sessions'
like "$(grep event=db_failed "$LK_LOG")" 'sqlstate=(42P05|26000) .*pool_mode = session' 'the log of what a pooler broke says what to do'
pool_mode session
ready '^200' 'readyz is 200 with sessions again'
log_in ada 'correct horse'
is "$status" 200 'logins are good with sessions again'

done_testing
