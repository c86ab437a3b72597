# For the tests in shell: results as TAP, requests, stacks. From the top of the
# tree: . t/lib.sh
#
#	ok STATUS TITLE			as in: cmd; ok $? 'it works'
#	is GOT WANTED TITLE		and isnt
#	like TEXT PATTERN TITLE		and unlike; an extended regular expression
#	done_testing			last of all
#	needs COMMAND|FILE...		the whole file is skipped without them
#	skip TITLE WHY			one result; and skip_all WHY, before any
#	retry SECONDS COMMAND...	until it succeeds
#	pass_on INTERPRETER SCRIPT...	a script that writes TAP: its results, counted as our own
#
#	api METHOD PATH [BODY] [CURL ARGUMENT...]
#		ask the stack; fills $status, $headers, $body. A body that begins
#		with { or [ is JSON, any other a form, unless an argument has
#		a Content-Type; @FILE is the file's. None begins with -.
#	ops	the same, at the port for health and figures
#	raw	the same, with the bytes of a request from standard input
#	guard PORT			turn on the guarded example of nginx's sample, before this
#	guard_again PATH SCRIPT	the same location once more at PATH, changed by sed's SCRIPT
#	login_rate RATE			nginx's limit of logins: 1r/m for a slow machine to meet it
#	nginx_reload			reload its configuration; until no old process is left
#	header NAME			the value of each header of that name
#	json_is PATH WANTED TITLE	.detail[0].loc of $body: a text, or JSON
#	sign_up NAME PASSWORD		and log_in; take_token: the answer's, or none, to \$token
#	account NAME PASSWORD		sign_up, asked again while a busy machine's answer is 503
#	check_token TOKEN [STATUS]	GET /check with it: whether the answer is STATUS
#	logins SOCKET [CLIENTS]		those in $tmp/lines, as t/tool/login.py has it, past nginx:
#				$tmp/answers, and in $answers how many got which
#	login_from ADDRESS NAME PASSWORD [SOCKET]	one; the status in $answer
#
#	sql TEXT			as the database's owner; sql_admin, as its superuser
#	workers [LANE]			their processes
#	user ARGUMENT...		latchkey user, as the servers' user: what it prints, on either output
#	user_result ARGUMENT...		the same: its exit status in $result, its standard output in
#				$said, its standard error in $complaint
#
#	stack_up [KEY=VALUE...]		a stack of one's own, in $LK_DIR, where any
#				password of 8 characters will do unless password_blocklist is set
#	free_port	the number of a port on which nobody listens
#	serve_alone SOCKET LOG [VARIABLE=VALUE...] [COMMAND...]
#				one worker for every route, as spawn-fcgi starts it, with
#				the stack's settings; $alone is its supervisor's number
#
# A result in a pipe or in $( ) is lost: its count stays in the subshell.
# shellcheck shell=sh disable=SC2119,SC2120 # settings may be left out
set -u
PATH=/usr/bin:/bin:$PATH	# Debian's python3: it has the modules that t/deps installs, and starts at once

tests=0
failures=0
room=$(basename "$0" .t | sed 's/^[0-9]*-//')
stacks=			# folders to take down at the end
children=		# processes to end
# what the client's answers set
answers='' difference='' sql_rows='' sql_errors=''
tmp=$(mktemp -d) || exit 1
chmod 755 "$tmp"	# the servers' user has to enter it

at_exit() {
	# shellcheck disable=SC2086 # several numbers
	[ -z "$children" ] || kill $children 2>/dev/null
	for stack in $stacks; do
		[ ! -d "$stack" ] || t/stack down "$stack"
	done
	client_down
	rm -rf "$tmp"
}
trap at_exit EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM

# --- results ---

# Each line stands alone in a log: in front of a title is the test's name.
result() {
	tests=$((tests + 1))
	echo "$1 $tests - $room: $2"
}

ok() {
	if [ "$1" -eq 0 ]; then
		result ok "$2"
	else
		failures=$((failures + 1))
		result 'not ok' "$2"
		[ -z "${LK_FIRST_FAILURE-}" ] || exit 1 # t/mutate wants no more
		return 1
	fi
}

diag() {
	printf '%.500s\n' "$@" | sed 's/^/# /' >&2
}

is() {
	[ "$1" = "$2" ]
	ok $? "$3" || diag "got:    $1" "wanted: $2"
}

isnt() {
	[ "$1" != "$2" ]
	ok $? "$3" || diag "got what is not wanted: $1"
}

like() {
	printf '%s\n' "$1" | grep -Eq -e "$2"
	ok $? "$3" || diag "got:             $1" "wanted the like: $2"
}

unlike() {
	! printf '%s\n' "$1" | grep -Eq -e "$2"
	ok $? "$3" || diag "got:               $1" "not wanted in it: $2"
}

# Skipped tests are named at the end of t/suite, and none are in make test.
skip() {
	[ -z "${LK_SKIPPED-}" ] || echo "$0: $1: $2" >>"$LK_SKIPPED"
	result ok "$1 # SKIP $2"
}

skip_all() {
	[ -z "${LK_SKIPPED-}" ] || echo "$0: $1" >>"$LK_SKIPPED"
	echo "1..0 # SKIP $1"
	exit 0
}

needs() {
	for needed; do
		case $needed in
		*/*) [ -e "$needed" ] ;;
		*) PATH=$PATH:/usr/sbin:/sbin command -v "$needed" >/dev/null ;;
		esac || skip_all "$needed is not there"
	done
}

done_testing() {
	echo "1..$tests"
	exit $((failures > 0))
}

pass_on() {
	"$@" >"$tmp/results"
	while read -r line; do
		case $line in
		'ok '*) ok 0 "${line#* - }" ;;
		'not ok '*) ok 1 "${line#* - }" ;;
		'# '*) diag "${line#??}" ;;
		esac
	done <"$tmp/results"
	grep -q '^1\.\.[1-9]' "$tmp/results"
	ok $? "$2 came to its end"
}

retry() {
	deadline=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -le "$deadline" ] || return 1
		sleep 0.1
	done
}

# --- the client: one process that asks, in the place of many ---

# ask_client WORD...: t/tool/client.py says which variables its answer sets.
# shellcheck source=/dev/null
ask_client() {
	[ -p "$tmp/answered" ] || client_up
	printf '%s\0' $# "$@" >"$tmp/ask"
	read -r _ <"$tmp/answered"
	. "$tmp/answer"
}

client_up() {
	mkfifo "$tmp/ask" "$tmp/answered"
	# No child of this shell, for which "wait" would wait; and with no pipe of a $( ),
	# which would not end.
	(python3 -B t/tool/client.py "$tmp" </dev/null >"$tmp/client.log" 2>&1 & echo $! >"$tmp/client")
}

client_down() {
	[ ! -s "$tmp/client" ] || kill "$(cat "$tmp/client")" 2>/dev/null
	[ ! -s "$tmp/client.log" ] || cat "$tmp/client.log" >&2
}

logins() {
	ask_client logins "$1" "${2-1}"
}

# shellcheck disable=SC2034 # for the tests
login_from() {
	echo "$1 $2 $3" >"$tmp/lines"
	logins "${4-$LK_SOCKET_LOGIN}"
	answer=${answers%:*}
}

sql() {
	ask_client sql "$LK_DIR/data" latchkey_owner "$1"
	sql_result
}

sql_admin() {
	ask_client sql "$LK_DIR/data" postgres "$1"
	sql_result
}

sql_result() {
	[ -z "$sql_rows" ] || printf '%s\n' "$sql_rows"
	[ -z "$sql_errors" ] || {
		printf '%s\n' "$sql_errors" >&2
		return 1
	}
}

# --- requests ---

api() {
	request "$LK_URL" "$@"
}

ops() {
	request "$LK_OPS_URL" "$@"
}

request() {
	url=$1 method=$2 path=$3
	shift 3
	if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then
		sent=$1
		shift
		case "$sent $*" in
		*[Cc]ontent-[Tt]ype:*) ;;
		['{[']*) set -- -H 'Content-Type: application/json' "$@" ;;
		esac
		set -- --data-binary "$sent" "$@"
	fi
	ask_client http "$url" "$method" "$path" "$@"
	[ "$status" = curl ] || return 0
	case $method in
	HEAD) set -- -I "$@" ;;
	*) set -- -X "$method" "$@" ;;
	esac
	: >"$tmp/headers"
	: >"$tmp/body"
	status=$(curl -q -sg --noproxy '*' --path-as-is --max-time 30 -w '%{http_code}' \
		-D "$tmp/headers" -o "$tmp/body" "$@" "$url$path")
	take_answer
}

sign_up() {
	api POST /users/add_user/ "{\"username\":\"$1\",\"password\":\"$2\"}"
}

account() {
	retry 30 has_account "$@"
}

has_account() {
	sign_up "$@"
	[ "$status" != 503 ]
}

log_in() {
	api POST /token --data-urlencode "username=$1" --data-urlencode "password=$2"
}

check_token() {
	api GET /check -H "Authorization: Bearer $1"
	[ $# = 1 ] || [ "$status" = "$2" ]
}

take_token() {
	case $body in
	*'"access_token":"'*)
		token=${body#*\"access_token\":\"}
		token=${token%%\"*} ;;
	*) token= ;;
	esac
}

raw() {
	python3 -c '
import socket, sys
port, headers, body = sys.argv[1:]
s = socket.create_connection(("127.0.0.1", int(port)), 30)
s.sendall(sys.stdin.buffer.read())
answer = b"".join(iter(lambda: s.recv(65536), b""))
head, _, rest = answer.partition(b"\r\n\r\n")
open(headers, "wb").write(head + b"\r\n")
open(body, "wb").write(rest)
' "$LK_PORT" "$tmp/headers" "$tmp/body"
	# shellcheck disable=SC2034 # for the tests
	status=$(awk 'NR == 1 { print $2 }' "$tmp/headers")
	take_answer
}

# php_fpm POOL...: $fpm in the background, each pool at $LK_DIR/data/POOL.sock, as the
# servers' user, with the lines of $tmp/POOL.fpm besides. Why it does not run is in
# $tmp/fpm.out.
php_fpm() {
	as=${LK_AS:+nobody}
	as=${as:-$(id -un)}
	printf '%s\n' '[global]' "error_log = $LK_DIR/data/fpm.log" 'daemonize = no' >"$tmp/fpm.conf"
	for pool; do
		printf '%s\n' "[$pool]" "listen = $LK_DIR/data/$pool.sock" "listen.owner = $as" \
			'pm = static' 'pm.max_children = 2'
		[ -z "$LK_AS" ] || echo "user = $as"
		[ ! -e "$tmp/$pool.fpm" ] || cat "$tmp/$pool.fpm"
	done >>"$tmp/fpm.conf"
	# shellcheck disable=SC2154 # the test's
	"$fpm" -n -y "$tmp/fpm.conf" >"$tmp/fpm.out" 2>&1 &
	children="$children $!"
	for pool; do
		retry 20 test -S "$LK_DIR/data/$pool.sock" || return
	done
}

guard() {
	sed -i "/^	#location \/app\//,/^	#}\$/s/^	#/	/
		s|http://127.0.0.1:9000|http://127.0.0.1:$1|" "$LK_DIR/nginx.site"
	[ "$(grep -cE '^	location /app/ ' "$LK_DIR/nginx.site")" = 1 ] && nginx_reload
}

guard_again() {
	awk '/^	location \/app\/ / { inside = 1 }
		inside { print; if (/^	}/) exit }' "$LK_DIR/nginx.site" | sed "s|/app/|$1|; $2" >"$tmp/location"
	sed -i "/^	location \/app\/ /{
		e cat '$tmp/location'
		}" "$LK_DIR/nginx.site"
	[ "$(grep -cF "	location $1 " "$LK_DIR/nginx.site")" = 1 ] && nginx_reload
}

login_rate() {
	sed -i "s|\(zone=latchkey_logins:10m rate=\)[^;]*|\1$1|" "$LK_DIR/nginx/latchkey-http.conf"
	grep -q "latchkey_logins:10m rate=$1;" "$LK_DIR/nginx/latchkey-http.conf" && nginx_reload
	ok $? "nginx lets $1 logins of a client pass"
}

# The processes before take requests for as long as they are there.
nginx_reload() {
	master=$(cat "$LK_DIR/data/nginx.pid")
	old=$(pgrep -d ' ' -P "$master")
	kill -HUP "$master"
	retry 60 renewed
}

renewed() {
	# shellcheck disable=SC2086 # several numbers
	! ps -o pid= -p $old >/dev/null && pgrep -P "$master" >/dev/null
}

# shellcheck disable=SC2034 # for the tests
take_answer() {
	headers=$(tr -d '\r' <"$tmp/headers")
	body=$(cat "$tmp/body")
}

header() {
	printf '%s\n' "$headers" | awk -v name="$1:" '
		tolower($1) == tolower(name) { sub(/^[^:]*: */, ""); print }'
}

# The wanted value is JSON if it can be read as JSON (5, true, null, "5"), and
# otherwise a text as it stands.
json_is() {
	ask_client json "$1" "$2" "$body"
	[ -z "$difference" ]
	ok $? "$3" || diag "$difference" "in: $body"
}

# --- stacks ---

# For what nginx is to listen on besides: from where the kernel takes no ports for connections.
free_port() {
	python3 -c '
import random, socket
while True:
    port = random.randrange(10000, 32000)
    try:
        socket.create_server(("127.0.0.1", port)).close()
        print(port)
        break
    except OSError:
        pass
'
}

# shellcheck source=/dev/null
stack_up() {
	[ -n "$stacks" ] || [ $tests != 0 ] || needs nginx spawn-fcgi curl openssl pgrep /usr/lib/postgresql/*/bin/initdb
	stacks="$stacks $tmp/stack${#stacks}"
	t/stack up "${stacks##* }" pg_fsync=off password_blocklist= password_min_chars=8 "$@" || {
		echo 'not ok - the stack starts'
		exit 1
	}
	. "${stacks##* }/env"
}

workers() {
	# shellcheck disable=SC2086 # two words
	pgrep -P "$(cat "$LK_SERVE")" ${1:+-x latchkey-$1}
}

user() {
	# shellcheck disable=SC2086 # words of a command
	$LK_AS "$LK_BIN" -c "$LK_CONF" user "$@" 2>&1
}

# shellcheck disable=SC2034 # for the tests
user_result() {
	# shellcheck disable=SC2086 # words of a command
	$LK_AS "$LK_BIN" -c "$LK_CONF" user "$@" >"$tmp/out" 2>"$tmp/err"
	result=$?
	said=$(cat "$tmp/out")
	complaint=$(cat "$tmp/err")
}

serve_alone() {
	socket=$1 log=$2
	shift 2
	: >>"$log"
	begun=$(grep -c event=start "$log")
	# shellcheck disable=SC2086 # words of a command
	$LK_AS env LATCHKEY_WORKERS_CHECK=1 LATCHKEY_WORKERS_API=1 LATCHKEY_WORKERS_LOGIN=1 \
		LATCHKEY_STATUS_FILE="$socket.status" "$@" \
		spawn-fcgi -n -s "$socket" -M 0666 -- "$LK_BIN" -c "$LK_CONF" serve </dev/null >/dev/null 2>>"$log" &
	alone=$!
	children="$children $alone"
	retry 10 has_begun "$log"
}

has_begun() {
	[ "$(grep -c event=start "$1")" -gt "$begun" ]
}
