#!/bin/sh
# Recipes of doc/migrate.md, as they stand there, for tables as their
# applications make them (t/recipes): old accounts log in, new ones sign up, and
# the application reads and writes its table as before.
# shellcheck source=t/lib.sh
. t/lib.sh
needs mkpasswd
stack_up hash_cost=1 hash_memory_max_mib=64
t/stack workers-stop "$LK_DIR"
sed -i "s|^database = '\(.*\)'|database = '\1 options=-csearch_path=latchkey'|" "$LK_CONF"
t/stack workers-start "$LK_DIR"
hash=$(mkpasswd -m bcrypt -R 5 'old password')

# psql WORD...: as the owner, all or nothing
psql() {
	PGOPTIONS='-c client_min_messages=warning' $LK_PSQL -XqAt1 -v ON_ERROR_STOP=1 -v "hash=$hash" "$@" 2>&1
}

# recipe FILE HEADING: its table, the recipe, and what the document does next
recipe() {
	what=$1
	psql -c 'drop schema if exists latchkey, auth cascade' -c 'drop schema public cascade' -c 'create schema public'
	psql -f "t/recipes/$1.sql" >"$tmp/out"
	ok $? "$what: the table is there" || diag "$(cat "$tmp/out")"
	awk -v heading="### $2" '
		/^##/ { inside = $0 == heading }
		inside && sub(/^    /, "")' doc/migrate.md >"$tmp/recipe.sql"
	like "$(cat "$tmp/recipe.sql")" '^CREATE VIEW latchkey.users AS' "$what: doc/migrate.md has a recipe"
	psql -f "$tmp/recipe.sql" >"$tmp/out"
	ok $? "$what: the recipe runs" || diag "$(cat "$tmp/out")"
	# shellcheck disable=SC2086 # words of a command
	$LK_AS env LATCHKEY_DATABASE="$LK_OWNER options=-csearch_path=latchkey" "$LK_BIN" -c "$LK_CONF" migrate latchkey >"$tmp/out" 2>&1
	ok $? "$what: latchkey migrate accepts the view" || diag "$(cat "$tmp/out")"
	retry 10 curl -sf -o /dev/null "$LK_OPS_URL/readyz"
	# shellcheck disable=SC2086
	$LK_AS "$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>&1
	ok $? "$what: latchkey check is content" || diag "$(cat "$tmp/out")"
}

# lets_in NAME PASSWORD, keeps_out NAME WHY
lets_in() {
	log_in "$1" "$2"
	is "$status" 200 "$what: $1 logs in"
}
keeps_out() {
	log_in "$1" 'old password'
	is "$status" 401 "$what: $1 does not log in: $2"
}

# gives WANTED SQL TITLE: as the application asks its table
gives() {
	is "$(psql -c "$2")" "$1" "$what: $3"
}
new() {
	api POST /users/add_user/ "{\"username\":\"$1\",\"fullname\":\"New One\",\"password\":\"correct horse\"}"
	is "$status" 200 "$what: $1 signs up"
	lets_in "$1" 'correct horse'
	sign_up "$1" 'correct horse'
	is "$status" 400 "$what: $1 is taken then"
}

recipe fastapi "FastAPI's documented table"
lets_in johndoe 'old password'
lets_in bob 'old password'
keeps_out alice 'disabled'
new carol
gives 'New One|f|t' "select full_name, disabled, hashed_password like '\$y\$%' from users where username = 'carol'" 'the application finds a new account'
psql -c "insert into users (username, email, full_name, hashed_password, disabled) values ('dave', 'd@example.com', 'Dave', '$hash', false), ('dora', 'o@example.com', 'Dora', '$hash', true)"
lets_in dave 'old password'
keeps_out dora 'whom the application made disabled'
psql -c "update users set disabled = true where username = 'dave'"
keeps_out dave 'whom the application disabled'
# shellcheck disable=SC2086
$LK_AS "$LK_BIN" -c "$LK_CONF" user enable dave >"$tmp/out"
gives f "select disabled from users where username = 'dave'" 'the application sees that the operator enabled an account'
lets_in dave 'old password'
gives 'johndoe|a lamp' 'select username, title from items join users on owner_id = users.id' 'what refers to an account goes on doing so'

recipe template 'The full-stack FastAPI template'
lets_in admin@example.com 'old password'
lets_in today@example.com 'old password'
keeps_out gone@example.com 'inactive'
new carol@example.com
gives 'New One|t|f|t' "select full_name, is_active, is_superuser, id is not null from \"user\" where email = 'carol@example.com'" \
	'the application finds a new account, which is no superuser'
psql -c "insert into \"user\" (id, email, is_active, is_superuser, full_name, hashed_password) values (gen_random_uuid(), 'dave@example.com', true, false, null, '$hash')"
lets_in dave@example.com 'old password'
psql -c "update \"user\" set is_active = false where email = 'dave@example.com'"
keeps_out dave@example.com 'whom the application made inactive'
gives 'admin@example.com|a lamp' 'select email, title from item join "user" on owner_id = "user".id' 'what refers to an account goes on doing so'

recipe django "Django's auth_user"
lets_in pbkdf2 'old password'
lets_in bcrypt 'old password'
lets_in admin 'old password'
take_token
api GET /users/me -H "Authorization: Bearer $token"
json_is .fullname 'Ada Lovelace' 'django: the full name is made of both names'
keeps_out gone 'inactive'
keeps_out sso 'no usable password'
new carol
gives '|||f|f|t|t' "select first_name, last_name, email, is_superuser, is_staff, is_active, date_joined <= now() from auth_user where username = 'carol'" \
	'Django finds a new account, which is neither staff nor superuser'
psql -c "insert into auth_user (password, last_login, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined) values ('$hash', null, false, 'dave', 'Dave', '', '', false, true, now())"
lets_in dave 'old password'
gives 'admin|7' 'select username, group_id from auth_user_groups join auth_user on user_id = auth_user.id' 'what refers to an account goes on doing so'

recipe supabase "Supabase's auth.users"
lets_in ada@example.com 'old password'
take_token
api GET /users/me -H "Authorization: Bearer $token"
json_is .fullname 'Ada Lovelace' 'supabase: the full name is that of the metadata'
keeps_out banned@example.com 'banned'
keeps_out new@example.com 'the address is not confirmed'
new carol@example.com
gives 't|t' "select id is not null, encrypted_password like '\$y\$%' from auth.users where email = 'carol@example.com'" 'a new account has a UUID'
gives 'ada@example.com|countess' 'select email, nickname from profiles join auth.users using (id)' 'what refers to an account goes on doing so'

done_testing
