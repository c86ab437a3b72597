#!/bin/sh
# Attacks on tokens of RFC 8725, one each: through nginx and past it, at GET
# /users/me and GET /check, which have to agree. Except for others' tokens,
# each is signed with our key: it is refused for what it says.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 nginx_limits=off token_leeway_s=5 accept_plain_tokens=true

api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
api POST /users/add_user/ '{"username":"eve","password":"correct horse"}'
sql "insert into users (username, is_active) values ('', true)"
api POST /token 'username=ada&password=correct horse'
LK_TOKEN=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
export LK_TOKEN LK_KEY LK_PORT LK_SOCKET_API LK_SOCKET_CHECK

before=$(workers '(api|check)' | xargs)
isnt "$before" '' 'the check and api lanes have workers'
(cd "$tmp" && python3 -B "$OLDPWD/t/tool/tokens.py") >"$tmp/results"
ok $? 'every token was sent'

# All four answers are the wanted one.
while IFS='	' read -r found wanted title; do
	is "$found" "$wanted" "$title"
done <"$tmp/results"
is "$(workers '(api|check)' | xargs)" "$before" 'no worker ends during the tokens'
is "$(grep -cE 'level=error|event=(bug|worker_ended)' "$LK_LOG")" 0 'no worker logs an error during the tokens'
is "$(grep -cF "$LK_TOKEN" "$LK_LOG")" 0 'the log holds no token'

done_testing
