#!/bin/sh
# Warnings of latchkey check: others who may pose as nginx, a database over
# the network, an old libpq. (t/20-migrate.t has the privileges of the
# database role.)
# shellcheck source=t/lib.sh

# Groups and a network of our own, which nothing else on the machine sees.
if [ "$(id -u)" = 0 ] && [ -z "${LK_APART-}" ]; then
	LK_APART=yes exec unshare -m -n "$0" "$@"
fi
. t/lib.sh
needs ip
[ "$(id -u)" = 0 ] || skip_all 'it takes root' # to have groups and a network of one's own
ip link set lo up
ip addr add 192.0.2.1/32 dev lo
stack_up

# check [VARIABLE=VALUE...]: what it says besides that all is good
check() {
	# shellcheck disable=SC2086 # words of a command
	$LK_AS env HOME=/ LATCHKEY_DB_TIMEOUT_MS=30000 "$@" "$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>"$tmp/said"
	said="$? $(cat "$tmp/said")"
}

# --- the group of the sockets ---

cat /etc/passwd - >"$tmp/passwd" <<'E'
lk-nginx:x:60001:60001::/:/bin/false
lk-other:x:60002:60010::/:/bin/false
E
groups() {
	{ cat /etc/group.real 2>/dev/null || cat /etc/group; } | grep -v '^lk-' >"$tmp/group.real"
	{ cat "$tmp/group.real"; printf '%s\n' "$@"; } >"$tmp/group"
}
groups 'lk-nginx:x:60001:' 'lk-web:x:60011:lk-nginx' 'lk-both:x:60012:lk-nginx,www-data' 'lk-one:x:60013:www-data' \
	'lk-primary:x:60010:lk-nginx' 'lk-own:x:60014:nobody,root,lk-nginx'
mount --bind "$tmp/passwd" /etc/passwd
mount --bind "$tmp/group" /etc/group

# belongs GROUP: all three sockets do
belongs() {
	chgrp "$1" "$LK_SOCKET_CHECK" "$LK_SOCKET_API" "$LK_SOCKET_LOGIN"
	check
}
belongs lk-web
is "$said" '0 ' 'a group of the sockets with nginx alone in it needs no warning'
belongs lk-own
is "$said" '0 ' "the workers' own user and root in the group of the sockets need no warning"
belongs lk-both
like "$said" '^0 latchkey: warning: the group lk-both of the sockets has the members: www-data, lk-nginx\. Each' \
	"check warns of each other member of the sockets' group"
is "$(grep -c warning "$tmp/said")" 1 'check warns of a group once for its three sockets'
belongs lk-one
like "$said" '^0 .* the members: www-data\.' "check warns of www-data as the only member of the sockets' group"
belongs lk-primary
like "$said" '^0 .* the members: lk-nginx, lk-other\.' 'check warns of members by their own group'
belongs www-data
like "$said" '^0 .*group www-data of the sockets has the members: www-data[,.]' 'check warns of www-data in its own group'
chmod 666 "$LK_SOCKET_API"
check
like "$said" "latchkey: warning: everybody on this machine may connect to $LK_SOCKET_API and pose as nginx;" 'check warns of a socket that everybody may connect to'
chmod 600 "$LK_SOCKET_CHECK" "$LK_SOCKET_API" "$LK_SOCKET_LOGIN"
check
is "$said" '0 ' 'check does not warn of a group that may not connect'
mkdir "$tmp/sockets"
chmod 2755 "$tmp/sockets"
chgrp lk-one "$tmp/sockets"
check LATCHKEY_LISTEN_API="$tmp/sockets/api.sock"
like "$said" '^0 .*group lk-one of the sockets' 'check warns of the group that a new socket would get from its folder'
check LATCHKEY_LISTEN_API=127.0.0.1:20009
like "$said" '^0 latchkey: warning: listen_api = 127.0.0.1:20009: FastCGI over TCP is not encrypted' 'check warns of FastCGI over TCP'

# --- the database over the network ---

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=db.example.org -addext subjectAltName=DNS:db.example.org \
	-keyout "$LK_DIR/data/server.key" -out "$LK_DIR/data/server.crt" 2>/dev/null
chown nobody "$LK_DIR/data/server.key" "$LK_DIR/data/server.crt"
cat >>"$LK_DIR/postgresql.conf" <<E
listen_addresses = '192.0.2.1, 127.0.0.1'
ssl = on
ssl_cert_file = '$LK_DIR/data/server.crt'
ssl_key_file = '$LK_DIR/data/server.key'
E
echo 'host all all 0.0.0.0/0 trust' >>"$LK_DIR/data/pg/pg_hba.conf"
t/stack db-stop "$LK_DIR"
t/stack db-start "$LK_DIR"

# over ADDRESS WORDS: PostgreSQL there
over() {
	check LATCHKEY_DATABASE="hostaddr=$1 port=5432 user=latchkey dbname=latchkey $2"
}
over 192.0.2.1 sslmode=disable
like "$said" '^0 latchkey: warning: hashes cross the network to the database unencrypted; add sslmode=verify-full' \
	'check warns of sslmode=disable to a database over the network'
for mode in prefer require; do
	over 192.0.2.1 sslmode=$mode
	like "$said" '^0 latchkey: warning: .*to an unverified server; add sslmode=verify-full' "check warns of sslmode=$mode to a database over the network"
done
over 192.0.2.1 'sslmode=require user=nobody-there'
like "$said" '^1 .*role .nobody-there. does not exist' 'check says that the role does not exist, over a connection with an unverified server'
unlike "$said" 'certificate' 'check calls that no fault of the certificate, which nothing verified'
over 192.0.2.1 "sslmode=verify-ca sslrootcert=$LK_DIR/data/server.crt"
like "$said" '^0 latchkey: warning: .*to an unverified server' 'check warns of a server whose name is not compared'
over 192.0.2.1 "host=db.example.org sslmode=verify-full sslrootcert=$LK_DIR/data/server.crt"
is "$said" '0 ' "check accepts verify-full with the server's name"
over 192.0.2.1 "host=other.example.org sslmode=verify-full sslrootcert=$LK_DIR/data/server.crt"
like "$said" '^1 ' "check fails with verify-full and another server's name"
over 127.0.0.1 sslmode=disable
is "$said" '0 ' 'check accepts sslmode=disable to a database on this machine'

openssl req -newkey rsa:2048 -nodes -subj /CN=db.example.org -keyout "$LK_DIR/data/server.key" -out "$tmp/request" 2>/dev/null
# sign OPTION...: from OpenSSL 3.4 on there are dates, and no days that have gone by
sign() {
	openssl x509 -req -in "$tmp/request" -signkey "$LK_DIR/data/server.key" "$@" -out "$LK_DIR/data/server.crt" 2>/dev/null
}
sign -days -1 || sign -not_before 20200101000000Z -not_after 20200102000000Z
t/stack db-stop "$LK_DIR"
t/stack db-start "$LK_DIR"
over 192.0.2.1 "host=db.example.org sslmode=verify-full sslrootcert=$LK_DIR/data/server.crt"
is "${said%% *}" 1 "check fails with a server's certificate that has expired"
like "$said" 'certificate verify failed: certificate has expired' "check says that a server's certificate has expired"
like "$said" "renew the certificate of the database's server" 'check says what to do then'

# --- libpq ---

if [ -z "${LK_SANITIZED-}" ]; then
	while read -r have oldest; do
		echo "int PQlibVersion(void); int PQlibVersion(void) { return $have; }" |
			cc -shared -fPIC -x c -o "$tmp/old.so" -
		chmod 755 "$tmp/old.so"
		check LD_PRELOAD="$tmp/old.so"
		[ "$oldest" = - ] || oldest="latchkey: warning: libpq $((have / 10000)).$((have % 10000)) has known vulnerabilities; $oldest or later fixes them"
		is "$said" "0 ${oldest#-}" "libpq $have: $oldest"
	done <<-'E'
		130023 14.23
		140022 14.23
		150017 15.18
		150018 -
		160013 16.14
		170009 17.10
		180003 18.4
		180004 -
		190000 -
	E
fi

done_testing
