#!/bin/sh
# Secrets in the memory of each process, after a thousand logins: of a password
# nothing is left once its request is answered; keys and the database's password
# are where they are needed, and nowhere else.
# shellcheck source=t/lib.sh
. t/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'not root: the memory of the processes cannot be read'
[ -z "${LK_SANITIZED-}" ] || skip_all 'a sanitizer keeps what is freed'

stack_up hash_cost=1 nginx_limits=off signups_per_address_hour=1000000 login_failures_per_service_hour=0 \
	login_failures_per_name_hour=1000000 login_failures_per_address_hour=1000000 \
	login_failures_per_client_hour=1000000 workers=1

# --- a password of the workers' role, and a secret apart from the key ---

connection=$(openssl rand -hex 24)
sql_admin "alter role latchkey password '$connection'"
# shellcheck disable=SC2016 # that shell's
$LK_AS sh -c 'umask 077; echo "*:*:*:latchkey:$2" >"$1/pgpass"; openssl rand -hex 32 >"$1/secret"' \
	files "$LK_DIR/data" "$connection"
sed -i '1i local all latchkey scram-sha-256' "$LK_DIR/data/pg/pg_hba.conf"
sql_admin 'select pg_reload_conf()' >/dev/null
sed -i "s|^\(database = .*\)'|\1 passfile=$LK_DIR/data/pgpass'|; s|^secret_file = .*|secret_file = \"$LK_DIR/data/secret\"|" "$LK_CONF"
t/stack workers-stop "$LK_DIR" && t/stack workers-start "$LK_DIR"
supervisor=$(cat "$LK_SERVE")

# --- accounts with hashes of other programs ---

tail=$(printf 'A%.0s' $(seq 43))
sql "insert into users (username, password, is_active) values
	('argon2id', '\$argon2id\$v=19\$m=1024,t=1,p=4\$c2FsdHNhbHRzYWx0\$$tail', true),
	('scrypt', '\$scrypt\$ln=10,r=8,p=1\$c2FsdA\$$tail', true),
	('pbkdf2', 'pbkdf2_sha256\$1000\$salt\$$tail=', true),
	('bcrypt', '\$2b\$04\$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', true),
	('digest', '\$5\$rounds=1000\$saltsalt\$$tail', true)" >/dev/null

# --- a thousand logins ---

mark=$(LC_ALL=C tr -dc g-zG-Z </dev/urandom | head -c 6)
python3 -B t/tool/canary.py send "${LK_URL#http://}" "$LK_DIR/data/login.sock" "$mark" >"$tmp/sent"
is $? 0 'a thousand logins, sign-ups and changes are answered'
for answer in '/session 204' '/token 200' '/token 401' '/users/add_user/ 200' '/users/me/password 200' 'in parts 401'; do
	like "$(cat "$tmp/sent")" "\"$answer\"" "requests of this kind were answered so: $answer"
done
unlike "$(cat "$tmp/sent")" ' (5[0-9][0-9]|429)"' 'no request was shed'

# shellcheck disable=SC2034 # it is looked for
planted=${mark}0000$mark
set -- "planted=$$" "supervisor=$supervisor"
for pid in $(workers); do
	set -- "$@" "$(sed 's/^latchkey-//' "/proc/$pid/comm")=$pid"
done
python3 -B t/tool/canary.py look "$mark" "$@" <"$tmp/sent" >"$tmp/left"
like "$(cat "$tmp/left")" '^planted ' 'a password that is there is found'
for role in supervisor check api login keeper; do
	is "$(printf '%s\n' "$@" | grep -c "^$role=")" 1 "a process is searched for passwords: $role"
	is "$(sed -n "s/^$role //p" "$tmp/left")" '' "nothing is left of any password: $role"
done

# --- keys, and the password of the database ---

hex() {
	head -c 64 | od -An -v -tx1 | tr -d ' \n'
}
printf 'key %s\nsecret %s\nconnection %s\n' "$(hex <"$LK_KEY")" "$(hex <"$LK_DIR/data/secret")" \
	"$(printf %s "$connection" | hex)" >"$tmp/patterns"
while read -r role wanted; do
	is "$(python3 t/tool/scan.py "$(printf '%s\n' "$@" | sed -n "s/^$role=//p")" <"$tmp/patterns" | tr '\n' ' ')" \
		"${wanted:+$wanted }" "a process holds what it needs, and nothing else: $role"
done <<'E'
supervisor key secret
check key
api key connection
login key connection
keeper connection
E

done_testing
