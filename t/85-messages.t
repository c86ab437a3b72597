#!/bin/sh
# Mistakes of operators: each message says what to do, whichever command met it.
# shellcheck source=t/lib.sh disable=SC2154
. t/lib.sh
stack_up hash_cost=1 workers=1

# run ARGUMENT...: latchkey, as the servers' user; $said is its status and what it said.
run() {
	# shellcheck disable=SC2086 # words
	$LK_AS "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	said="$? $(cat "$tmp/err")"
}

# --- usage ---

for arguments in --help -h help '-c /nonexistent --help'; do
	# shellcheck disable=SC2086 # words
	run "$LK_BIN" $arguments
	is "$said" '0 ' "latchkey $arguments: succeeds"
	like "$(head -n 1 "$tmp/out")" '^usage: latchkey' "latchkey $arguments: prints the usage to standard output"
done
for arguments in 'user --help' 'user -h' 'help user' '-c /nonexistent user --help'; do
	# shellcheck disable=SC2086 # words
	run "$LK_BIN" $arguments
	is "$said" '0 ' "latchkey $arguments: succeeds with any settings"
	like "$(cat "$tmp/out")" 'user list' "latchkey $arguments: prints the actions"
done
run "$LK_BIN" migrate --help
is "$said $(cat "$tmp/out")" '0  usage: latchkey [-c FILE] migrate [ROLE]' 'latchkey migrate --help: prints its usage'
run "$LK_BIN" --version
is "$said" '0 ' 'latchkey --version: succeeds'
run "$LK_BIN" -x
like "$said" '^usage: latchkey' 'latchkey -x: prints the usage to standard error'
is "$(cat "$tmp/out")" '' 'latchkey -x: prints nothing to standard output'
run "$LK_BIN" help nonsense
like "$said" '^2 .*no such command: nonsense' 'latchkey help nonsense: says that there is no such command'

# --- the file of settings ---

# line LINE REMEDY
line() {
	printf '%s\n' "$1" >"$tmp/conf"
	run "$LK_BIN" -c "$tmp/conf" check
	like "$said" "^1 latchkey: $tmp/conf:1: .*$2" "the line $1: the message says: $2"
}
line 'greeting = Hello World' 'several words stand between quotation marks'
line 'greeting: Hello' 'put = in the place of the colon'
line 'export greeting=Hello' 'leave out export'
line 'greeting =' 'an empty value is ""'
line 'greeting = "Hello' 'a text ends with the quotation mark that it began with'
line 'greeeting = Hello' 'no such key: greeeting; latchkey settings lists them'
printf 'database = host=db password=canary-1 user=x\n' >"$tmp/conf"
run "$LK_BIN" -c "$tmp/conf" check
unlike "$said" canary 'a password in a wrong line is not shown'

# --- the connection string ---

# conninfo STRING WHAT
conninfo() {
	run env "LATCHKEY_DATABASE=$1" "$LK_BIN" -c "$LK_CONF" check
	like "$said" "^1 latchkey: database: .*$2" "the connection string $1: the message says: $2"
	unlike "$said" canary "the connection string $1: the message shows no password"
}
conninfo 'postgresql+psycopg2://todo:canary@localhost/todo' 'leave out .psycopg2, as in: postgresql://'
conninfo 'postgresql+asyncpg://localhost/todo' 'leave out .asyncpg'
conninfo 'postgresql+psycopg://localhost/todo' 'leave out .psycopg,'
conninfo 'jdbc:postgresql://localhost/todo' 'URL of JDBC'
conninfo 'sqlite:///./todo.db' 'PostgreSQL alone'
conninfo 'postgresql://todo:canary@localhost/todo' 'put it into a file: passfile=.* HOST:PORT:DATABASE:USER:PASSWORD'
conninfo 'postgresql://todo@localhost/todo?schema=canary' 'does not know a parameter behind the .; .* it is like: host=/run/postgresql'
conninfo 'DATABASE_URL=postgresql://todo:canary@localhost/todo' 'has a name in front'
conninfo localhost 'missing "=" after "localhost" in connection info string; it is like: host=/run/postgresql'
conninfo 'host localhost password canary' '; it is like: host=/run/postgresql'

# --- the database ---

socket="host=$LK_DIR/data port=5432"
# fails WHAT CONNINFO COMMAND...: $LK_AS says as whom
fails() {
	what=$1 string=$2
	shift 2
	run env HOME=/nonexistent "LATCHKEY_DATABASE=$string" "$LK_BIN" -c "$LK_CONF" "$@"
	like "$said" "$what" "${title-the database}: the message says: $what"
}
title='a role that does not exist' fails 'sqlstate=28000 .*advice="the role is the user of this process, unless .* user=NAME' \
	"$socket user=nobody_knows dbname=latchkey" check
title='a database that does not exist' fails 'sqlstate=3D000 .*advice="make it with createdb' "$socket user=latchkey dbname=no" check
title='no PostgreSQL' fails 'advice="PostgreSQL does not listen there: see whether it runs' 'host=/nonexistent user=latchkey' check
title='no PostgreSQL' fails 'advice="PostgreSQL does not listen there: see whether it runs' 'host=127.0.0.1 port=1 user=latchkey' check
sql_admin "alter role latchkey password 'canary-2'"
cp "$LK_DIR/data/pg/pg_hba.conf" "$tmp/hba"
sed 's/trust$/scram-sha-256/' "$tmp/hba" >"$LK_DIR/data/pg/pg_hba.conf"
kill -HUP "$(head -n 1 "$LK_DIR/data/pg/postmaster.pid")"
wants_password() {
	run env HOME=/nonexistent "LATCHKEY_DATABASE=$socket user=latchkey dbname=latchkey" "$LK_BIN" -c "$LK_CONF" check
	[ "${said%% *}" = 1 ]
}
retry 10 wants_password
like "$said" 'no password supplied.* advice="PostgreSQL wants a password: name a file with passfile=PATH' \
	'no passfile: the message says to name one'
mkdir "$tmp/pass"
chmod 755 "$tmp/pass"
# passfile LINE MODE
passfile() {
	printf '%s\n' "$1" >"$tmp/pass/file"
	chmod "$2" "$tmp/pass/file"
	[ -z "$LK_AS" ] || chown nobody "$tmp/pass/file"
}
passfile 'other:5432:latchkey:latchkey:canary-2' 600
title='a passfile without a line that fits' fails 'advice="PostgreSQL wants a password.*a line HOST:PORT:DATABASE:USER:PASSWORD that fits' \
	"$socket user=latchkey dbname=latchkey passfile=$tmp/pass/file" check
passfile '*:*:*:latchkey:canary-3' 600
title='a passfile with another password' fails 'sqlstate=28P01 .*advice="the password of the passfile is not the role.s' \
	"$socket user=latchkey dbname=latchkey passfile=$tmp/pass/file" check
unlike "$said" canary 'a passfile with another password: the message shows no password'
passfile '*:*:*:latchkey:canary-2' 600
run env "LATCHKEY_DATABASE=$socket user=latchkey dbname=latchkey passfile=$tmp/pass/file" "$LK_BIN" -c "$LK_CONF" check
like "$said" '^0 ' 'the right password is read from the passfile'
cp "$tmp/hba" "$LK_DIR/data/pg/pg_hba.conf"
kill -HUP "$(head -n 1 "$LK_DIR/data/pg/postmaster.pid")"
works() {
	run "$LK_BIN" -c "$LK_CONF" check
	[ "${said%% *}" = 0 ]
}
retry 10 works

# --- as root ---

if [ "$(id -u)" = 0 ]; then
	servers=$LK_AS LK_AS=
	title='as root' fails "role 'root' does not exist.* advice=\"run this as the service.s user, as in: runuser -u latchkey -- latchkey check" \
		"$socket dbname=latchkey" check
	like "$said" 'this was run as root; .* runuser -u latchkey -- latchkey check$' 'as root: the last line of check says as whom to run it'
	title='migrate as root' fails 'run as root; .* runuser -u latchkey_owner -- latchkey migrate$' "$socket dbname=latchkey" migrate
	title='user as root' fails 'run as root; .* runuser -u latchkey -- latchkey user$' "$socket dbname=latchkey" user list
	LK_AS=$servers
fi

# --- rights ---

for statement in 'revoke select on latchkey_migration from latchkey' 'revoke update (password) on users from latchkey' \
	'revoke usage on sequence users_id_seq from latchkey' 'revoke insert on latchkey_throttle from latchkey'; do
	$LK_PSQL -Xqc "$statement"
	run "$LK_BIN" -c "$LK_CONF" check
	like "$said" '^1 .*as the database.s owner run: latchkey migrate ROLE' "$statement: check says what to do"
	run env LATCHKEY_DATABASE="$LK_OWNER" "$LK_BIN" -c "$LK_CONF" migrate latchkey
	like "$said" '^0 ' "$statement: migrate succeeds"
done
run "$LK_BIN" -c "$LK_CONF" check
like "$said" '^0 ' 'check succeeds after each migrate'
run "$LK_BIN" -c "$LK_CONF" migrate
like "$said" 'as the owner of the database and its tables run: latchkey migrate ROLE' \
	'migrate by a role that may not says as whom to run it'
sql_admin 'revoke connect on database latchkey from public'
title='a role that may not connect' fails 'sqlstate=42501 .*advice="as the owner of the database' "$socket user=latchkey dbname=latchkey" check
sql_admin 'grant connect on database latchkey to public'

# --- the key ---

good=$(cat "$LK_KEY")
# key WHAT FORMAT: printf's, of the key
key() {
	# shellcheck disable=SC2059 # a format
	printf "$2" "$good" >"$tmp/pass/key"
	chmod 600 "$tmp/pass/key"
	[ -z "$LK_AS" ] || chown nobody "$tmp/pass/key"
	run env LATCHKEY_KEY_FILE="$tmp/pass/key" "$LK_BIN" -c "$LK_CONF" check
	if [ -n "$1" ]; then
		like "$said" "^1 latchkey: key_file .*: $1; the file has to hold the key alone" "a key file that $1"
		unlike "$said" "$good" "a key file that $1: the message does not show the key"
	else
		like "$said" '^0 ' "a key file with $2 is good"
	fi
}
key '' '%s'
key '' '%s\n'
key '' '%s=='
key 'has line ends of Windows .CR LF.' '%s\r\n'
key 'has several lines' '# the key\n%s\n'
key 'has several lines' '%s\n\n'
key 'has blanks around the key' ' %s\n'
key 'has blanks around the key' '%s \n'
key 'has blanks around the key' '\t%s\n'
key 'has quotation marks around the key' '"%s"\n'
key 'has quotation marks around the key' "'%s'\n"
key 'has a name in front of the key' 'secret_key = "%s"\n'
key 'has a name in front of the key' 'SECRET_KEY=%s\n'
key 'has a name in front of the key' 'secret_key: %s\n'
key 'has a name in front of the key' 'export SECRET_KEY=%s\n'
key 'has a byte order mark, or an editor.s quotation marks, around the key' '\357\273\277%s\n'
key 'is JSON' '{"kty":"oct","k":"%s"}\n'
head -c 64 /dev/urandom | sed '1s/^/ /' >"$tmp/pass/key"
run env LATCHKEY_KEY_FILE="$tmp/pass/key" "$LK_BIN" -c "$LK_CONF" check
like "$said" '^0 ' 'a key of random bytes may begin with a blank'

# --- make run ---

# port PORT WHAT
port() {
	mkdir -p "$tmp/run"
	t/stack up "$tmp/run" port="$1" >"$tmp/out" 2>&1
	like "$? $(cat "$tmp/out")" "^1 stack: .*$2" "PORT=$1: the message says: $2"
}
for wrong in abc 0 65535 99999 99999999999999999999 -1 80x 080 ''; do
	port "$wrong" 'choose a number from 1 to 65534, as in: PORT=8010 make run'
done
[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -le 80 ] || port 80 'port 80 is for root alone; choose one from 1024 on'
port "$LK_PORT" "port $LK_PORT or the next one is taken; choose another, as in: PORT=80[0-9]0 make run"
port $((LK_PORT - 1)) 'is taken; choose another'

done_testing
