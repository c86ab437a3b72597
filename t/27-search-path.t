#!/bin/sh
# Hostile functions and operators in a schema of the search_path: of two that
# match, PostgreSQL runs the better match, wherever it is, with our
# privileges. None is a better match than PostgreSQL's own.
# shellcheck source=t/lib.sh
. t/lib.sh
needs mkpasswd
stack_up hash_cost=1

latchkey() {
	# shellcheck disable=SC2086 # words of a command
	$LK_AS "$LK_BIN" -c "$LK_CONF" "$@" 2>&1
}

# Each in the place of what our statements could mean, with types that a column
# or a constant may have had.
python3 - >"$tmp/traps.sql" <<'E'
TEXTS = "varchar", "text", "name", "bpchar"
NUMBERS = "integer", "bigint", "float8", "numeric"
pairs = lambda these: [(x, y) for x in these for y in these]
operators = [(o, *p) for o in ("=", "~~", "||") for p in pairs(TEXTS)]
operators += [(o, *p) for o in ("=", "<", "<=", ">", ">=", "+", "-", "*") for p in pairs(NUMBERS)]
operators += [("*", *p) for n in NUMBERS for p in ((n, "interval"), ("interval", n))]
operators += [(o, *p) for o in ("+", "-", "<", "<=", ">", ">=") for p in pairs(("timestamptz", "timestamp", "interval"))]
functions = [(f, t) for f in ("length", "to_regclass", "min", "max") for t in TEXTS + NUMBERS]
functions += [("left", t, n) for t in TEXTS for n in NUMBERS]
functions += [("date_part", t, of) for t in TEXTS for of in ("interval", "timestamptz")]
functions += [("to_char", of, t) for t in TEXTS for of in ("timestamp", "timestamptz")]
functions += [("timezone", t, of) for t in TEXTS for of in ("timestamp", "timestamptz")]
functions += [(f, *p) for f in ("has_table_privilege", "has_sequence_privilege", "pg_get_serial_sequence") for p in pairs(TEXTS)]
functions += [("now",)] + [("unnest", t + "[]") for t in TEXTS + NUMBERS]
returns = {"=": "boolean", "~~": "boolean", "<": "boolean", "<=": "boolean", ">": "boolean", ">=": "boolean"}
trap = lambda what: "language plpgsql as $$ begin raise exception 'trapped by %s'; end $$;" % what
for name, *types in functions:
    print("create function public.%s(%s) returns text %s" % (name, ", ".join(types), trap(name)))
for n, (name, *types) in enumerate(operators):
    print("create function public.trap%d(%s) returns %s %s"
          % (n, ", ".join(types), returns.get(name, types[0]), trap("%s %s %s" % (types[0], name, types[1]))))
    print("create operator public.%s (leftarg = %s, rightarg = %s, function = public.trap%d);" % (name, *types, n))
E
$LK_PSQL_ADMIN -Xq -v ON_ERROR_STOP=1 -f "$tmp/traps.sql" >"$tmp/out" 2>&1
ok $? 'the schema public has a trap for each function and operator that the statements use' || diag "$(cat "$tmp/out")"
like "$(sql_admin "select 'a'::varchar = 'a'::varchar" 2>&1)" 'trapped by varchar = varchar' 'a trap of the schema public is the better match for an operator without care'
sql_admin "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'latchkey'" >"$tmp/out"

ready() {
	ops GET /readyz
	[ "$status" = 200 ]
}
retry 10 ready
ok $? 'the service is ready'
api POST /users/add_user/ '{"username":"ada","fullname":"Ada","password":"correct horse"}'
is "$status" 200 'a sign-up gets 200'
api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
is "$status" 400 'a sign-up of a taken name gets 400'
sql_admin "update users set password = '$(mkpasswd -m bcrypt -R 5 'correct horse')'"
for password in wrong 'correct horse'; do
	api POST /token "username=ada&password=$password"
	printf '%s ' "$status"
done >"$tmp/logins"
is "$(cat "$tmp/logins")" '401 200 ' 'a wrong password gets 401, the right one 200'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
is "$(sql_admin 'select left(password::text, 3) from users')" '$y$' 'a login replaces a bcrypt hash'
for pair in 'correct horse/battery staple' 'battery staple/correct horse'; do
	api POST /users/me/password "{\"current\":\"${pair%/*}\",\"new\":\"${pair#*/}\"}" -H "Authorization: Bearer $token"
	is "$status" 200 "a change of the password to ${pair#*/} gets 200"
	api POST /token "username=ada&password=${pair#*/}"
	token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
done
api PATCH /users/me '{"fullname":"Ada L."}' -H "Authorization: Bearer $token"
is "$status" 200 'a change of the full name gets 200'
for command in check 'user show ada' 'user list' 'user disable ada' 'user enable ada' 'user logout ada'; do
	# shellcheck disable=SC2086 # words
	latchkey $command >"$tmp/out"
	ok $? "latchkey $command succeeds" || diag "$(cat "$tmp/out")"
done
printf 'battery staple\n' | latchkey user passwd ada >"$tmp/out"
ok $? 'latchkey user passwd succeeds' || diag "$(cat "$tmp/out")"
LATCHKEY_DATABASE=$LK_OWNER
export LATCHKEY_DATABASE
latchkey migrate >"$tmp/out"
ok $? 'latchkey migrate succeeds where nothing is to be done' || diag "$(cat "$tmp/out")"
is "$(grep -c trapped "$LK_LOG" "$LK_LOGS/postgres.log" | xargs)" "$LK_LOG:0 $LK_LOGS/postgres.log:1" 'no statement of Latchkey is trapped'

done_testing
