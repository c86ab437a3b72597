#!/bin/sh
# The layers of app/, seen twice: in what the sources include, and in what the
# objects call, since a header may bring another one with it. And one library,
# one file.
# shellcheck source=t/lib.sh
. t/lib.sh

# A layer, its files, and the layers that these may use. A name's first fit
# counts. Everything may use base.h.
cat >"$tmp/layers" <<'END'
base        base         |
process     main check migrate serve crew status user prompt worker bounds listener calibrate | process routes web services store connection context secrets tools
routes      route        | prototypes handlers http services tools
web         fcgi         | http tools
prototypes  api          | http
handlers    api_*        | prototypes http services tools
http        req reply json form field fault bearer cookie | http tools
services    svc_*        | services store context secrets tools
store       db_*         | store connection context tools
context     ctx          | connection secrets tools
connection  db           | tools
secrets     token token_cache pwhash | secrets tools
tools       address arena backoff buf text unicode blocklist rand conf log clock cpu origin systemd hashmem http_status metrics operator priority prometheus queue record secret | tools
END

# Includes that are allowed beside those, for a type or a figure. They allow no
# call.
cat >"$tmp/exceptions" <<'END'
req        ctx           a request carries what its service works with
api_docs   embedded_web  the pages, made by the Makefile
db_schema  embedded_sql  the scripts, made by the Makefile
END

# A library's header, the one file that knows it, and how its names begin.
cat >"$tmp/libraries" <<'END'
fcgiapp.h    fcgi    FCGX_|FCGI_
libpq-fe.h   db      PQ|PG
jwt.h        token   jwt_|JWT_
openssl/     token   SHA|EVP_|HMAC|RAND_
crypt.h      pwhash  crypt
json-c/      json    json_object|json_token|json_c|printbuf
confuse.h    conf    cfg_|CFG_
utf8proc.h   unicode utf8proc_|UTF8PROC_
END

c_library='arpa/inet|assert|ctype|errno|fcntl|grp|inttypes|libgen|poll|pwd|sched|signal|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|strings|syslog|termios|time|unistd|sys/[a-z]+|net[a-z]+/[a-z]+|netdb|linux/[a-z_]+'

# --- what is used: lines of "how user used" ---

grep -Ho '^#include "[^"]*"' app/*.[ch] |
	sed 's|^app/\([^.]*\)\.[ch]:#include "\([^.]*\)\.h"$|includes \1 \2|' |
	awk '$2 != $3' >"$tmp/includes"

for source in app/*.c; do
	object=build/$(basename "$source" .c).o
	[ -n "$(find "$object" -newer "$source")" ] || echo "$object"
done >"$tmp/stale" 2>&1
is "$(cat "$tmp/stale")" '' 'each source has been compiled since it was changed'

nm -P -A -g build/*.o >"$tmp/symbols"
sed 's|^build/\([^.]*\)\.o: |\1 |' "$tmp/symbols" | awk '
	$3 != "U" { home[$2] = $1; next }
	{ user[++n] = $1; used[n] = $2 }
	END {
		for (i = 1; i <= n; i++)
			if (used[i] in home)
				print "calls", user[i], home[used[i]] | "sort -u"
			else
				print user[i], used[i] >foreign
	}' foreign="$tmp/foreign" >"$tmp/calls"

for list in includes calls; do
	[ -s "$tmp/$list" ]
	ok $? "there are $list"
done

# --- the layers ---

# The uses that a layer is not allowed; or, of "?", the files without a layer.
wrong_in() {
	awk -v asked="$1" '
		function layer_of(file, i) {
			for (i = 1; i <= n; i++)
				if (file == pattern[i] || pattern[i] ~ /\*$/ &&
				    index(file, substr(pattern[i], 1, length(pattern[i]) - 1)) == 1)
					return home[i]
			return "?"
		}
		FILENAME ~ /layers$/ {
			for (i = 2; $i != "|"; i++) {
				pattern[++n] = $i
				home[n] = $1
			}
			may[$1, "base"] = 1
			while (++i <= NF)
				may[$1, $i] = 1
			next
		}
		FILENAME ~ /exceptions$/ { except["includes", $1, $2] = 1; next }
		layer_of($2) == asked && !may[asked, layer_of($3)] && !(($1, $2, $3) in except)
	' "$tmp/layers" "$tmp/exceptions" "$tmp/includes" "$tmp/calls"
}

is "$(wrong_in '?')" '' 'each file belongs to a layer'
while read -r layer _; do
	is "$(wrong_in "$layer")" '' "the layer \"$layer\" uses what it may, and no more"
done <"$tmp/layers"

awk '{ for (i = 2; $i != "|"; i++) print $i }' "$tmp/layers" | while read -r pattern; do
	[ -n "$(find app -name "$pattern.[ch]")" ] || echo "$pattern"
done >"$tmp/gone"
is "$(cat "$tmp/gone")" '' 'each layer has its files'
while read -r user used _; do
	grep -qx "includes $user $used" "$tmp/includes" || echo "$user $used"
done <"$tmp/exceptions" >"$tmp/unused"
is "$(cat "$tmp/unused")" '' 'each exception is made use of'

# --- the libraries ---

while read -r header file names; do
	is "$(grep -l "^#include <$header" app/*.[ch])" "app/$file.c" "<$header> is included by $file.c alone"
	is "$(awk -v names="^($names)" '$2 ~ names { print $1 }' "$tmp/foreign" | sort -u)" "$file" \
		'and no other calls it'
	is "$(sed 's|/\*.*||; /^ \*/d' app/*.h | grep -Ew "($names)[A-Za-z0-9_]*")" '' \
		'and no header names what is its'
	c_library="$c_library|${header%.h}"
done <"$tmp/libraries"

is "$(grep -h '^#include <' app/*.[ch] | grep -vE "^#include <($c_library)")" '' \
	'no other library is used'

done_testing
