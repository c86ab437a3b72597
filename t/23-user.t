#!/bin/sh
# latchkey user: management of accounts by the operator.
# shellcheck source=t/lib.sh
. t/lib.sh
# with time for the database, whatever else runs beside
stack_up hash_cost=1 db_timeout_ms=10000 login_wait_ms=60000 password_blocklist="$PWD/build/passwords.test" username_max_chars=20 fullname_max_chars=10

# with PASSWORD ARGUMENT...
with() {
	printf '%s\n' "$1" >"$tmp/password"
	shift
	user_result "$@" <"$tmp/password"
}

tab='	'

# --- add ---

with 'correct horse' add ada 'Ada L.'
is "$result $said$complaint" "0 1${tab}ada${tab}Ada L.${tab}active${tab}yescrypt" 'user add makes an account'
log_in ada 'correct horse'
is "$status" 200 'an account that user add made logs in'
printf 'no newline' >"$tmp/password"
user_result add bob <"$tmp/password"
is "$result $said" "0 2${tab}bob${tab}${tab}active${tab}yescrypt" 'user add takes no full name, and a password without a newline'
log_in bob 'no newline'
is "$status" 200 'a password that user add read without a newline logs in'
with "$(printf 'cre\314\200me bru\314\202le\314\201e')" add nfc
log_in nfc 'crème brûlée'
is "$status" 200 'a password that user add read in decomposed letters logs in composed'

while IFS='|' read -r name full password why; do
	with "$(printf %b "$password")" add "$(printf %b "$name")" "$(printf %b "$full")"
	is "$result $complaint" "1 latchkey: $why" "user add refuses: $why"
done <<'E'
ada||another one|account already exists: ada
x23456789012345678901||correct horse|name has more than 20 characters
x\0377||correct horse|name is not UTF-8
x|x2345678901|correct horse|full name has more than 10 characters
x|\0377|correct horse|full name is not UTF-8
x||seven77|password has fewer than 8 characters
x||\0377correct horse|password is not UTF-8
x||letmein|password has fewer than 8 characters
x||PassWord1|password is too common
correct horse||Correct Horse|password is the user name
E
with "$(head -c 512 /dev/zero | tr '\0' x)" add x
is "$result $complaint" '1 latchkey: password has more than 511 bytes' 'user add refuses a password of 512 bytes'
with "$(head -c 511 /dev/zero | tr '\0' x)" add p511
is "$result" 0 'user add accepts a password of 511 bytes'
with "$(head -c 4096 /dev/zero | tr '\0' x)" add x
is "$result $complaint" '1 latchkey: password is too long or contains a NUL byte' 'user add refuses 4096 bytes without reading more than a password can have'
printf 'correct\0horse\n' >"$tmp/password"
user_result add x <"$tmp/password"
is "$result $complaint" '1 latchkey: password is too long or contains a NUL byte' 'user add refuses a NUL in a password'
with 'correct horse' add ''
is "$result $complaint" '1 latchkey: name is empty' 'user add refuses an empty name, for which no token would count'
user_result add x </dev/null
is "$result $complaint" '1 latchkey: no password was given' 'user add refuses an empty standard input'
with 'correct horse' add x2345678901234567890 x234567890
is "$result" 0 'user add accepts names of the lengths that a sign-up accepts'
is "$(sql "select count(*) from users where username like 'x%' or username like 'c%'")" 1 'a refused user add makes no account'

# --- list and show ---

awkward=$(printf 'a\tb\r\033[31m\\\302\233c\342\200\256d\330\234e')
with 'correct horse' add "$awkward" "$(printf 'é\n\033]0;x')"
is "$result" 0 'user add accepts a name with control characters, as a sign-up does'
sql "insert into users (username, password, is_active) values ('old', '\$2b\$12\$' || repeat('x', 53), null), ('none', null, false), ('else', 'x', true)"
user_result list
is "$said" "1${tab}ada${tab}Ada L.${tab}active${tab}yescrypt
2${tab}bob${tab}${tab}active${tab}yescrypt
3${tab}nfc${tab}${tab}active${tab}yescrypt
4${tab}p511${tab}${tab}active${tab}yescrypt
5${tab}x2345678901234567890${tab}x234567890${tab}active${tab}yescrypt
6${tab}a\\x09b\\x0d\\x1b[31m\\x5c\\xc2\\x9bc\\xe2\\x80\\xaed\\xd8\\x9ce${tab}é\\x0a\\x1b]0;x${tab}active${tab}yescrypt
7${tab}old${tab}${tab}disabled${tab}bcrypt
8${tab}none${tab}${tab}disabled${tab}none
9${tab}else${tab}${tab}active${tab}other" 'user list has one line for each account, whatever its names hold'
sixth=$(printf '%s\n' "$said" | sed -n 6p)
user_result show "$awkward"
is "$result $said" "0 $sixth" 'user show finds an account by its name'
for action in show disable enable logout; do
	user_result $action "$(printf 'no\033body')"
	is "$result $said$complaint" '1 latchkey: no such account: no\x1bbody' "user $action says that there is no such account"
	user_result $action "$(printf '\377')"
	is "$result" 1 "user $action refuses a name that is not UTF-8"
done
sql "insert into users (username) select 'many' || n from generate_series(1, 2500) n"
user_result list
is "$(printf '%s\n' "$said" | wc -l) $(printf '%s\n' "$said" | cut -f 1 | sort -n | uniq | wc -l)" '2509 2509' 'user list prints each of 2509 accounts once'
sql "delete from users where username like 'many%'"

# --- disable and enable ---

log_in ada 'correct horse'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
for time in once twice; do
	user_result disable ada
	is "$result $said" "0 1${tab}ada${tab}Ada L.${tab}disabled${tab}yescrypt" "user disable disables an account ($time)"
done
log_in ada 'correct horse'
is "$status" 401 'a disabled account gets 401 at the login'
api GET /users/me -H "Authorization: Bearer $token"
is "$status" 401 'the token of a disabled account gets 401'
for time in once twice; do
	user_result enable ada
	is "$result $said" "0 1${tab}ada${tab}Ada L.${tab}active${tab}yescrypt" "user enable enables an account ($time)"
done
api GET /users/me -H "Authorization: Bearer $token"
is "$status" 401 'the token from before user disable gets 401 after user enable'
log_in ada 'correct horse'
is "$status" 200 'an enabled account logs in'

# --- passwd ---

with 'battery staple' passwd ada
is "$result $said" "0 1${tab}ada${tab}Ada L.${tab}active${tab}yescrypt" 'user passwd changes the password'
log_in ada 'battery staple'
is "$status" 200 'the password of user passwd logs in'
log_in ada 'correct horse'
is "$status" 401 'the password before user passwd gets 401'
user_result show ada
is "$(printf '%s\n' "$said" | head -n 1)" "1${tab}ada${tab}Ada L.${tab}active${tab}yescrypt" 'user show prints the account'
like "$(printf '%s\n' "$said" | sed -n 2p)" '^password changed 20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z by operator$' \
	'user show prints when the password was changed, and by whom'
with 'battery staple' passwd none
user_result enable none
log_in none 'battery staple'
is "$status" 200 'user passwd gives a password to an account that had none'
for password in short password1 ADAADAADA; do
	[ $password != ADAADAADA ] || sql "update users set username = 'adaadaada' where username = 'ada'"
	with $password passwd "$(sql 'select username from users where id = 1')"
	like "$result $complaint" '^1 latchkey: password ' "user passwd refuses $password, as a sign-up does"
done
with 'battery staple' passwd nobody
is "$result $complaint" '1 latchkey: no such account: nobody' 'user passwd refuses an unknown name'

# --- a terminal ---

# terminal ANSWER... -- ARGUMENT...: what is shown, then the exit status, and
# whether the terminal shows again what is typed.
terminal() {
	python3 -B t/tool/terminal.py "$@"
}

# shellcheck disable=SC2086 # $LK_AS is words
{
	is "$(terminal 'typed blindly\n' 'typed blindly\n' -- $LK_AS "$LK_BIN" -c "$LK_CONF" user add typist)" \
		'New password:
Retype new password:
'"$(sql "select last_value from users_id_seq")"'|typist||active|yescrypt
status 0 echo True' 'user add asks twice at a terminal, and shows nothing of what is typed'
	log_in typist 'typed blindly'
	is "$status" 200 'the password typed at a terminal logs in'
	is "$(terminal 'typed blindly\n' 'typed blindlz\n' -- $LK_AS "$LK_BIN" -c "$LK_CONF" user add other)" \
		'New password:
Retype new password:
latchkey: passwords do not match
status 1 echo True' 'user add refuses two passwords that differ'
	long=$(printf '%0511d' 0)
	terminal "$long\n" "$long\n" -- $LK_AS "$LK_BIN" -c "$LK_CONF" user passwd typist >"$tmp/out"
	like "$(tail -n 1 "$tmp/out")" '^status 0 ' 'a terminal may give a password of 511 bytes'
	log_in typist "$long"
	is "$status" 200 'a password of 511 bytes from a terminal logs in'
	terminal "${long}1\n" "${long}1\n" -- $LK_AS "$LK_BIN" -c "$LK_CONF" user passwd typist >"$tmp/out"
	like "$(tail -n 2 "$tmp/out" | xargs)" '^latchkey: password has more than 511 bytes status 1 ' \
		'a password of 512 bytes from a terminal is refused, not cut'
	log_in typist "$long"
	is "$status" 200 'a refused password changes nothing'
	terminal 'typed\x16\x00blindly\n' -- $LK_AS "$LK_BIN" -c "$LK_CONF" user passwd typist >"$tmp/out"
	like "$(tail -n 2 "$tmp/out" | xargs)" '^latchkey: password is too long or contains a NUL byte status 1 ' \
		'a NUL byte typed at a terminal does not cut the password'
	terminal 'typed blindly\n' 'typed blindly\n' -- $LK_AS "$LK_BIN" -c "$LK_CONF" user passwd typist >"$tmp/out"
	is "$(terminal '\x03' -- $LK_AS "$LK_BIN" -c "$LK_CONF" user passwd typist)" \
		'New password:
status -2 echo True' "Ctrl-C at the prompt ends user passwd, and turns the terminal's echo on again"
	is "$(terminal '\x04' -- $LK_AS "$LK_BIN" -c "$LK_CONF" user passwd typist)" \
		'New password:
latchkey: no password was given
status 1 echo True' 'Ctrl-D at the prompt ends user passwd, which says that no password was given'
	is "$(terminal -- $LK_AS "$LK_BIN" -c "$LK_CONF" user passwd nobody)" \
		'latchkey: no such account: nobody
status 1 echo True' 'user passwd asks for no password of an unknown name'
}
log_in typist 'typed blindly'
is "$status" 200 'user passwd that was ended at the prompt changes nothing'

# --- core files ---

# Ctrl-\ at the second question, when the password is in memory.
mkdir -m 1777 "$tmp/cores"
# shellcheck disable=SC2086 # $LK_AS is words
is "$(terminal 'typed blindly\n' '\x1c' -- sh -c 'cd "$0" && exec prlimit --core=unlimited "$@"' \
	"$tmp/cores" $LK_AS "$LK_BIN" -c "$LK_CONF" user passwd typist | tail -n 1) $(ls "$tmp/cores")" \
	'status -3 echo True ' 'Ctrl-\ at the prompt ends user passwd, and leaves no core file with the password'

# dumps COMMAND...: what a command that waits for its input may leave: limits,
# and the owner in /proc, who is root where not even a program that the kernel
# pipes core files to gets one.
dumps() {
	rm -f "$tmp/fifo"
	mkfifo "$tmp/fifo"
	# shellcheck disable=SC2086 # $LK_AS is words
	(exec prlimit --core=unlimited $LK_AS "$LK_BIN" "$@" <"$tmp/fifo" >/dev/null 2>&1) &
	waiting=$!
	exec 9>"$tmp/fifo"
	retry 10 forbidden
	cores
	exec 9>&-
	wait "$waiting"
}
cores() {
	awk '/^Max core file size/ { print $5, $6 }' "/proc/$waiting/limits" | tr '\n' ' '
	if [ -n "${LK_SANITIZED-}" ]; then echo root; else stat -c %U "/proc/$waiting/status"; fi
}
forbidden() {
	[ "$(cores)" = '0 0 root' ]
}
for command in "-c $LK_CONF user passwd typist" "blocklist $tmp/cores/list"; do
	# shellcheck disable=SC2086 # words
	dumps $command >"$tmp/out"
	is "$(cat "$tmp/out")" '0 0 root' "latchkey ${command#-c * }: core files are forbidden"
done

# --- what it does not understand ---

for arguments in 'add' 'list all' 'show' 'show a b' 'logout' 'logout a b' 'remove ada' 'add a b c' 'passwd ada secret'; do
	# shellcheck disable=SC2086 # words
	user_result $arguments </dev/null
	like "$result $complaint" '^2 usage: latchkey ' "latchkey user $arguments shows its usage"
done
sql "delete from latchkey_migration"
user_result list
is "$result $complaint" '1 latchkey: database not ready; latchkey check says why' 'user list says that the database is not ready'
t/stack db-stop "$LK_DIR"
user_result list
like "$complaint" '^latchkey: database unavailable \(see above\)$' 'user list says that the database is unavailable'

done_testing
