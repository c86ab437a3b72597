#!/bin/sh
# Layers of app/, seen twice: in the includes of sources, and in the calls of
# objects, since a header may bring another one with it. And one library, one
# file.
# shellcheck source=t/lib.sh
. t/lib.sh

# The floors, from the top: a folder of app/ or a file at its root. Each may use
# those below it, and itself; two on one line do not see each other.
cat >"$tmp/floors" <<'END'
main
cmd
server
app
route
api
svc
http db
ctx model
crypto
stats
html
conf
role
nginx
lib
base
END

# Below, but not to be used: a handler knows no SQL, and a rule no HTTP.
cat >"$tmp/never" <<'END'
api db
svc http
svc html
END

# Includes that are allowed beside those, for a type or a figure. They allow no
# call. The word before a slash is the Makefile's.
cat >"$tmp/exceptions" <<'END'
api/docs  embedded_web  the pages
db/schema embedded_sql  the scripts
html/pages embedded_pages the pages and their sentences
END

# A library's header, the file that knows it, and how its names begin. libpq has
# three, and OpenSSL as many as it has uses.
cat >"$tmp/libraries" <<'END'
fcgiapp.h    http/fcgi    FCGX_|FCGI_[A-Z][a-z]
libpq-fe.h   db/conn,db/conninfo,db/exposure    PQ|PG
jwt.h        crypto/token   jwt_|JWT_
openssl/     crypto/jws,crypto/mac,crypto/pwkdf,db/tls     SSL_|X509_|SHA|EVP_|HMAC|RAND_|CRYPTO_|PKCS5_|BIO_|BN_|ECDSA_|PEM_|ERR_clear
crypt.h      crypto/pwhash  crypt
argon2.h     crypto/pwargon2  argon2_|Argon2_
json-c/      http/json    json_object|json_token|json_c|printbuf
bsd/         cmd/prompt  readpassphrase|RPP_
utf8proc.h   lib/unicode utf8proc_|UTF8PROC_
seccomp.h    lib/filter  seccomp_|SCMP_
END

c_library='arpa/inet|assert|ctype|dlfcn|dirent|errno|fcntl|fnmatch|getopt|grp|inttypes|libgen|limits|malloc|poll|pwd|sched|signal|spawn|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|strings|syslog|termios|time|unistd|sys/[a-z]+|net[a-z]+/[a-z]+|netdb|linux/[a-z_]+'

# --- what is used: lines of "how user used" ---

sources=$(find app -name '*.c')
headers=$(find app -name '*.h')
# shellcheck disable=SC2086 # a list
grep -Ho '^#include "[^"]*"' $sources $headers |
	sed 's|^app/\([^.]*\)\.[ch]:#include "\([^.]*\)\.h"$|includes \1 \2|' |
	awk '$2 != $3' >"$tmp/includes"

for source in $sources; do
	object=build/${source#app/}
	object=${object%.c}.o
	[ -n "$(find "$object" -newer "$source")" ] || echo "$object"
done >"$tmp/stale" 2>&1
is "$(cat "$tmp/stale")" '' 'each source has been compiled since it was changed'

for source in $sources; do
	object=${source#app/}
	nm -P -g "build/${object%.c}.o" | sed "s|^|${object%.c} |"
done >"$tmp/symbols"
# crypto/hashmem.c and lib/memory.c define functions in front of the C library's.
awk '
	$2 ~ /^(m(un)?map|[mc]alloc|realloc|free)$/ { next }
	$3 != "U" { home[$2] = $1; next }
	{ user[++n] = $1; used[n] = $2 }
	END {
		for (i = 1; i <= n; i++)
			if (used[i] in home)
				print "calls", user[i], home[used[i]] | "sort -u"
			else
				print user[i], used[i] >foreign
	}' foreign="$tmp/foreign" "$tmp/symbols" >"$tmp/calls"

for list in includes calls; do
	[ -s "$tmp/$list" ]
	ok $? "the source has $list"
done

# Our function takes the place of one of its name in every library that is
# loaded: one called json_integer() was once called by libjwt, in jansson's place.
# crypto/hashmem.c and lib/memory.c mean to, and nothing calls login(3).
ldd build/latchkey | sed -n 's/.*=> \([^ ]*\) .*/\1/p' | xargs -n 1 nm -D -P --defined-only |
	sed 's/[@ ].*//' | sort -u >"$tmp/theirs"
[ "$(grep -cx -e json_integer -e mmap -e crypt_r "$tmp/theirs")" = 3 ]
ok $? "the libraries' functions are known"
awk '$3 != "U" { print $2 }' "$tmp/symbols" | sort -u >"$tmp/ours"
is "$(comm -12 "$tmp/ours" "$tmp/theirs" | tr '\n' ' ')" 'calloc free login malloc mmap munmap realloc ' 'no function has the name of a library'"'"'s'

# --- the floors ---

# The arrows that do not run down: "includes svc/login http/reply".
cat >"$tmp/arrows.awk" <<'END'
	function floor_of(file) {
		sub("/.*", "", file)
		return file
	}
	FILENAME ~ /floors$/ {
		for (i = 1; i <= NF; i++)
			floor[$i] = FNR
		next
	}
	FILENAME ~ /never$/ { never[$1, $2] = 1; next }
	FILENAME ~ /exceptions$/ { except["includes", $1, $2] = 1; next }
	{ from = floor_of($2); to = floor_of($3) }
	from != to && !(($1, $2, $3) in except) &&
		(!(floor[from] > 0 && floor[from] < floor[to]) || (from, to) in never)
END
wrong_arrows() {
	awk -f "$tmp/arrows.awk" "$tmp/floors" "$tmp/never" "$tmp/exceptions" "$@"
}

is "$(wrong_arrows "$tmp/includes" "$tmp/calls")" '' 'each file uses only its own floor and those below'
cat >"$tmp/wrong" <<'END'
includes svc/login http/reply
includes api/token db/user
calls svc/login api/token
calls http/reply db/user
END
is "$(wrong_arrows "$tmp/wrong")" "$(cat "$tmp/wrong")" 'an arrow up, or across, is found'
find app -mindepth 1 -maxdepth 1 | sed 's|^app/||; s|\..$||' | sort -u >"$tmp/rooms"
is "$(xargs -n 1 <"$tmp/floors" | sort)" "$(cat "$tmp/rooms")" 'each folder, and each file at the root, has its floor'
is "$(find app -mindepth 3)" '' 'no folder is inside another one'
is "$(grep -o 'app/db/[a-z_]*\.h' build/api/*.d)" '' 'handlers see no header of db/, not even by way of others'
while read -r user used _; do
	grep -qx "includes $user $used" "$tmp/includes" || echo "$user $used"
done <"$tmp/exceptions" >"$tmp/unused"
is "$(cat "$tmp/unused")" '' 'each exception is made use of'

# --- the libraries ---

while read -r header file names; do
	files=$(echo "$file" | tr , '\n')
	is "$(grep -rl "^#include <$header" app | sort)" "$(echo "$files" | sed 's|.*|app/&.c|')" \
		"<$header> is included by $file alone"
	is "$(awk -v names="^($names)" '$2 ~ names { print $1 }' "$tmp/foreign" | sort -u)" "$files" \
		"no other file than $file calls functions of <$header>"
	is "$(find app -name '*.h' -exec sed 's|/\*.*||; /^ \*/d; /^#include/d' {} + | grep -Ew "($names)[A-Za-z0-9_]*")" '' \
		"no header names what <$header> declares"
	c_library="$c_library|${header%.h}"
done <"$tmp/libraries"

is "$(grep -rh '^#include <' app | grep -vE "^#include <($c_library)")" '' \
	'no other library is used'

done_testing
