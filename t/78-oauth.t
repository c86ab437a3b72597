#!/bin/sh
# /token in the words of RFC 6749, beside FastAPI's: for a wrong password an
# OAuth library said "Missing access token parameter" or "Unsupported
# token_type", and no token ever expired. The libraries themselves run here.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 access_token_minutes=7 login_failures_per_client_hour=30

sign_up ada 'correct horse'
log_in ada 'correct horse'
json_is .expires_in 420 'an answer says for how long its token is good'
json_is .token_type bearer 'an answer has the members of the recorded contract'
take_token
is "$(printf '%s==' "$token" | cut -d . -f 2 | tr '_-' '/+' | base64 -d 2>/dev/null | grep -o '"exp":[0-9]*\|"iat":[0-9]*' |
	cut -d : -f 2 | xargs | awk '{ print $1 - $2 }')" 420 'a token is good for as long as its answer says'

# error STATUS CODE DESCRIPTION TITLE: the three members of an error of one sentence.
error() {
	is "$status $body" "$1 {\"detail\":\"$3\",\"error\":\"$2\",\"error_description\":\"$3\"}" "$4"
}

log_in ada wrong
error 401 invalid_grant 'Incorrect username or password' 'a wrong password is invalid_grant'
is "$(header WWW-Authenticate)" Bearer 'a wrong password has the recorded challenge'
log_in nobody wrong
error 401 invalid_grant 'Incorrect username or password' 'an unknown name is invalid_grant'

# field FORM CODE DESCRIPTION TITLE: of a list of faults.
field() {
	api POST /token "$1"
	is "$status" 422 "$4: 422, as recorded"
	like "$body" '^\{"detail":\[\{"type":"[a-z_]+","loc":\["body"' "$4: the list of faults comes first"
	json_is .error "$2" "$4: $2"
	json_is .error_description "$3" "$4: the description is one sentence"
}
field 'username=ada' invalid_request 'password: Field required' 'a form without a password'
field 'x=y' invalid_request 'username: Field required' 'a form with two faults, of which the first counts'
field 'grant_type=refresh_token&refresh_token=x' unsupported_grant_type \
	"grant_type: String should match pattern '^password\$'" 'another grant type'
field 'username=ada&password=a%00b' invalid_request 'password: Value error, a NUL character is not allowed' 'a password with a NUL'
field 'username=ada&password=wrong&grant_type=Password' unsupported_grant_type \
	"grant_type: String should match pattern '^password\$'" 'a grant type in capitals'

api POST /token '{"username":"ada"}' -H 'Content-Type: multipart/form-data'
is "$status" 400 'a form that cannot be read is a 400'
json_is .error invalid_request 'a form that cannot be read is invalid_request'
like "$body" '^\{"detail":"([^"]*)","error":"invalid_request","error_description":"\1"\}$' 'the description of an error is its detail'
api GET /token
error 405 invalid_request 'Method Not Allowed' 'another method is invalid_request'
api POST /token 'username=ada&password=x' -H 'Sec-Fetch-Site: cross-site'
error 403 invalid_request 'Cross-origin request refused' 'a page of another site is invalid_request'

# --- the libraries ---

# which log in more often at once than nginx allows by the sample
login_rate 1000r/s
if [ -d t/oauth/node_modules ]; then
	pass_on node t/oauth/libraries.mjs "$LK_URL" ada 'correct horse' 420
else
	skip 'OAuth libraries for Node.js' 'not there; make oauth fetches them with npm'
fi
if python3 -c 'import authlib, requests_oauthlib' 2>/dev/null; then
	pass_on python3 t/tool/oauth.py "$LK_URL" ada 'correct horse' 420
else
	skip 'OAuth libraries for Python' 'python3-authlib and python3-requests-oauthlib are not there'
fi

# --- nginx's own errors ---

head -c 70000 /dev/zero | tr '\0' x >"$tmp/long"
api POST /token "@$tmp/long" -H 'Content-Type: application/x-www-form-urlencoded'
error 413 invalid_request 'Request Entity Too Large' 'a body that nginx refuses is invalid_request'
api POST '/token?x=y' "@$tmp/long" -H 'Content-Type: application/x-www-form-urlencoded'
error 413 invalid_request 'Request Entity Too Large' 'a body that nginx refuses at /token with a query is invalid_request'
api POST /users/add_user/ "@$tmp/long" -H 'Content-Type: application/json'
is "$body" '{"detail":"Request Entity Too Large"}' "nginx's errors elsewhere have the detail alone"
login_rate 1r/m
for _ in $(seq 40); do
	api POST /token 'username=ada'
	[ "$status" != 429 ] || break
done
error 429 temporarily_unavailable 'Too Many Requests' 'a client that is too quick for nginx is temporarily_unavailable'

login_rate 10r/s

# --- limits and outages of Latchkey ---

# nginx's limit passes.
got() {
	log_in "$2" wrong
	[ "$status" = "$1" ] && [ "${body#*Too Many Requests}" = "$body" ]
}

for _ in $(seq 16); do
	echo '127.0.0.1 ada wrong'
done >"$tmp/lines"
logins "$LK_SOCKET_LOGIN"
retry 10 got 429 ada
like "$body" '^\{"detail":"(Too many attempts, try again in [0-9]+ (second|minute)s?)","error":"temporarily_unavailable","error_description":"\1"\}$' \
	'a name beyond its limit is temporarily_unavailable'
isnt "$(header Retry-After)" '' 'a name beyond its limit is told when to try again'
t/stack db-stop "$LK_DIR"
retry 10 got 503 eve
error 503 temporarily_unavailable 'The service is not available, please try again' 'a login without the database is temporarily_unavailable'
is "$(header Retry-After)" 2 'a login without the database is told when to try again'

done_testing
