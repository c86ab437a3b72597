#!/bin/sh
# Forged log lines and leaked secrets: whatever reaches a log, each event is
# one line of printable ASCII; and no log, command line, environment or core
# file contains a secret.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 nginx_limits=off login_failures_per_client_hour=1000 token_leeway_s=5

# Lines as the program writes them, behind all that may begin a new line.
lf=$(printf '\nlevel=error req=- event=forged\n.')
lf=${lf%.}
cr=$(printf '\rlevel=error req=- event=forged')
esc=$(printf '\033[2K\033[1Alevel=error event=forged')
nel=$(printf '\302\205level=error event=forged')
ls=$(printf '\342\200\250level=error event=forged')
bytes=$(printf '\377\300\257level=error event=forged')

# The lines of a log that are none of the program's, or that hold what is not
# printable ASCII.
odd_lines() {
	LC_ALL=C grep -anvE '^(([0-9T:.-]+Z )?level=(error|warning|info) req=([0-9a-f]+|-) event=[a-z_]+ |([0-9T:.-]+Z )?latchkey: )[ -~]*$' "$1"
	grep -anE '^([0-9T:.-]+Z )?level=[a-z]+ req=[^ ]* event=forged' "$1"
}

# --- names, passwords, addresses, methods: by clients ---

secret=canary-password-7f
for name in "$lf" "$cr" "$esc" "$nel" "$ls" "plain"; do
	shown=$(printf '%s' "$name" | head -c 12 | od -An -tx1 | xargs)
	api POST /users/add_user/ "$(python3 -c '
import json, sys
print(json.dumps(dict(username=sys.argv[1], fullname=sys.argv[1], password=sys.argv[2])))' "name $name" "$secret")"
	is "$status" 200 "a sign-up gets 200 with a name of the bytes $shown"
	api POST /token --data-urlencode "username=name $name" --data-urlencode "password=$secret"
	is "$status" 200 "a login gets 200 with a name of the bytes $shown"
	token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
	device=$(header Set-Cookie | sed 's/^[^=]*=\([^;]*\);.*/\1/')
	api POST /token --data-urlencode "username=name $name" --data-urlencode "password=wrong-$secret"
	is "$status" 401 "a wrong password gets 401 with a name of the bytes $shown"
	api PATCH /users/me "$(python3 -c 'import json, sys; print(json.dumps(dict(fullname=sys.argv[1])))' "$name")" -H "Authorization: Bearer $token"
	is "$status" 200 "PATCH /users/me gets 200 with a full name of the bytes $shown"
	api GET /check -H "Authorization: Bearer $token"
	is "$status" 200 "/check gets 200 with a name of the bytes $shown"
	api GET /x -A "agent $name" -H "X-Forwarded-For: $name" -H "Referer: http://x/?$name" -H "Cookie: x=$name"
done
head -c 1048576 /dev/zero | tr '\0' n >"$tmp/name"
api POST /token --data-urlencode "username@$tmp/name" -d password=x
is "$status" 413 'a name of 1 MiB gets 413'
head -c 60000 "$tmp/name" >"$tmp/name.60k"
api POST /token --data-urlencode "username@$tmp/name.60k" -d password=x
is "$status" 401 'a name of 60 KB gets 401'
LK_LINE=$lf PYTHONPATH=t/tool python3 -B -c '
import os, sys
from peer import fcgi
line = os.environ["LK_LINE"].encode()
for path in sys.argv[1:]:
    for odd in line, b"\r" + line, b"\x1b[1A" + line, b"\xe2\x80\xa8" + line, b"\xc2\x85" + line, b"\xff" + line, b"n" * 60000, b"%s%n%s%n":
        for name in b"REQUEST_METHOD", b"REQUEST_URI", b"REMOTE_ADDR", b"REQUEST_ID", b"REQUEST_MSEC", b"CONTENT_TYPE", b"CONTENT_LENGTH", b"HTTP_AUTHORIZATION", b"HTTP_COOKIE", odd:
            p = {b"REQUEST_METHOD": b"POST", b"REQUEST_URI": b"/token", b"CONTENT_LENGTH": b"23", b"CONTENT_TYPE": b"application/x-www-form-urlencoded"}
            p[name] = odd
            assert fcgi(path, list(p.items()), b"username=ada&password=x"), (name, odd)
' "$LK_SOCKET_CHECK" "$LK_SOCKET_API" "$LK_SOCKET_LOGIN"
ok $? 'a forged line in any FastCGI parameter is answered'

# --- what the database says ---

# An operator's trigger that quotes the name, in each way that there is.
$LK_PSQL_ADMIN -Xqc "create function quotes() returns trigger language plpgsql as
	\$\$ begin
		raise notice 'notice of %', new.username;
		raise warning 'warning of %', new.username;
		raise info 'info of %', new.username;
		if new.username like 'raise%' then raise exception 'error of %', new.username; end if;
		if new.username like 'value%' then raise exception using errcode = '22000', message = new.username, detail = new.username, hint = new.username; end if;
		return new;
	end \$\$" -c 'create trigger quotes before insert on users for each row execute function quotes()'
for name in "$lf" "$cr" "$esc" "$nel" "$ls" '" event=forged "' '\x0alevel=error'; do
	for kind in fine raise value; do
		api POST /users/add_user/ "$(python3 -c '
import json, sys
print(json.dumps(dict(username=sys.argv[1], password="correct horse")))' "$kind$name")"
		case $kind in
		fine) is "$status" 200 'a trigger that mentions a name of forged lines lets the sign-up succeed' ;;
		raise) is "$status" 400 'a trigger that refuses a name of forged lines makes a 400' ;;
		value) is "$status" 400 'a trigger that refuses the value of a name of forged lines makes a 400' ;;
		esac
	done
done
is "$(grep -cE 'notice of|warning of|info of' "$LK_LOG")" 0 "notices of the database are not in Latchkey's log"
like "$(cat "$LK_LOG")" 'event=db_failed .*message=.PL/pgSQL function quotes\(\) line [0-9]+ at RAISE' "the log has the place of a trigger's error, not its words"
sql_admin 'drop trigger quotes on users'

# --- what is wrong with the settings, told while the service runs ---

serve=$(cat "$LK_SERVE")
cp "$LK_CONF" "$tmp/good"
said() {
	[ "$(grep -c 'event=reload' "$LK_LOG")" -gt "$reloads" ]
}
for line in "hash_cost = \"5$lf\"" "hash_cost = '$esc'" "hash_upgrade = \"$cr\"" "greeting = \"$bytes\"" "no$esc = 5" "key_file = \"/nowhere$lf\"" \
	"password_blocklist = \"/nowhere$lf\"" "database = \"host=x $lf\"" "database = \"host=x password=$secret x$secret\"" \
	"database = \"postgresql://u:$secret@[x/db\"" "database = \"password=$secret\"" "login_backlog = \"$nel\"" "$lf = 5"; do
	reloads=$(grep -c 'event=reload' "$LK_LOG")
	{
		grep -v "^$(printf '%s' "${line%% *}" | tr -cd 'a-z_') =" "$tmp/good"
		printf '%s\n' "$line"
	} >"$LK_CONF"
	kill -HUP "$serve"
	retry 10 said
	ok $? "a reload with $(printf '%.24s' "$line" | tr -c ' -~' '?') is logged"
done
cat "$tmp/good" >"$LK_CONF"
is "$(grep 'event=reload' "$LK_LOG" | cut -d ' ' -f 2- | sort -u)" 'level=error req=- event=reload result=kept' 'each reload with a forged line is refused'
is "$(odd_lines "$LK_LOG")" '' "every line of the service's log is one that it meant to write"

# The same to whoever starts it.
for variable in "LATCHKEY_HASH_COST=$lf" "LATCHKEY_KEY_FILE=/nowhere$lf" "LATCHKEY_GREETING=$bytes" "LATCHKEY_DATABASE=x$lf" "LATCHKEY_LISTEN_API=/nowhere$esc/x" \
	"LATCHKEY_STATUS_FILE=/nowhere$lf/x" "LATCHKEY_HASH_UPGRADE=$ls"; do
	# shellcheck disable=SC2086 # words of a command
	$LK_AS env "$variable" "$LK_BIN" -c "$LK_CONF" serve >"$tmp/out" 2>&1 </dev/null
	isnt $? 0 "serve does not start with a forged line in ${variable%%=*}"
	is "$(odd_lines "$tmp/out")" '' "serve refuses a forged line in ${variable%%=*} in lines of its own"
done
# shellcheck disable=SC2086 # words of a command
$LK_AS "$LK_BIN" -c "/nowhere$lf" check >"$tmp/out" 2>&1
is "$? $(odd_lines "$tmp/out")" '1 ' 'check refuses the name of a missing file in lines of its own'

# --- secrets ---

api POST "/users/me/password?new=$secret" "{\"current\":\"$secret\",\"new\":\"$secret-2\"}" -H "Authorization: Bearer $token"
is "$status" 200 'a change of the password gets 200'
api POST /token "username=name plain&password=$secret-2"
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
api POST /users/me/password "{\"current\":\"wrong-$secret\",\"new\":\"$secret-3\"}" -H "Authorization: Bearer $token"
api POST /token "username=name plain&password=$secret-2" -H "Cookie: __Host-latchkey-device=$device"
api POST /token -F "username=$secret" -F "password=$secret" -F "$secret=@-;filename=$secret" </dev/null
api POST /token "username=x&password=$secret" -H "Authorization: Basic $secret"
api POST /users/add_user/ "{\"username\":\"x\",\"password\":\"$secret\",\"password\":[\"$secret\"],"
api POST /users/add_user/ "{\"username\":{\"password\":\"$secret\"},\"password\":\"$secret\\u0000\"}"
api GET "/users/me?access_token=$token&password=$secret" -H "Authorization: Bearer x$token" -H "Cookie: token=$token"
api GET / -H "Referer: http://x/?token=$token" -H "Proxy-Authorization: $secret"
api POST "/token?password=$secret" "@$tmp/name"
printf '%s\n' "$secret-4" | $LK_AS "$LK_BIN" -c "$LK_CONF" user passwd 'name plain'
is $? 0 'user passwd succeeds'
printf 'POST /token?password=%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n' "$secret" >"$tmp/request"
raw <"$tmp/request"
t/stack db-stop "$LK_DIR"
api POST "/token?password=$secret" "username=name plain&password=$secret"
is "$status" 503 'a login gets 503 while the database is away'
t/stack db-start "$LK_DIR"
back() {
	ops GET /readyz
	[ "$status" = 200 ]
}
retry 10 back
ops GET /metrics
unlike "$body" 'canary|forged' '/metrics holds no name'

key=$(cat "$LK_KEY")
hash=$(sql "select password from users where username = 'name plain'")
isnt "$hash" '' 'the account has a hash'
for log in "$LK_LOGS"/*; do
	for what in "$secret" "$token" "${token##*.}" "$device" "$key" "$hash" "$(printf '%s' "$secret" | base64)"; do
		ok "$(grep -acF -e "$what" "$log")" "${log##*/} does not hold $(printf '%.12s' "$what")"
	done
done
is "$(LC_ALL=C grep -anvE '^[ -~]*$' "$LK_LOGS/nginx.access.log" | head -n 3)" '' "each line of nginx's access log is printable ASCII"
is "$(grep -vcE '^127\.0\.0\.1 - - \[[^]]*\] "' "$LK_LOGS/nginx.access.log")" 0 "each line of nginx's access log begins with an address and a time"

# The processes of the stack: with their children.
stack_pids() {
	for parent in "$serve" "$(cat "$LK_DIR/data/nginx.pid")" "$(head -n 1 "$LK_DIR/data/pg/postmaster.pid")"; do
		echo "$parent"
		pgrep -P "$parent"
	done
}
pids=$(stack_pids)
like "$(printf '%s\n' "$pids" | wc -l)" '^ *[1-9][0-9]' 'the processes of the stack are found'
for pid in $pids; do
	cat "/proc/$pid/cmdline" "/proc/$pid/environ" 2>/dev/null
done >"$tmp/processes"
[ "$(grep -acF -e "$LK_CONF" "$tmp/processes")" -gt 0 ]
ok $? "the command lines of the stack's processes are read"
for what in "$secret" "$token" "$device" "$key" "$hash"; do
	ok "$(grep -acF -e "$what" "$tmp/processes")" "no command line or environment holds $(printf '%.12s' "$what")"
done
cores=
for pid in "$serve" $(pgrep -P "$serve"); do
	cores="$cores$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$pid/limits") $(stat -c %U "/proc/$pid/environ"),"
done
[ -n "${LK_SANITIZED-}" ] ||
	is "$(printf '%s' "$cores" | tr , '\n' | sort -u)" '0 0 root' 'no process of Latchkey may leave a core file, or be read by others of its user'

done_testing
