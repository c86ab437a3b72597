#!/bin/sh
# Hashes that other programs made: their accounts log in, and are upgraded; those
# that cannot are counted by `check` and `migrate`, with the line to set. A table
# of argon2id once locked everybody out by a 401, and all was called good.
# shellcheck source=t/lib.sh
. t/lib.sh
needs argon2
stack_up hash_cost=2 weak_hashes=true nginx_limits=off login_failures_per_name_hour=1000000 \
	login_failures_per_address_hour=1000000 login_failures_per_client_hour=1000000 \
	login_failures_per_service_hour=0

"${CC:-cc}" -D_GNU_SOURCE -shared -fPIC -o "$tmp/count.so" t/tool/count.c && chmod 644 "$tmp/count.so"
ok $? 'the counting library is built'

# worker NAME SETTING...: one whose hashes are counted, with settings of its own.
worker() {
	socket=$LK_DIR/data/$1.sock log=$tmp/$1.log
	shift
	serve_alone "$socket" "$log" LD_PRELOAD="$tmp/count.so" "$@"
	ok $? "a worker with other settings listens: $socket"
}

# log_in FILE: logins, a line each, and how many of them got which answer
log_in() {
	cp "$1" "$tmp/lines"
	logins "$socket"
	sort "$tmp/answers" | uniq -c | xargs
}

# --- every format ---

grep -v '^#' t/vectors/formats | awk -F '\t' '$3 == "wonderland"' >"$tmp/vectors"
n=$(wc -l <"$tmp/vectors")
{
	echo 'truncate users; copy users (username, password, is_active) from stdin;'
	awk -F '\t' '{ printf "of%d\t%s\tt\n", NR, $4 }' "$tmp/vectors"
	echo '\.'
} | $LK_PSQL -Xqf -
is "$(sql 'select count(*) from users')" "$n" 'a table is filled with hashes of every format'
worker every LATCHKEY_HASH_MEMORY_MAX_MIB=64
seq "$n" | sed 's/.*/- of& wrong-password/' >"$tmp/logins"
is "$(log_in "$tmp/logins")" "$n 401 -" 'a wrong password is refused for a hash of every format'
is "$(sql "select count(*) from users where password like '\$y\$j85\$%'")" 0 'a wrong password replaces no hash'
seq "$n" | sed 's/.*/- of& wonderland/' >"$tmp/logins"
is "$(log_in "$tmp/logins")" "$n 200 -" 'the right password is accepted for a hash of every format'
is "$(sql "select count(*) from users where password like '\$y\$j85\$%'")" "$n" "a login replaces a hash of every format with yescrypt"
is "$(log_in "$tmp/logins")" "$n 200 -" 'the accounts log in by the hashes that replaced theirs'
is "$(grep -c 'argon2-.*-threads[^1]' "$log")" 0 'argon2 is computed without threads'

# --- what a setting refuses ---

sql "truncate users;
	insert into users (username, password, is_active) values
		('md5', '4cecaff2b30bbe75ce7322109164cfb5', true), ('noop', '{noop}wonderland', true),
		('plain', 'wonderland', true), ('ssha', '{SSHA}6mUEDvHh6IaTeAw875+cold1rVREjraH', true),
		('work', '\$6\$rounds=999999999\$saltsalt\$' || repeat('x', 86), true), ('none', null, true)"
# each with its own password, before the one of the next
answers() {
	for name in md5 noop plain ssha work none; do
		echo "- $name wonderland"
	done >"$tmp/lines"
	logins "$socket"
	cut -d ' ' -f 1 "$tmp/answers" | xargs
}
worker weak LATCHKEY_WEAK_HASHES=false LATCHKEY_HASH_UPGRADE=false
is "$(answers)" '401 401 401 200 401 401' 'weak_hashes = false: MD5 and plain passwords are refused, {SSHA} is not'
socket=$LK_DIR/data/every.sock
is "$(answers)" '200 401 401 200 401 401' 'weak_hashes = true: MD5 is accepted, plain passwords are not'

# --- argon2id as Python's libraries make it, but for two of its three passes ---

hash=$(printf 'correct horse' | argon2 c2FsdHNhbHRzYWx0 -id -t 1 -k 65536 -p 4 -e)
sql "truncate users;
	insert into users (username, password, is_active) select 'user' || i, '$hash', true from generate_series(1, 50) as i;
	insert into users (username, password, is_active) values
		('md5', '4cecaff2b30bbe75ce7322109164cfb5', true), ('noop', '{noop}wonderland', true),
		('work', '\$6\$rounds=999999999\$saltsalt\$' || repeat('x', 86), true),
		('none', null, true), ('gone', '$hash', false),
		('bcrypt', '\$2b\$04\$' || repeat('x', 53), true)"
for command in check migrate; do
	# shellcheck disable=SC2086 # words of a command
	if [ $command = check ]; then
		$LK_AS env LATCHKEY_WEAK_HASHES=false "$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>&1
	else
		$LK_AS env LATCHKEY_DATABASE="$LK_OWNER" LATCHKEY_WEAK_HASHES=false "$LK_BIN" -c "$LK_CONF" \
			migrate >"$tmp/out" 2>&1
	fi
	text=$(cat "$tmp/out")
	like "$text" '^password hashes of 55 active accounts:.* 50 argon2id' "$command counts the accounts by format"
	like "$text" '53 of 55 active accounts cannot log in' "$command counts the accounts that cannot log in"
	like "$text" '50 of argon2id: a hash takes 64 MiB' "$command says that argon2id takes too much memory"
	like "$text" 'set hash_memory_max_mib = 64; then all processes together take at most [0-9]+ MiB' \
		"$command says the line to set and the memory that follows"
	like "$text" '1 of plain-md5: a weak format; set weak_hashes = true' "$command says which setting a weak format needs"
	like "$text" '1 of sha512crypt: a hash takes a CPU for 5 seconds' "$command says that a hash takes too long"
	like "$text" '1: of no known format' "$command counts what is no hash"
done
then_mib=$(sed -n 's/.*set hash_memory_max_mib = 64; then all processes together take at most \([0-9]*\) MiB.*/\1/p' "$tmp/out" | head -n 1)
# shellcheck disable=SC2086 # words of a command
$LK_AS env LATCHKEY_HASH_MEMORY_MAX_MIB=64 LATCHKEY_WEAK_HASHES=true "$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>&1
is "$(sed -n 's/^memory: at most \([0-9]*\) MiB for all.*/\1/p' "$tmp/out")" "$then_mib" 'check with hash_memory_max_mib = 64 prints the memory that was announced'
unlike "$(cat "$tmp/out")" 'argon2id: a hash takes' 'check with hash_memory_max_mib = 64 warns of no argon2id'
seq 50 | sed 's/.*/- user& correct+horse/' >"$tmp/logins"
worker small
is "$(log_in "$tmp/logins")" '50 401 -' 'of 50 accounts of argon2id none logs in with the default'
is "$(grep -c 'argon2' "$log")" 0 'a hash beyond hash_memory_max_mib is not computed'
worker large LATCHKEY_HASH_MEMORY_MAX_MIB=64
is "$(log_in "$tmp/logins")" '50 200 -' '50 of 50 accounts of argon2id log in with hash_memory_max_mib = 64'
is "$(sql "select count(*) from users where password like '\$y\$%'")" 50 'a login replaces argon2id with yescrypt'

# --- unknown names ---

# The work of a login, a line each; all are refused.
kinds() {
	had=$(grep -c HASH "$log")
	cp "$1" "$tmp/lines"
	logins "$socket"
	! grep -v '^401 -$' "$tmp/answers" >&2 || return
	grep HASH "$log" | tail -n "+$((had + 1))" | cut -d ' ' -f 2
}
small=$(printf x | argon2 c2FsdHNhbHRzYWx0 -id -t 2 -k 256 -p 2 -e)
sql "truncate users;
	insert into users (username, password, is_active)
		select 'account' || i, (array['$small', '\$6\$rounds=1000\$saltsalt\$' || repeat('x', 86),
			'pbkdf2_sha256\$1000\$salt\$' || repeat('A', 43) || '=', 'scrypt:1024:8:1\$salt\$' || repeat('a', 128),
			'\$2b\$05\$' || repeat('x', 53), '$hash'])[i % 6 + 1], true from generate_series(1, 120) as i"
worker mixed
seq 120 | sed 's/.*/- account& wrong-password/' >"$tmp/some"
kinds "$tmp/some" >"$tmp/own"
sort "$tmp/own" | uniq -c | awk '$1 >= 20 { print $2 }' | xargs >"$tmp/kinds"
# shellcheck disable=SC2016 # no variables
is "$(cat "$tmp/kinds")" '$2b$05$ $6$roun argon2-m256-t2-threads1 pbkdf2-1000 scrypt-1024' \
	'a wrong password is verified against the stored hash of each format'
seq 120 | sed 's/.*/- nobody& wrong-password/' >"$tmp/some"
kinds "$tmp/some" >"$tmp/before"
# of 120 a fifth is 24; four deviations are 17, and those that cannot be verified give their share to the next
is "$(sort "$tmp/before" | uniq -c | awk '{ print ($1 > 6 && $1 < 80), $2 }' | xargs)" \
	"$(sed 's/[^ ]*/1 &/g' "$tmp/kinds")" 'an unknown name takes the work of each format of the table about as often' ||
	diag "$(sort "$tmp/before" | uniq -c | xargs)"
kinds "$tmp/some" >"$tmp/again"
cmp -s "$tmp/before" "$tmp/again"
ok $? 'an unknown name always takes the same work'
printf -- '- account6 x\n' >"$tmp/logins"
is "$(log_in "$tmp/logins")" '1 200 -' 'account6 logs in with its password'
sql "update users set username = 'was-' || username"
printf -- '- nobody%s x\n' $(seq 60) >"$tmp/logins"
is "$(log_in "$tmp/logins")" '60 401 -' 'the password of a decoy hash logs no unknown name in'

# cpu: nanoseconds that the worker has run
cpu() {
	cut -d ' ' -f 1 "/proc/$(pgrep -P "$alone" -x latchkey-all)/schedstat"
}
# spent NAME: on ten wrong passwords for it
spent() {
	begun_ns=$(cpu)
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		echo "- $1 wrong-password"
	done >"$tmp/lines"
	logins "$socket"
	echo $(($(cpu) - begun_ns))
}
# alike TITLE HASH: in a table of these, the CPU time of an unknown name and of an account's
alike() {
	sql "truncate users; insert into users (username, password, is_active)
		select 'account' || i, '$2', true from generate_series(1, 20) as i"
	own=0 other=0
	for turn in 1 2 3; do
		own=$((own + $(spent "account$turn")))
		other=$((other + $(spent "nobody$turn")))
	done
	# thirty times 4 ms and more each: what differs is noise of the machine
	[ $((own * 100)) -gt $((other * 75)) ] && [ $((other * 100)) -gt $((own * 75)) ]
	ok $? "an unknown name takes the CPU as long as a wrong password for an account with $1" || diag "$own and $other ns"
}
alike argon2id "$(printf x | argon2 c2FsdHNhbHRzYWx0 -id -t 2 -k 2048 -p 2 -e)"
alike PBKDF2 "pbkdf2_sha256\$20000\$salt\$$(printf 'A%.0s' $(seq 43))="
alike scrypt "scrypt:4096:8:1\$salt\$$(printf 'a%.0s' $(seq 128))"
alike sha512crypt "\$6\$rounds=20000\$saltsalt\$$(printf 'x%.0s' $(seq 86))"

# --- the metric ---

api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
sql "update users set password = '$small' where username = 'ada'"
api POST /token 'username=ada&password=x'
is "$status" 200 'an account logs in by argon2id'
ops GET /metrics
like "$body" '^latchkey_logins_by_hash_total\{format="argon2"\} 1$' 'the metric counts a login by the format argon2'
like "$body" '^latchkey_logins_by_hash_total\{format="bcrypt"\} 0$' 'the metric counts no login by bcrypt'

# one of the two workers counts, after a request
figures() {
	api POST /token 'username=ada&password=x'
	ops GET /metrics
	grep -q '^latchkey_accounts{' "$tmp/body"
}
retry 20 figures
like "$body" '^latchkey_accounts\{format="sha512crypt",login="yes"\} 20$' 'the metric counts accounts by the format of their hash'

# --- the count of accounts ---

sql "truncate users;
	insert into users (username, password, is_active)
		select 'user' || i, '$small', i % 2 = 0 from generate_series(1, 1400) as i;
	insert into users (username, password, is_active) values ('large', '$hash', true), ('none', null, true),
		('locked', '!', true), ('noop', '{noop}wonderland', true), ('weak', md5('wonderland'), true),
		('work', '\$6\$rounds=999999999\$saltsalt\$' || repeat('x', 86), true)"
worker counted LATCHKEY_WEAK_HASHES=false
printf -- '- user2 x\n' >"$tmp/logins"
is "$(log_in "$tmp/logins")" '1 200 -' 'a worker whose accounts are counted serves a login'
counted() {
	$LK_AS env LATCHKEY_STATUS_FILE="$socket.status" "$LK_BIN" -c "$LK_CONF" status >"$tmp/out"
	grep '^accounts' "$tmp/out" >/dev/null
}
retry 10 counted
is "$(sed -n 's/^accounts  *//p' "$tmp/out")" 'yescrypt 1, sha512crypt (work) 1, argon2id 699, argon2id (memory) 1, plain-md5 (weak) 1, unknown (unknown) 1, locked (locked) 1, none (locked) 1' \
	'the status page counts accounts by format, and those that cannot log in by the reason'

# --- the document's statements ---

# statements CHAPTER: of doc/formats.md
statements() {
	sed -n "/^## $1/,/^## /{/^\`\`\`sql/,/^\`\`\`/p}" doc/formats.md | grep -v '^```'
}
python3 -B t/tool/exports.py "$tmp"
sql 'truncate users'
statements Keycloak >"$tmp/keycloak.sql"
statements Firebase | sed 's/^\\set memory 14/\\set memory 10/' >"$tmp/firebase.sql"
(cd "$tmp" && $LK_PSQL -X -v ON_ERROR_STOP=1 -f keycloak.sql) >"$tmp/out" 2>&1
ok $? "the statement of doc/formats.md takes an export of Keycloak" || diag "$(cat "$tmp/out")"
worker documents
sql "select '- ' || username || ' wonderland' from users where is_active order by id" >"$tmp/logins"
n=$(wc -l <"$tmp/logins")
is "$(log_in "$tmp/logins")" "$n 200 -" 'accounts of a Keycloak export log in, PBKDF2 and argon2'
[ "$n" -ge 10 ]
ok $? 'a Keycloak export gives an account for each password' || diag "$n"
sql 'truncate users'
(cd "$tmp" && $LK_PSQL -X -v ON_ERROR_STOP=1 -f firebase.sql) >"$tmp/out" 2>&1
ok $? 'the statement of doc/formats.md takes an export of Firebase' || diag "$(cat "$tmp/out")"
worker firebase
printf -- '- %s wonderland\n' ada@example.org off@example.org >"$tmp/logins"
is "$(log_in "$tmp/logins")" '1 200 - 1 401 -' 'accounts of a Firebase export log in, disabled ones do not'

done_testing
