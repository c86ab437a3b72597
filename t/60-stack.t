#!/bin/sh
# t/stack and t/run, which make run and every other test use.
# shellcheck disable=SC1091,SC2016 # no variables in single quotes
. t/lib.sh

# Processes that run in a folder or have a file of it in their command line: the
# workers hide the one, nginx's and PostgreSQL's children the other. By two programs, not by
# some for each process of the machine.
processes_in() {
	echo "$1/" >"$tmp/wanted"
	{
		find /proc -maxdepth 2 -path '/proc/[0-9]*/cwd' \( -lname "$1" -o -lname "$1/data/pg" \) -printf '%h\n'
		grep -laFf "$tmp/wanted" /proc/[0-9]*/cmdline | sed 's|/cmdline$||'
	} 2>/dev/null
}

user=nobody
[ "$(id -u)" = 0 ] || user=$(id -un)

nothing_runs_in() {
	[ -z "$(processes_in "$1")" ]
}

refused() {
	! t/stack up "$@" 2>"$tmp/err"
}

greeting() {
	curl -fs "$1/"
}

# --- two at a time ---

stack_up greeting='one' workers=3
one=$LK_DIR one_url=$LK_URL
stack_up greeting='it'\''s "two" \ ${HOME} # ü'
two=$LK_DIR two_url=$LK_URL

isnt "$one_url" "$two_url" 'two stacks run side by side, each on its port'
is "$(greeting "$one_url")" '{"message":"one"}' 'the first has its own settings'
api GET /
json_is .message 'it'\''s "two" \ ${HOME} # ü' 'the second stack has its own settings, whatever their values contain'

api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
is "$status" 200 'a user signs up on the second'
is "$($LK_PSQL -Atc 'select username from users')" ada 'LK_PSQL shows the user'
. "$one/env"
is "$($LK_PSQL -Atc 'select count(*) from users')" 0 'the database of the first stack has no user of the second'
is "$(tr '\0' '\n' <"/proc/$(head -n 1 "$one/data/workers.pid")/cmdline" | head -n 1)" "$LK_BIN" \
	'the workers run the program of the stack'
is "$(pgrep -P "$(cat "$one/data/workers.pid")" -c "latchkey-(check|api|login)")" 9 'a stack has as many workers in each lane as were asked for'
is "$(stat -c %a "$LK_KEY")" 600 'the key is for its owner alone'
is "$(stat -c %U "$LK_KEY" "$one/data" | sort -u)" "$user" \
	'the data of a stack belong to a user who is not root'
$LK_AS "$LK_BIN" -c "$LK_CONF" check >/dev/null 2>&1
ok $? 'LK_AS runs a command as the user of the servers'


# --- nginx's limits ---

# of_address FOLDER: the lines by which nginx limits one address.
of_address() {
	cat "$1"/*.conf | grep -cE '^[	#]*limit_(conn|req) '
}
isnt "$(of_address "$one/nginx")" 0 'a stack has the limits of conf/nginx'
is "$(of_address "$one/nginx")" "$(of_address conf/nginx)" 'a stack has all limits of conf/nginx'
stack_up nginx_limits=off
is "$(of_address "$LK_DIR/nginx")" 0 'a stack with nginx_limits=off has none of them'
t/stack down "$LK_DIR"
. "$one/env"

# --- refusals ---

stacks="$stacks $tmp/no"

isnt "$(processes_in "$one" | wc -l)" 0 'the processes of a stack are found'

refused "$one"
ok $? 'a stack that is up is not started again'
like "$(cat "$tmp/err")" 'up already' 'the refusal to start a stack again says that it is up'
is "$(greeting "$one_url")" '{"message":"one"}' 'the refusal to start a stack again leaves it running'

refused "$tmp/no" "port=$LK_PORT"
ok $? 'a taken port is refused'
like "$(cat "$tmp/err")" "port $LK_PORT or the next one is taken" 'the refusal of a taken port names it'

for wrong in nginx_limits=some no_such_key=1 database_=x 'no key at all'; do
	refused "$tmp/no" "$wrong"
	ok $? "a stack refuses '$wrong'"
	like "$(cat "$tmp/err")" "${wrong%%=*}" "the refusal of '$wrong' names the key"
done

refused "$tmp/no" hash_cost=much
ok $? 'a value that Latchkey refuses ends the start'
like "$(cat "$tmp/err")" 'hash_cost' 'a stack shows what Latchkey says of a refused value'
nothing_runs_in "$tmp/no"
ok $? 'a stack that fails to start leaves no process'

refused "$tmp/no folder"
ok $? 'a folder whose name would have to be quoted is refused'
refused "$tmp/$(printf '%0100d' 0)"
ok $? 'a folder too long for the name of a socket is refused'
like "$(cat "$tmp/err")" '107 bytes' 'the refusal of a long folder says how long it may be'

# --- stopping and starting again ---

t/stack workers-stop "$one"
api GET /
is "$status" 503 'without workers nginx answers alone'
t/stack workers-start "$one"
retry 10 greeting "$one_url" >/dev/null
ok $? 'nginx serves again when the workers are back'

t/stack db-stop "$one"
! $LK_PSQL -Atc 'select 1' >/dev/null 2>&1
ok $? 'the database can be stopped alone'
t/stack db-start "$one"
is "$($LK_PSQL -Atc 'select 1')" 1 'the database of a stack is started again alone'

kill -KILL "$(head -n 1 "$one/data/workers.pid")"
t/stack down "$one"
ok $? 't/stack down stops a stack of which a part is dead'
nothing_runs_in "$one"
ok $? 't/stack down leaves no process'
t/stack down "$one"
ok $? 't/stack down twice does no harm'
[ -s "$one/log/latchkey.log" ]
ok $? 't/stack down leaves the logs'
is "$(greeting "$two_url" | cut -c 1-11)" '{"message":' 't/stack down leaves another stack running'

. "$two/env"
key=$(cat "$LK_KEY")
t/stack down "$two"
t/stack up "$two" pg_fsync=off greeting=again
ok $? 'a stack starts again in its folder'
. "$two/env"
is "$($LK_PSQL -Atc 'select username from users')" ada 'a stack that starts again has its data'
is "$(cat "$LK_KEY")" "$key" 'a stack that starts again has its key'
is "$(greeting "$LK_URL")" '{"message":"again"}' 'a stack that starts again has the settings of this time'

# --- interrupted ---

# With a program that never answers, the start lasts until it is interrupted.
cat >"$tmp/mute" <<EOF
#!/bin/sh
[ "\$3" != serve ] || exec tail -f "\$0"
exec "$PWD/build/latchkey" "\$@"
EOF
chmod 755 "$tmp/mute"

for moment in pg.new pg/postmaster.pid workers.pid nginx.pid; do
	stopped=$tmp/stopped-at-${moment%%[./]*}
	stacks="$stacks $stopped"
	template=${LK_TEMPLATE-}
	[ "$moment" != pg.new ] || template= # initdb is interrupted too
	LK_TEMPLATE=$template t/stack up "$stopped" bin="$tmp/mute" 2>"$tmp/err" &
	up=$!
	retry 20 test -e "$stopped/data/$moment"
	ok $? "a start gets as far as $moment"
	kill -TERM "$up"
	! wait "$up"
	ok $? "a start is interrupted as soon as there is $moment"
	nothing_runs_in "$stopped"
	ok $? "an interrupted start leaves no process: $moment"
done

# --- make run ---

# In a tree of its own: somebody may be running it in this one.
mkdir -p "$tmp/tree/build"
cp -R t conf nginx.conf.sample "$tmp/tree"
cp -R build/latchkey build/docs build/passwords.test "$tmp/tree/build"
stacks="$stacks $tmp/tree/run"

run() {
	: >"$tmp/out" # of the run before
	PORT=$LK_PORT "$tmp/tree/t/run" >"$tmp/out" 2>&1 &
	run=$!
	children=$run
	retry 30 grep -qs 'To stop:' "$tmp/out"
}

t/stack down "$two"
run
ok $? 'make run says when it is ready'
out=$(cat "$tmp/out")
is "$(of_address "$tmp/tree/run/nginx")" "$(of_address conf/nginx)" 'make run has the limits of conf/nginx'
like "$out" '"username":"ada"' 'make run shows a sign-up'
like "$out" '"token_type":"bearer"' 'make run shows a login'
like "$out" "http://127.0.0.1:$LK_PORT/docs" 'make run names the documentation'
kill -TERM "$run"
wait "$run"
is $? 0 'make run ends at SIGTERM'
nothing_runs_in "$tmp/tree/run"
ok $? 'make run leaves no process'

# A configuration with a limit that nginx_limits=off would leave in.
sed -i 's/^limit_conn latchkey_conn 64;/limit_conn latchkey_conn  64;/' "$tmp/tree/conf/nginx/latchkey-client.conf"
stacks="$stacks $tmp/no-limits"
! "$tmp/tree/t/stack" up "$tmp/no-limits" pg_fsync=off nginx_limits=off 2>"$tmp/err"
ok $? 'a limit in nginx.conf.sample that t/stack does not know ends the start'
like "$(cat "$tmp/err")" 'does not know' 't/stack says that it does not know the limit'

run
like "$(cat "$tmp/out")" 'from an earlier run' 'make run finds the data of the time before'
like "$(cat "$tmp/out")" '"token_type":"bearer"' 'make run logs in the user of the time before'
kill -TERM "$run"
wait "$run"
children=

done_testing
