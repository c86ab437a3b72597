# For the tests in shell: results as TAP, requests, stacks. From the top of the
# tree: . t/lib.sh
#
#	ok STATUS TITLE			as in: cmd; ok $? 'it works'
#	is GOT WANTED TITLE		and isnt
#	like TEXT PATTERN TITLE		and unlike; an extended regular expression
#	done_testing			last of all
#	retry SECONDS COMMAND...	until it succeeds
#
#	api METHOD PATH [BODY] [CURL ARGUMENT...]
#		ask the stack; fills $status, $headers, $body. A body that begins
#		with { or [ is JSON, any other a form, unless an argument has
#		a Content-Type; @FILE is the file's. None begins with -.
#	ops	the same, at the port for health and figures
#	raw	the same, with the bytes of a request from standard input
#	guard PORT			turn on the guarded example of nginx's sample, before this
#	nginx_reload			its configuration anew; until no old process is left
#	header NAME			the value of each header of that name
#	json_is PATH WANTED TITLE	.detail[0].loc of $body: a text, or JSON
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
stacks=			# folders to take down at the end
children=		# processes to end
tmp=$(mktemp -d) || exit 1
chmod 755 "$tmp"	# the servers' user has to enter it

at_exit() {
	# shellcheck disable=SC2086 # several numbers
	[ -z "$children" ] || kill $children 2>/dev/null
	for stack in $stacks; do
		[ ! -d "$stack" ] || t/stack down "$stack"
	done
	rm -rf "$tmp"
}
trap at_exit EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM

# --- results ---

ok() {
	tests=$((tests + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tests - $2"
	else
		failures=$((failures + 1))
		echo "not ok $tests - $2"
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

done_testing() {
	echo "1..$tests"
	exit $((failures > 0))
}

retry() {
	deadline=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -le "$deadline" ] || return 1
		sleep 0.1
	done
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

guard() {
	sed -i "/^	#location \/app\//,/^	#}\$/s/^	#/	/; /^	#location = \/latchkey-check/,/^	#}\$/s/^	#/	/
		s|http://127.0.0.1:9000|http://127.0.0.1:$1|" "$LK_DIR/nginx.site"
	[ "$(grep -cE '^	location (/app/|= /latchkey-check) ' "$LK_DIR/nginx.site")" = 2 ] && nginx_reload
}

# The processes before take requests for as long as they are there.
nginx_reload() {
	master=$(cat "$LK_DIR/data/nginx.pid")
	old=$(pgrep -d ' ' -P "$master")
	kill -HUP "$master"
	retry 10 renewed
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

# What is wanted is JSON if it can be read as JSON (5, true, null, "5"), and
# otherwise a text as it stands.
json_is() {
	difference=$(printf '%s' "$body" | python3 -c '
import json, re, sys
path, wanted = sys.argv[1:]
try:
    wanted = json.loads(wanted)
except ValueError:
    pass
try:
    got = json.load(sys.stdin)
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        got = got[name] if name else got[int(index)]
except (ValueError, LookupError, TypeError) as e:
    sys.exit("%s: %r" % (path, e))
if (type(got), got) != (type(wanted), wanted):
    sys.exit("got:    %s\nwanted: %s" % (json.dumps(got), json.dumps(wanted)))
' "$1" "$2" 2>&1)
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
	stacks="$stacks $tmp/stack${#stacks}"
	t/stack up "${stacks##* }" pg_fsync=off password_blocklist= password_min_chars=8 "$@" || {
		echo 'not ok - the stack starts'
		exit 1
	}
	. "${stacks##* }/env"
}

serve_alone() {
	socket=$1 log=$2
	shift 2
	: >>"$log"
	begun=$(grep -c event=ready "$log")
	# shellcheck disable=SC2086 # words of a command
	$LK_AS env LATCHKEY_WORKERS_CHECK=1 LATCHKEY_WORKERS_API=1 LATCHKEY_WORKERS_LOGIN=1 \
		LATCHKEY_STATUS_FILE="$socket.status" "$@" \
		spawn-fcgi -n -s "$socket" -M 0666 -- "$LK_BIN" -c "$LK_CONF" serve </dev/null >/dev/null 2>>"$log" &
	alone=$!
	children="$children $alone"
	retry 10 has_begun "$log"
}

has_begun() {
	[ "$(grep -c event=ready "$1")" -gt "$begun" ]
}
