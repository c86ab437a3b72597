#!/bin/sh
# Hostile requests: through nginx, and past it as from a lying web server.
# Each has one exact answer, and the same workers go on serving. t/96-peers.t
# has what is not FastCGI at all, t/44-jwt.t tokens.
# shellcheck source=t/lib.sh
. t/lib.sh

# hostile PART: of t/tool/hostile.py
hostile() {
	(export LK_PORT LK_OPS_PORT LK_SOCKET_API LK_SOCKET_LOGIN LK_SOCKET_CHECK LK_TOKEN
	python3 -B t/tool/hostile.py "$1") >"$tmp/results"
	ok $? "all requests of $1 were sent"
	while IFS='	' read -r found wanted title; do
		is "$found" "$wanted" "$title"
	done <"$tmp/results"
}

# The limits on guesses and sign-ups are none of this test's.
stack_up hash_cost=1 nginx_limits=off signups_per_address_hour=1000000 login_failures_per_address_hour=1000000 \
	login_failures_per_name_hour=1000000 login_failures_per_client_hour=1000000
api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
# Another's token: of a user who logs in more than a hundred times the first sessions end.
api POST /users/add_user/ '{"username":"kim","password":"correct horse"}'
api POST /token 'username=kim&password=correct horse'
LK_TOKEN=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
before=$(workers | xargs)
isnt "$before" '' 'the workers are found'

# --- where one request ends and the next begins ---

hostile smuggling

# --- the address ---

# At nginx's port for clients there are no metrics, however they are spelt.
hostile spellings

# --- sizes: each limit, and one more ---

hostile sizes

# --- what is sent twice ---

hostile twice

# --- a multipart body with more than one reading ---

# RFC 7578, 4.2: name* and filename* must not be used, so they are not looked
# at. In front of the first boundary nothing counts, nor behind the last one.
hostile multipart

# --- bytes that are no text, in whatever is read ---

hostile odd_bytes

# --- a web server that lies ---

hostile lies

# --- the address of a client, by which guesses are counted ---

# All texts that are no address are one client: nobody gets around the limit by a
# web server that passes nonsense on.
is "$(workers | xargs)" "$before" 'no worker ends under hostile requests'
t/stack workers-stop "$LK_DIR"
sed -i 's/^login_failures_per_address_hour = .*/login_failures_per_address_hour = 40/' "$LK_CONF"
t/stack workers-start "$LK_DIR"
served() {
	api POST /token 'username=served&password=x'
	[ "$status" = 401 ]
}
retry 10 served
hostile addresses

is "$(grep -cE 'level=error|event=(bug|worker_ended)' "$LK_LOG")" 0 'hostile requests cause no error in the log'
is "$(grep -cvE '^[0-9T:.-]{23}Z level=(info|warning) req=([0-9a-f]{1,64}|-) event=[a-z_]+( [a-z_]+=([A-Za-z0-9_/.,-]*|"fastcgi_param REQUEST_URI [$]request_uri"))*$' "$LK_LOG")" 0 "each line of the log under hostile requests has the form of Latchkey's"
is "$(grep -c forged "$LK_LOG")" 0 'no line of the log under hostile requests is forged'
t/stack down "$LK_DIR"

# A single socket, where each worker knows every path: nginx alone keeps them apart.
stack_up hash_cost=1 nginx_limits=off mode=spawn-fcgi
hostile a_single_socket

done_testing
