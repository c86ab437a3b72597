#!/bin/sh
# Settings and key: what stops the start, and the messages.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up

latchkey() {
	# shellcheck disable=SC2086 # words of a command
	$LK_AS "$LK_BIN" "$@" >"$tmp/out" 2>&1 </dev/null
}

# refused LINE PATTERN TITLE: with this line in the file nothing starts.
refused() {
	{
		grep -v "^${1%% *} " "$LK_CONF"
		printf '%s\n' "$1"
	} >"$tmp/conf"
	latchkey -c "$tmp/conf" check
	is $? 1 "check refuses $3"
	like "$(cat "$tmp/out")" "$2" "check says why it refuses $3"
	like "$(cat "$tmp/out")" "$tmp/conf:$(wc -l <"$tmp/conf"):" "check names the line for which it refuses $3"
}

latchkey -c "$LK_CONF" check
is "$? $(grep -v " the group " "$tmp/out" | head -n 1)" '0 settings, key, database and schema are good' 'check accepts a good configuration'
like "$(cat "$tmp/out")" 'workers: check 2, api 2, login 2, keeper 1; connections to the database: 5, at most twice that while SIGHUP replaces workers$' \
	'check prints the numbers of processes and connections'
like "$(cat "$tmp/out")" 'memory: at most 58 MiB for all .*, and 34 MiB more .*spawn-fcgi, 2 workers and 47 MiB$' 'check prints the memory that the processes take at most'
like "$(cat "$tmp/out")" 'login queue: [0-9]+ connections; the last waits about [1-9][0-9]+ ms .*refused after 4000 ms' \
	'check prints how long a login waits'

refused 'nonsense = 5' 'nonsense' 'an unknown key'
refused 'hash_cost = 12' 'hash_cost must be a whole number from 1 to 11 .*not "12"' 'a number above its limit'
refused 'hash_cost = 0' 'from 1 to 11' 'a number below its limit'
refused 'hash_cost = "5x"' 'not "5x"' 'a number with text behind it'
refused 'hash_upgrade = maybe' 'true or false, not "maybe"' 'a switch that is neither on nor off'
refused 'hash_memory = huge' 'hash_memory must be keep or plain, not "huge"' 'a word that is neither keep nor plain'
refused 'hash_memory = kee' 'not "kee"' 'the first letters of a word'
refused "greeting = \"$(head -c 1025 /dev/zero | tr '\0' x)\"" 'greeting must be UTF-8 of 0 to 1024 bytes' 'a text of 1025 bytes'
{
	cat "$LK_CONF"
	echo 'hash_cost = 5'
} >"$tmp/conf"
latchkey -c "$tmp/conf" check
like "$? $(cat "$tmp/out")" '^1 .*hash_cost is set a second time' 'check refuses a key that is set twice'
echo 'hash_cost 5' >"$tmp/conf"
latchkey -c "$tmp/conf" check
like "$? $(cat "$tmp/out")" "^1 .*$tmp/conf:[12]: " 'check refuses a line without an equals sign'
{
	cat "$LK_CONF"
	printf '# no newline'
} >"$tmp/conf"
latchkey -c "$tmp/conf" check
is $? 0 'the last line of a configuration may be a comment without a newline'
printf '#\n\n \t# x\r\n\tgreeting="a # b"# "x\r\nhash_cost = 99' >"$tmp/conf"
latchkey -c "$tmp/conf" check
like "$(cat "$tmp/out")" "^latchkey: $tmp/conf:5: hash_cost" 'comments and blank lines are skipped, and counted as lines'

# greeting VALUE WANTED: as it stands behind "greeting = ".
greeting() {
	printf 'greeting = %s\nhash_cost = 99\n' "$1" >"$tmp/conf"
	latchkey -c "$tmp/conf" check
	like "$(cat "$tmp/out")" "^latchkey: $tmp/conf:$2" "greeting = $1 ${3-is read}"
}
for value in word "''" '""' "'a \"b\"'" '"it'"'"'s"' '"a \" \\ b"' "'it\\'s'" 'a"b' 'word#comment' '"${HOME} // /*"'; do
	greeting "$value" '2: hash_cost'
done
for value in '' '#' 'two words' '"open' "'open\\'" '"a" b' '"a"b' "\"\\"; do
	greeting "$value" '1: a line is: key = value' 'is refused'
done
for line in hash_cost 'hash_cost 5' '= 5' 'hash_cost : 5' 'hash cost = 5' 'hash_cost += 5'; do
	printf '%s\n' "$line" >"$tmp/conf"
	latchkey -c "$tmp/conf" check
	like "$? $(cat "$tmp/out")" "^1 latchkey: $tmp/conf:1: (a line is: key = value|no such key)" "check refuses the line '$line'"
done
printf 'hash_cost = 5\ngreeting = "a\0b"\n' >"$tmp/conf"
latchkey -c "$tmp/conf" check
like "$? $(cat "$tmp/out")" "^1 latchkey: $tmp/conf:2: contains a NUL byte" 'check refuses a configuration with a NUL byte'

# Something else than a file could let the start wait for ever.
rm "$tmp/conf"
mkfifo "$tmp/fifo"
mkdir "$tmp/folder"
for file in "$tmp/fifo" "$tmp/folder"; do
	chmod 755 "$file"
	timeout 10 "$LK_BIN" -c "$file" check >"$tmp/out" 2>&1
	is "$? $(cat "$tmp/out")" "1 latchkey: $file: must be a regular file" "check refuses a configuration that is a ${file##*/} at once"
done
for variable in LATCHKEY_HASH_COSTS LATCHKEY_hash_cost LATCHKEY_ LATCHKEY_HASH_COST_; do
	env "$variable=5" "$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>&1
	is "$? $(cat "$tmp/out")" "1 latchkey: $variable: no such key (in the environment); latchkey settings lists them" "check refuses $variable in the environment"
done
env XLATCHKEY_HASH_COSTS=5 LATCHKEY=5 LATCHKE=5 "$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>&1
is $? 0 'check ignores other variables of the environment' || diag "$(cat "$tmp/out")"
latchkey -c /nonexistent/latchkey.conf check
like "$? $(cat "$tmp/out")" '^1 .*/nonexistent/latchkey.conf: No such file' 'check refuses a configuration that does not exist'
latchkey -c "$LK_CONF" nonsense
like "$? $(cat "$tmp/out")" '^2 .*no such command: nonsense' 'latchkey refuses an unknown command'
latchkey
is $? 2 'latchkey without a command shows its usage'

# The limits of every number, at them and one beyond.
variable() {
	printf 'LATCHKEY_%s' "$1" | tr '[:lower:]' '[:upper:]'
}
"$LK_BIN" settings >"$tmp/settings"
while IFS='	' read -r key type _ min max _; do
	case $type in
	number) what='a whole number' ;;
	auto) what='auto or a whole number' ;;
	*) continue ;;
	esac
	for value in $((min - 1)) $((max + 1)); do
		env "$(variable "$key")=$value" "$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>&1
		like "$(cat "$tmp/out")" "$(variable "$key"): $key must be $what from $min to $max" \
			"$key = $value, from the environment, is beyond its limits"
	done
done <"$tmp/settings"

# All at their limits fit together: two programs, of which each asks the database.
# at COLUMN: each number as that column has it, in the environment
at() {
	awk -F '\t' -v column="$1" '$2 == "number" || $2 == "auto" {
		print "LATCHKEY_" toupper($1) "=" $column
	}' "$tmp/settings" >"$tmp/environment"
	# shellcheck disable=SC2046 # no value has blanks
	env $(cat "$tmp/environment") "$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>&1
}
for limit in lowest:4 highest:5; do
	at ${limit#*:}
	unlike "$(cat "$tmp/out")" 'must be|LATCHKEY_' "each number at its ${limit%:*} value is within its limits"
done

# Keys that have to fit together.
fits() {
	env LATCHKEY_HASH_COST="$1" LATCHKEY_HASH_MEMORY_MAX_MIB="$2" \
		"$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>&1
}
while read -r cost mib; do
	if [ "$cost" -lt 11 ]; then # a gigabyte has been tried
		fits "$cost" "$mib"
		unlike "$(cat "$tmp/out")" hash_ "$mib MiB are enough for cost $cost"
	fi
	[ "$mib" -gt 1 ] || continue
	fits "$cost" $((mib - 1))
	like "$? $(cat "$tmp/out")" "^1 .*hash_cost = $cost takes $mib MiB.* set hash_memory_max_mib = $mib" \
		"$((mib - 1)) MiB are not enough for cost $cost, and the setting to change is named"
done <<'END'
1 1
2 2
5 16
6 32
11 1024
END

# A session in use is renewed before it has been idle for too long.
while read -r idle proof access named; do
	env LATCHKEY_SESSION_IDLE_MINUTES="$idle" LATCHKEY_SESSION_PROOF_MINUTES="$proof" LATCHKEY_ACCESS_TOKEN_MINUTES="$access" \
		"$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>&1
	if [ "$named" = none ]; then
		unlike "$(cat "$tmp/out")" session_idle_minutes "session_idle_minutes = $idle is more than $proof and $access"
	else
		like "$? $(cat "$tmp/out")" "^1 .*session_idle_minutes = $idle must be more than $named = $idle" \
			"session_idle_minutes = $idle is refused where $named is as long"
	fi
done <<'END'
61 60 60 none
60 60 59 session_proof_minutes
60 59 60 access_token_minutes
2 1 1 none
END

# --- the database ---

# with VARIABLE VALUE COMMAND...: what COMMAND says with this in the environment
with() {
	export "$1=$2"
	shift 2
	latchkey -c "$LK_CONF" "$@"
	said="$? $(cat "$tmp/out")"
	unset LATCHKEY_DATABASE LATCHKEY_KEY_FILE LATCHKEY_LISTEN_API LATCHKEY_LISTEN_LOGIN
}

for conninfo in 'password=secret' 'postgresql://u:secret@h/d'; do
	with LATCHKEY_DATABASE "$conninfo" check
	like "$said" '^1 .*must not contain a password' "check refuses a password in the connection string: $conninfo"
	unlike "$said" secret "check does not show the password of the connection string: $conninfo"
done
with LATCHKEY_DATABASE nonsense check
like "$said" '^1 .*database: ' 'check refuses a connection string that is not one'
with LATCHKEY_DATABASE host=/nonexistent check
like "$said" '^1 .*event=db_failed .*/nonexistent' 'check reports a database that cannot be reached'
sql 'alter table users rename fullname to nickname'
latchkey -c "$LK_CONF" check
like "$? $(cat "$tmp/out")" '^1 .*fullname' 'check reports a missing column'
$LK_PSQL -Xqc 'alter table users rename nickname to fullname' -c 'delete from latchkey_migration'
latchkey -c "$LK_CONF" check
like "$? $(cat "$tmp/out")" '^1 .*run: latchkey migrate' 'check reports a missing schema'

# --- the key ---

# bad_key TITLE PATTERN: with the file $tmp/key neither check nor serve begins.
bad_key() {
	[ -z "$LK_AS" ] || [ ! -e "$tmp/key" ] || chown nobody "$tmp/key"
	for command in check serve; do
		with LATCHKEY_KEY_FILE "$tmp/key" $command
		like "$said" "^1 .*$2" "$1: $command says what to do"
	done
	rm -rf "$tmp/key"
}

bad_key 'no key' 'no such file; make a key with: .umask 027; openssl rand -hex 32'
umask 077
head -c 31 /dev/zero | tr '\0' k >"$tmp/key"
bad_key 'a short key' 'shorter than 32 bytes; make one with: openssl rand -hex 32'
head -c 32 /dev/zero | tr '\0' k >"$tmp/key"
chmod 604 "$tmp/key"
bad_key 'a key that others can read' 'others cannot read and the group cannot write; do: chmod g-w,o='
echo 1184cf8c81a173ab236d500cd2a98cf37cf2ad32d33052a523107d892dfad6a3 >"$tmp/key"
bad_key "the tutorial's key" 'published in the FastAPI tutorial'
mkdir "$tmp/key"
bad_key 'a folder' 'must be a regular file'
head -c 64 /dev/zero | tr '\0' k >"$tmp/key"
bad_key 'a key of one byte' 'a single repeated byte, .*make one with: openssl rand -hex 32'

# Users who could write another key: to the file, or another file to its place.
# key MODE OWNER FOLDER_MODE FOLDER_OWNER WANTED TITLE; GROUP is the servers' user's.
key() {
	mkdir -p "$tmp/dir"
	(umask 077 && openssl rand -hex 32 >"$tmp/dir/key")
	chown "$2" "$tmp/dir/key"
	chown "$4" "$tmp/dir"
	chmod "$1" "$tmp/dir/key"
	chmod "$3" "$tmp/dir"
	with LATCHKEY_KEY_FILE "${path-$tmp/dir/key}" check
	if [ "$5" = good ]; then
		unlike "$said" key_file "$6"
	else
		like "$said" "^1 latchkey: key_file $tmp/[a-z/]*key: $5" "$6"
	fi
	rm -rf "$tmp/dir"
}

if [ "$(id -u)" = 0 ]; then
	group=$(id -gn nobody)
	key 0640 root:"$group" 0750 root:"$group" good 'check accepts a key as it is installed: of root, for the group to read'
	key 0400 nobody:"$group" 0500 nobody:"$group" good 'check accepts a key as systemd gives credentials'
	key 0440 root:"$group" 0555 root:root good 'check accepts a key that can be written by nobody'
	key 0660 root:"$group" 0750 root:"$group" 'must be .*do: chmod g-w,o=' 'check refuses a key of root that the group may write'
	key 0660 nobody:"$group" 0750 root:"$group" 'must be .*do: chmod g-w,o=' "check refuses a key of the service's user that the group may write"
	key 0641 root:"$group" 0750 root:"$group" 'must be ' 'check refuses a key that others may execute'
	key 0640 daemon:"$group" 0750 root:"$group" 'belongs to user 1, who could change it; do: chown root' 'check refuses a key of another user'
	key 0640 root:"$group" 0770 root:"$group" 'its folder .* is writable by others, .*; do: chmod go-w' 'check refuses a key in a folder that the group may write to'
	key 0640 root:"$group" 0757 root:root 'its folder .* is writable by others' 'check refuses a key in a folder that others may write to'
	key 0640 root:"$group" 0755 daemon:root 'its folder .* belongs to user 1, who could replace' 'check refuses a key in a folder of another user'
	key 0640 root:"$group" 1777 root:root good 'check accepts a key in a folder such as /tmp, where it cannot be replaced'
	key 0640 root:"$group" 1777 daemon:root 'its folder .* belongs to user 1' 'check refuses a key in a folder such as /tmp of another user'
	mkdir -m 755 "$tmp/links"
	ln -s ../dir/key "$tmp/links/key"
	path=$tmp/links/key
	key 0640 root:"$group" 0755 root:root good 'check follows a link to a key'
	key 0640 root:"$group" 0777 root:root 'its folder .*/dir is writable by others,' 'check refuses a link to a key in a folder that others may write to'
	chmod 777 "$tmp/links"
	key 0640 root:"$group" 0755 root:root 'its folder .*/links is writable by others,' 'check refuses a link in a folder that others may write to'
	unset path
fi

# --- who serves, and where ---

if [ "$(id -u)" = 0 ]; then
	"$LK_BIN" -c "$LK_CONF" serve >"$tmp/out" 2>&1 </dev/null
	like "$? $(cat "$tmp/out")" '^1 .*does not run as root' 'serve refuses to run as root'
fi
export LATCHKEY_STATUS_FILE="$LK_DIR/data/another.status"
with LATCHKEY_LISTEN_API "$LK_SOCKET_API" serve
like "$said" '^1 .*in use by another process' 'serve leaves a socket in use by another process alone'
echo precious >"$tmp/precious"
[ -z "$LK_AS" ] || chown nobody "$tmp/precious" "$tmp"
free_sockets() {
	for lane in CHECK API LOGIN; do
		export "LATCHKEY_LISTEN_$lane=$LK_DIR/data/free.$lane"
	done
}
free_sockets
with LATCHKEY_LISTEN_LOGIN "$tmp/precious" serve
like "$said $(cat "$tmp/precious")" '^1 .*exists and is not a socket precious$' 'serve leaves a file that is not a socket alone'
for wrong in /nonexistent/socket socket localhost:9000 127.0.0.1 127.0.0.1: :9000 127.0.0.1:65536 ::1:9000 '[::1]'; do
	free_sockets
	with LATCHKEY_LISTEN_LOGIN "$wrong" serve
	like "$said" '^1 latchkey: listen_login: .*(No such file|numeric ADDRESS:PORT)' "serve refuses to listen at '$wrong'"
done

done_testing
