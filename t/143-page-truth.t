#!/bin/sh
# What pages say has happened: after a change whose second step fails, for a link of somebody
# else's, with a cookie that came twice; where the button of an error leads; and files of pages
# kept by their version alone.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 login_failures_per_client_hour=6 signups_per_address_hour=1000

own="Origin: $LK_URL"
cookie=x=1
# form PATH FIELDS [CURL ARGUMENT...]: from our own page, with the cookie of the session
form() {
	path=$1 fields=$2
	shift 2
	api POST "$path" "$fields" -H "$own" -H "Cookie: $cookie" -H 'Content-Type: application/x-www-form-urlencoded' "$@"
}
keep_cookie() {
	cookie=$(header Set-Cookie | sed -n 's/^\(__Host-latchkey=[^;]*\).*/\1/p')
}

# --- the second step of a change ---

refuse() {
	sql "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no sessions today''; END'"
	sql 'CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON latchkey_session FOR EACH STATEMENT EXECUTE FUNCTION refuse()'
}
accept() {
	sql 'DROP TRIGGER refuse ON latchkey_session'
	sql 'DROP FUNCTION refuse()'
}
sign_in() {
	cookie=x=1 # a log-in ends the session that the browser had
	form /login 'username=bea&password=correct+horse'
	keep_cookie
}
sign_up bea 'correct horse'
refuse
form /signup 'username=ada&password=correct+horse&next=/todos/'
is "$status $(header Location)" '303 /login?did=signup&next=%2Ftodos%2F' 'a sign-up without a session leads to the log-in, since the account is made'
is "$(sql "SELECT count(*) FROM users WHERE username = 'ada'")" 1 'a sign-up without a session has made the account'
form /login 'username=bea&password=correct+horse&next=/todos/%3Fa'
is "$status" 400 'a log-in whose session a trigger refuses is an error'
like "$body" 'class="button" href="/login\?next=%2Ftodos%2F%3Fa"' 'the button of an error keeps where one was going'
accept
api GET '/login?did=signup'
like "$body" 'Your account is ready' 'the log-in page says that the account is ready'
api GET '/login?did=changed'
like "$body" 'Your password is changed' 'the log-in page says that the password is changed'

# --- what a link says ---

sign_in
api GET /account -H "Cookie: $cookie"
is "$status" 200 'a session shows its account'
while read -r site shown; do
	for link in '/login?did=deleted Your.account.is.deleted' '/login?did=changed Your.password.is.changed' \
		'/login?arrived=1 did.not.keep.the.cookie' '/account?did=saved >Saved\.<'; do
		jar=x=1
		[ "${link#/account}" = "$link" ] || jar=$cookie
		api GET "${link%% *}" -H "Sec-Fetch-Site: $site" -H "Cookie: $jar"
		if [ "$shown" = yes ]; then
			like "$body" "${link#* }" "a page says what has been done: ${link%% *} from $site"
		else
			unlike "$body" "${link#* }" "a link does not make a page say what has not been done: ${link%% *} from $site"
			is "$status" 200 "a link still opens the page: ${link%% *} from $site"
		fi
	done
done <<'E'
same-origin yes
same-site no
cross-site no
none no
E
api GET '/login?arrived=1&next=/x' -H 'Sec-Fetch-Site: cross-site' -H "Cookie: $cookie"
like "$body" 'You are logged in' 'a link to the last step of a log-in shows that somebody is logged in'

# --- a cookie that came twice ---

mkdir "$tmp/app"
mkdir "$tmp/app/app"
port=$(free_port)
python3 -m http.server -b 127.0.0.1 -d "$tmp/app" "$port" >"$tmp/app.log" 2>&1 &
children="$children $!"
guard "$port"
ok $? 'an application is guarded'

sign_in
first=$cookie
sign_in
second=$cookie
for one in "$first" "$second"; do
	api GET /app/ -H "Cookie: $one" -H 'Sec-Fetch-Site: same-origin'
	is "$status" 200 'a session is good at the gate before the log-out'
done
cookie="$first; x=1; $second"
form /logout next=/
is "$status $(header Location)" '303 /login?out=1&next=%2F' 'a log-out with a cookie that came twice is one'
refused() {
	api GET /app/ -H "Cookie: $1" -H 'Sec-Fetch-Site: same-origin'
	[ "$status" = 401 ]
}
for one in "$first" "$second"; do
	retry 10 refused "$one"
	ok $? 'after a log-out with a cookie that came twice the gate refuses each'
done
cookie=$(for n in 1 2 3 4 5 6 7 8; do printf '__Host-latchkey=x%s; ' $n; done)x=1
form /logout next=/
is "$status" 303 'a log-out with a cookie that came eight times is one'
cookie="$cookie; __Host-latchkey=x9"
form /logout next=/
is "$status $(header Set-Cookie)" '400 ' 'a log-out with a cookie that came nine times is refused, and does not say otherwise'
cookie=x=1

# --- errors ---

for _ in 1 2 3 4 5 6 7 8; do
	form /login 'username=limited&password=wrong+horse&next=/todos/'
done
is "$status" 429 'too many wrong passwords get 429'
like "$body" 'class="button" href="/login\?next=%2Ftodos%2F"' 'the page of a limit has a button, which keeps where one was going'
form /login 'username=limited&password=wrong+horse&next=//evil.test/'
like "$body" 'class="button" href="/login\?next=%2F"' 'the button of an error leads to this host alone'
api POST '/login?next=/q' 'username=x&password=x' -H 'Origin: https://evil.test'
is "$status" 403 'a form of another site is refused'
like "$body" 'class="button" href="/login\?next=%2Fq"' 'the button of a refused form keeps what its address had'

# --- files ---

api GET /login
for file in style.css show.js logo; do
	good=$(echo "$body" | sed -n "s/.*\"\(\/login\/$file?v=[^\"]*\)\".*/\1/p" | head -n 1)
	page=$body
	api GET "$good"
	is "$status $(header Cache-Control)" '200 public, max-age=31536000' "an address with its version is kept: $file"
	for query in '' '?v=' '?v=0000000000000000' "?w=${good#*=}" '?v=%'; do
		api GET "/login/$file$query"
		is "$status $(header Cache-Control)" '200 no-cache' "an address with another version is asked for again: $file$query"
	done
	body=$page
done

done_testing
