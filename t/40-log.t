#!/bin/sh
# Event log: each event and its account, and never a secret, whatever is sent.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1

api POST /users/add_user/ '{"username":"ada-canary-name","fullname":"canary-full","password":"canary-password-1"}'
api POST /token 'username=ada-canary-name&password=canary-password-1'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
hash=$(sql 'select password from users where id = 1')
api GET /users/me -H "Authorization: Bearer $token"
api GET "/users/me?access_token=$token" -H "Authorization: Bearer x$token" -H "Cookie: session=$token"
api POST /token 'username=ada-canary-name&password=canary-password-2'
# a password in the wrong field is what people do
api POST /token 'username=canary-password-1&password=x'
api POST '/token?password=canary-password-1' 'password=canary-password-1'
api POST /token -F 'username=canary-password-1' -F 'password=@-;filename=canary-password-1' </dev/null
api POST /users/add_user/ '{"username":"canary-password-1","password":["canary-password-1"]}'
api POST /users/add_user/ '{"password":"canary-password-1"'
api POST /users/add_user/ 'canary-password-1' -H 'Content-Type: text/plain'
api POST /users/add_user/ '{"username":"x\u0000canary","password":"canary-password-1\u0000"}'
api POST /canary-password-1 'canary-password-1'
api GET '/nope%0Alevel=error%20event=forged'
sql "update users set password = 'canary-broken-hash' where id = 1"
api POST /token 'username=ada-canary-name&password=canary-password-1'

# --- errors of the database itself ---

signup='{"username":"canary-4","fullname":"canary-full","password":"canary-password-1"}'
sql 'alter table users add check (length(fullname) < 3) not valid'
api POST /users/add_user/ "$signup"
is "$status $body" '400 {"detail":"A value violates a database constraint"}' 'a sign-up that breaks a rule of the table gets 400'
like "$(tail -n 3 "$LK_LOG")" 'event=db_failed .*sqlstate=23514' 'the log reports the SQLSTATE of a rule of the table'
sql_admin 'create function fails() returns trigger language plpgsql as
	$$ begin raise exception $_$no more users$_$; end $$;
	create trigger fails before insert on users execute function fails()'
api POST /users/add_user/ "$signup"
is "$status $body" '400 {"detail":"A value violates a database constraint"}' 'a sign-up that a trigger refuses gets 400, which says nothing of it'
like "$(tail -n 3 "$LK_LOG")" 'event=db_failed .*sqlstate=P0001' "the log reports the SQLSTATE of a trigger's error"

# --- the lines ---

like "$(cat "$LK_LOG")" '^[0-9T:.-]{23}Z level=info req=[0-9a-f]{32} event=signup user=1$' 'a sign-up is logged with its request'
like "$(cat "$LK_LOG")" '^[0-9T:.-]{23}Z level=info req=[0-9a-f]{32} event=login user=1$' 'a login is logged with its request'
like "$(cat "$LK_LOG")" 'event=login_failed user=1 reason=password$' 'a wrong password is logged with its reason'
like "$(cat "$LK_LOG")" 'event=login_failed user=0 reason=unknown$' 'an unknown name is logged with its reason'
is "$(grep -vcE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z level=(error|warning|info) req=([0-9a-f]{32}|-) event=[a-z_]+ ' "$LK_LOG")" 0 'every line of the log has level, request and event'
is "$(grep -c '^[^ ]* *level=.*event=forged' "$LK_LOG")" 0 'a path cannot forge a line of the log'

cat "$LK_LOGS"/*latchkey* >"$tmp/worker.log"
for secret in canary "$token" "${token##*.}" "$hash" "$(cat "$LK_KEY")"; do
	ok "$(grep -cF -e "$secret" "$tmp/worker.log")" "the workers' log does not hold $(printf '%.12s' "$secret")"
done
cat "$LK_LOGS"/nginx* >"$tmp/nginx.log"
for secret in canary-password-2 "$token" "$hash" "$(cat "$LK_KEY")"; do
	ok "$(grep -cF -e "$secret" "$tmp/nginx.log")" "nginx's log does not hold $(printf '%.12s' "$secret")"
done
ok "$(grep -c 'password=canary' "$tmp/nginx.log")" "nginx's log does not hold what a query held"

done_testing
