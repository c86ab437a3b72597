#!/bin/sh
# Cross-site requests. Any page could once make its visitors' browsers try
# passwords: it learnt nothing, but spent the limits of a name and of the
# service.
# shellcheck source=t/lib.sh
. t/lib.sh
needs cgi-fcgi
stack_up hash_cost=1 login_failures_per_client_hour=10 cors_origins='https://app.example.org http://localhost:3000'

build/latchkey routes >"$tmp/routes"
is "$(awk -F '\t' '$1 !~ /^(GET|GET, HEAD)$/ && $5 == "any" { print $2 }' "$tmp/routes")" '' \
	'each endpoint that changes something or takes a password has a rule for pages of other sites'
is "$(awk -F '\t' '$5 == "not cross-site" && $2 !~ "^/oauth2/" { print $2 }' "$tmp/routes" | sort | tr '\n' ' ')" '/login/clear /token /users/add_user/ ' \
	'the two endpoints of the recorded contract, those of OAuth, and what empties a cache alone look at Sec-Fetch-Site only'

evil='Origin: https://evil.example'
cross='Sec-Fetch-Site: cross-site'
figure() {
	# /metrics is asked past nginx, which shows it elsewhere.
	SCRIPT_NAME='' REQUEST_METHOD=GET REQUEST_URI=/metrics cgi-fcgi -bind -connect "$LK_SOCKET_API" |
		awk -v name="$1" '$1 == name { print $2 }'
}
refused() {
	is "$status $(header Content-Type) $(header Cache-Control) ${body%%[,\}]*}" \
		'403 application/json no-store {"detail":"Cross-origin request refused"' "$1"
}

api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
api POST /users/add_user/ '{"username":"eve","password":"correct horse"}' -H "$cross"
refused 'a page of another site signs nobody up'
is "$(sql 'select count(*) from users')" 1 'a refused sign-up of another site makes no account'

before=$(figure latchkey_hash_duration_seconds_count)
statuses=
for _ in $(seq 12); do
	api POST /token 'username=ada&password=wrong' -H "$cross" -H "$evil"
	statuses="$statuses$status "
done
is "$statuses" '403 403 403 403 403 403 403 403 403 403 403 403 ' 'a page of another site tries no password'
api POST /token 'username=ada&password=correct horse' -H "$cross" -H "$evil"
refused 'a page of another site does not log in with the right password'
is "$(header Set-Cookie)" '' 'a page of another site gets no cookie'
is "$(figure latchkey_hash_duration_seconds_count)" "$before" "a login of another site's page costs no hash"
is "$(figure 'latchkey_logins_total{outcome="rate_limited"}')" 0 "a login of another site's page is not counted"
api POST /token 'username=ada&password=wrong'
is "$status" 401 'the owner at the address of a refused page is served'

api POST /token 'username=ada&password=correct horse' -H 'Sec-Fetch-Site: same-site' -H 'Origin: https://b.localhost'
is "$status" 200 'a page of another host of the same site logs in, as in the recorded contract'
api POST /token 'username=ada&password=correct horse' -H "$evil"
is "$status" 200 'a browser without Sec-Fetch-Site logs in, as in the recorded contract'
api POST /token 'username=ada&password=correct horse' -H 'Sec-Fetch-Site: same-origin' -H "Origin: $LK_URL"
is "$status" 200 'a page of this host logs in'
api POST /token 'username=ada&password=correct horse' -H "$cross" -H 'Origin: https://app.example.org'
is "$status" 200 'a page of cors_origins logs in'
is "$(header Set-Cookie)" '' "a page of cors_origins gets no cookie in place of this host's"
api POST /token 'username=ada&password=correct horse' -H "$cross" -H 'Origin: https://app.example.org:8443'
refused 'a page of a host in cors_origins at another port does not log in'
api POST /token 'username=ada&password=correct horse'
is "$status" 200 'a client that is not a browser logs in'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

# --- what changes something, by a token ---

# change PATH HEADER...
change() {
	path=$1
	shift
	case $path in
	/users/me) api PATCH "$path" '{"fullname":"Ada"}' -H "Authorization: Bearer $token" "$@" ;;
	*) api POST "$path" '{"current":"correct horse","new":"correct horse"}' -H "Authorization: Bearer $token" "$@" ;;
	esac
}
for path in /users/me /users/me/password; do
	change "$path" -H "$cross" -H "$evil"
	refused "$path: a page of another site changes nothing"
	change "$path" -H 'Sec-Fetch-Site: same-site' -H 'Origin: https://b.localhost'
	refused "$path: a page of another host of this site changes nothing"
	change "$path" -H "$evil"
	refused "$path: a page of another site in a browser that sends Origin alone changes nothing"
	change "$path" -H 'Origin: null'
	refused "$path: a page without an origin changes nothing"
done
change /users/me -H 'Sec-Fetch-Site: same-origin' -H "Origin: $LK_URL"
is "$status" 200 'a page of this host changes the full name'
change /users/me -H "Origin: $LK_URL"
is "$status" 200 'a page of this host changes the full name in a browser that sends Origin alone'
change /users/me -H "$cross" -H 'Origin: http://localhost:3000'
is "$status" 200 'a page of cors_origins changes the full name'
change /users/me
is "$status" 200 'a client that is not a browser changes the full name'
api GET /users/me -H "Authorization: Bearer $token" -H "$cross" -H "$evil"
is "$status" 200 'a page of another site may read /users/me with a token'
api GET /check -H "Authorization: Bearer $token" -H "$cross" -H "$evil"
is "$status" 200 'a page of another site may ask /check with a token'
api PATCH /users/me '{"fullname":"Ada"}' -H "$cross"
refused 'a page of another site is refused before a token is asked for'

# --- the setting ---

for list in '*' 'https://app.example.org/' 'https://a https://B' 'https://a  https://b'; do
	LATCHKEY_CORS_ORIGINS=$list "$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>&1
	like "$(cat "$tmp/out")" '^latchkey: LATCHKEY_CORS_ORIGINS: cors_origins must be origins such as https://app.example.org' \
		"check refuses cors_origins = '$list', and says what it must be"
done

done_testing
