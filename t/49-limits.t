#!/bin/sh
# Rate limit of each endpoint that takes a secret or changes something: one
# attempt beyond it is a 429. The table of endpoints says which; a new row
# fails here until it has an attempt.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up nginx_limits=off hash_cost=1 login_failures_per_client_hour=4 signups_per_address_hour=8

build/latchkey routes >"$tmp/routes"
# Endpoints that end a session have none: each end takes a session, and each session a
# login; a thief could else use the limit up, and keep what the owner wants to end. Nor
# have those that take a token with a MAC, or a secret of 256 bits, which nobody guesses.
unlimited='/users/me/sessions|/users/me/sessions/[{]id[}]|/session|/logout|/account/sessions|/reset|/oauth2/(token|introspect|revoke)'
is "$(awk -F '\t' -v unlimited="^($unlimited)\$" '$1 !~ /^(GET|GET, HEAD)$/ && $2 !~ unlimited &&
	$6 == "none" { print $2 }' "$tmp/routes")" '' 'each endpoint that changes something or takes a password has a limit'

# A token for each of three accounts: each has its own attempts at the password.
for name in ada eve kim; do
	api POST /users/add_user/ "{\"username\":\"$name\",\"password\":\"correct horse\"}"
	api POST /token "username=$name&password=correct horse"
	printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/' >"$tmp/$name"
done

# A request to a path, so that it counts; and how often it is verified.
attempt() {
	case $1 in
	/token) api POST "$1" 'username=ada&password=wrong' ;;
	/oauth2/token) api POST "$1" 'grant_type=password&username=nobody&password=wrong' ;;
	/users/add_user/) api POST "$1" '{"username":"ada","password":"correct horse"}' ;;
	/users/me) api PATCH "$1" '{"fullname":"Ada"}' -H "Authorization: Bearer $(cat "$tmp/ada")" ;;
	/users/me/password) api POST "$1" '{"current":"wrong","new":"correct donkey"}' -H "Authorization: Bearer $(cat "$tmp/eve")" ;;
	/users/me/delete) api POST "$1" '{"current":"wrong"}' -H "Authorization: Bearer $(cat "$tmp/kim")" ;;
	*) return 1 ;;
	esac
}
looked_at() {
	case $1 in
	login) echo 2 ;; # a half of login_failures_per_client_hour
	sign-up) echo 1 ;; # of signups_per_address_hour, three of which are used up
	change) echo 60 ;;
	esac
}

# Pages and POST /session count by the same services: t/120-session.t, t/131-pages.t.
awk -F '\t' '$6 != "none" && $5 != "own pages" { print $2, $6 }' "$tmp/routes" >"$tmp/limited"
while read -r path limit; do
	statuses=
	for _ in $(seq "$(looked_at "$limit")"); do
		attempt "$path"
		statuses="$statuses$status "
	done
	unlike "$statuses" 429 "$path: as many attempts as its limit ($limit) are served"
	attempt "$path"
	is "$status $(header Content-Type)" '429 application/json' "$path: one attempt more than its limit gets 429"
	like "$(header Retry-After)" '^[1-9][0-9]*$' "$path: the 429 has Retry-After"
	like "$body" '^\{("detail"|"error":"temporarily_unavailable","error_description"):"Too many .*in [1-9][0-9]* (second|minute)s?"[,}]' "$path: the 429 says in words when to come again"
done <"$tmp/limited"
is "$(wc -l <"$tmp/limited")" 6 'six endpoints have a limit'

done_testing
