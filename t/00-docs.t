#!/bin/sh
# Agreement of documents and program: settings, endpoints, commands, files,
# links, version.
# shellcheck source=t/lib.sh
. t/lib.sh

# agrees GOT WANTED TITLE: two files of lines, in any order.
agrees() {
	sort "$1" >"$1.sorted"
	sort "$2" >"$2.sorted"
	difference='there is nothing'
	[ -s "$1" ] && difference=$(diff "$1.sorted" "$2.sorted" 2>&1)
	ok $? "$3" || diag "$difference"
}

# rows_of HEADING: the rows of the table in README.md, or of pages, whose first column is called
# so, without their first and last bars, and the code marks.
rows_of() {
	awk -v heading="| $1 |" '
		index($0, heading) == 1 { inside = 1; getline; next }
		!/^\|/ { inside = 0 }
		inside { gsub(/^\| | \|$|`/, ""); gsub(/ \| /, "\t"); print }
	' README.md doc/pages.md
}

# --- settings: key, default and limits ---

build/latchkey settings >"$tmp/settings"
awk -F '\t' '{
	limits = $4 " to " $5
	if ($2 == "text")
		limits = limits " bytes"
	else if ($2 == "switch" || $2 == "until")
		limits = $6
	else if ($6 !~ /cost/)
		limits = limits " " $6 ($2 == "auto" ? " or auto" : "")
	print $1 "\t" $3 "\t" limits
}' "$tmp/settings" >"$tmp/keys"
[ "$(wc -l <"$tmp/keys")" -ge 12 ]
ok $? 'the program lists its settings'

awk '
	/^\.It Ic / && inside { key = $3 }
	/^\.Sh/ { inside = /SETTINGS/ }
	sub(/^The default is /, "") && inside {
		split($0, part, /; /)
		sub(/\.$/, "", part[2])
		gsub(/^"|"$/, "", part[1])
		print key "\t" part[1] "\t" part[2]
	}
' conf/latchkey.conf.5 >"$tmp/manual"
agrees "$tmp/manual" "$tmp/keys" 'latchkey.conf(5) has each setting with its default and limits'

# In the sample the limits of a number stand somewhere in the comment above,
# which several keys may share.
awk '
	/^$/ { comment = "" }
	sub(/^# /, "") { comment = comment " " $0 }
	/^[a-z_]+ = / {
		key = $1
		sub(/^[a-z_]+ = /, "")
		gsub(/^"|"$/, "")
		print key "\t" $0 "\t" comment
	}
' conf/latchkey.conf >"$tmp/sample.full"
cut -f 1,2 "$tmp/sample.full" >"$tmp/sample"
# Where it differs from the default on purpose: key, default, value.
cat >"$tmp/differs" <<'E'
accept_plain_tokens	true	false
password_min_chars	8	15
E
awk -F '\t' -v OFS='\t' '
	FILENAME ~ /differs$/ { value[$1, $2] = $3; next }
	{ print $1, ($1, $2) in value ? value[$1, $2] : $2 }
' "$tmp/differs" "$tmp/keys" >"$tmp/defaults"
sort "$tmp/defaults" >"$tmp/sorted"
is "$(sort "$tmp/sample" | comm -23 - "$tmp/sorted")" '' \
	'latchkey.conf has settings with their defaults, or with what is better for a new installation'
shown=$(wc -l <"$tmp/sample")
[ "$shown" -ge 5 ] && [ "$shown" -le 10 ]
ok $? "latchkey.conf shows ten settings at most (it has $shown)"
is "$(awk '/^\.Sh/ { inside = /SETTINGS/ } /^\.Ss/ { group = 1 } /^\.It Ic/ && inside && !group { print $3 }' conf/latchkey.conf.5)" '' \
	'latchkey.conf(5) has each setting in a group'
while IFS='	' read -r key type _ min max _; do
	[ "$type" = number ] || [ "$type" = auto ] || continue
	grep -q "^${key}	" "$tmp/sample.full" || continue
	grep "^${key}	" "$tmp/sample.full" | grep -qw "$min to $max"
	ok $? "latchkey.conf says that $key goes from $min to $max"
done <"$tmp/settings"

build/latchkey -c conf/latchkey.conf check >"$tmp/check" 2>&1
unlike "$(cat "$tmp/check")" 'conf/latchkey.conf' 'latchkey check has no complaint about latchkey.conf'

# --- endpoints ---

build/latchkey routes >"$tmp/routes"
awk -F '\t' -v OFS='\t' '{ print $1, $2, $3, $4, $5, $6, $7 == "none" ? $7 : $7 ", " $8 / 1024 " KiB" }' \
	"$tmp/routes" >"$tmp/endpoints"
rows_of Method | cut -f 1-7 >"$tmp/table"
agrees "$tmp/table" "$tmp/endpoints" 'README.md, and of pages doc/pages.md, list the endpoints as the program does'

# The document and its pages leave themselves out, as FastAPI's do; and pages are no
# interface of programs.
awk -F '\t' -v OFS='\t' '$9 != "page" && $2 !~ /^\/login\// { n = split($1, m, ", "); for (i = 1; i <= n; i++) print m[i], $2 }' "$tmp/routes" |
	grep -vE '	/(openapi.json|docs|docs/oauth2-redirect|redoc)$' | sort -u >"$tmp/described"
python3 -c '
import json, sys
for path, methods in json.load(open("web/openapi.json"))["paths"].items():
    for m in methods:
        print(m.upper(), path, sep="\t")
' >"$tmp/openapi"
agrees "$tmp/openapi" "$tmp/described" 'openapi.json describes each endpoint'

# --- commands ---

build/latchkey -h | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' >"$tmp/commands"
sed -n 's/^\.It Cm \([a-z-]*\).*/\1/p' conf/latchkey.8 | sort -u >"$tmp/manual"
agrees "$tmp/manual" "$tmp/commands" 'latchkey(8) explains each command'

build/latchkey check-nginx --rules >"$tmp/rules"
sed -n 's/^| `\([a-z0-9-]*\)` | \(.*\) |$/\1	\2/p' doc/check-nginx.md >"$tmp/told"
agrees "$tmp/told" "$tmp/rules" 'doc/check-nginx.md explains each mistake that check-nginx finds'

# --- events and metrics ---

# Words that follow .Li in a part of the manual, one a line.
literals() {
	sed -nE 's/^\.(Pq )?Li //p' | sed 's/ , /\n/g; s/ [,.:;)]*$//'
}

build/latchkey events >"$tmp/table"
cut -f 1 "$tmp/table" | grep -v '^-$' | sort -u >"$tmp/events"
sed -n '/^\.Sh LOG/,/^\.El/s/^\.It Li \(.*\)/\1/p' conf/latchkey.8 | sed 's/ , /\n/' >"$tmp/manual"
agrees "$tmp/manual" "$tmp/events" 'latchkey(8) explains each event of the log'
grep 'audited$' "$tmp/table" | cut -f 1 | sort -u >"$tmp/audited"
sed -n '/^Those that belong in an audit log/,/^\.Pp/p' conf/latchkey.8 | literals >"$tmp/manual"
agrees "$tmp/manual" "$tmp/audited" 'latchkey(8) names the events that are audited'
cut -f 3 "$tmp/table" | sed 's/{.*//; /^-$/d' >"$tmp/counters"
grep -oE '"(latchkey|process)_[a-z_]+' app/stats/prometheus.c | tr -d '"' |
	sort -u - "$tmp/counters" >"$tmp/figures"
sed -n 's/^\.It Li \(.*[a-z]_[a-z_, ]*\)/\1/p' conf/latchkey.8 | sed 's/ , /\n/g' |
	grep -E '^(latchkey|process)_' | sort -u >"$tmp/manual"
agrees "$tmp/manual" "$tmp/figures" 'latchkey(8) explains each metric'
sed -n 's/.*	\(latchkey_[a-z_]*\){[a-z]*="\([a-z_]*\)"}	.*/\1 \2/p' "$tmp/table" >"$tmp/outcomes"
while read -r metric outcome; do
	awk -v metric="$metric" '/^\.It / || /^\.El/ { inside = $3 == metric } inside' conf/latchkey.8 |
		literals | grep -qx "$outcome" || echo "$metric $outcome"
done <"$tmp/outcomes" >"$tmp/untold"
is "$(cat "$tmp/untold")" '' 'latchkey(8) names each outcome of a metric'
[ "$(wc -l <"$tmp/outcomes")" -gt 20 ]
ok $? 'the outcomes of metrics are found'

# --- files ---

find app -name '*.[ch]' | sed 's|^app/||; s|\..$||' | sort -u >"$tmp/files"
# shellcheck disable=SC2016 # a backquote
sed -n '/^### The files of `app\/`/,/^## /s/^    \([a-z0-9_/]*\) .*/\1/p' CONTRIBUTING.md | sort >"$tmp/plan"
agrees "$tmp/plan" "$tmp/files" 'CONTRIBUTING.md has a line for each file of app/'
documents='doc/pages.md README.md CONTRIBUTING.md NEWS.md SECURITY.md doc/install.md doc/migrate.md doc/applications.md doc/asvs.md'
# shellcheck disable=SC2086 # words
grep -oE '\<(app|bench|conf|doc|sql|systemd|web|t)/[A-Za-z0-9_./-]*[a-z0-9]\>' $documents |
	grep -v -e NNN -e systemd/system -e doc/latchkey | sort -u | while IFS=: read -r document file; do
	[ -e "$file" ] || echo "$document: $file"
done >"$tmp/gone"
is "$(cat "$tmp/gone")" '' 'the files that the documents name are present'
# shellcheck disable=SC2086 # words
grep -oE '\]\([^)# ]+' $documents | grep -v http | sed 's/:](/ /' | sort -u | while read -r document link; do
	[ -e "$(dirname "$document")/$link" ] || echo "$document: $link"
done >"$tmp/broken"
is "$(cat "$tmp/broken")" '' 'the links between the documents lead somewhere'
[ "$(wc -l <README.md)" -le 250 ]
ok $? 'README.md has at most 250 lines'
sed -n 's/^#   make \([a-z-]*\).*/\1/p' Makefile | sort >"$tmp/targets"
# shellcheck disable=SC2086 # words
grep -ohE '`make [a-z-]+|^ +make [a-z-]+' $documents | awk '{ print $NF }' | sort -u |
	comm -23 - "$tmp/targets" >"$tmp/unknown"
is "$(cat "$tmp/unknown")" '' 'the Makefile has each target that the documents name'

# --- sentences of the pages ---

# A sentence has a user: a template, or its key in the program, whole or without its end.
sed -n 's/^\([a-z0-9_]*\) = .*/\1/p' web/pages/en.txt | while read -r key; do
	grep -q "{=$key}" web/pages/*.html || grep -q "\"$key\"" app/api/*.c app/html/*.c ||
		{ [ "${key%_t*}" != "$key" ] && grep -q "\"${key%_t*}\"" app/api/*.c; } || echo "$key"
done >"$tmp/unused"
is "$(cat "$tmp/unused")" '' 'each sentence of the pages is used'
sed -n 's/^\([a-z0-9_]*\) = .*/\1/p' web/pages/en.txt | sort >"$tmp/english"
sed -n 's/^\([a-z0-9_]*\) = .*/\1/p' web/pages/ko.txt | sort >"$tmp/korean"
agrees "$tmp/korean" "$tmp/english" 'the pages have each sentence in both languages'

# --- the sizes that nginx has to agree with ---

max=$(sed -n 's/^#define REPLY_MAX_BYTES //p' app/http/reply.h)
awk -v max="$max" '
	/^#?[ \t#]*fastcgi_buffers/ {
		sub(/^[ \t#]*/, "")
		sub(/k;.*/, "")
		print ($2 * $3 * 1024 >= max ? "enough" : "too few: " $0)
	}' conf/nginx/*.conf | sort | uniq -c | sed 's/^ *//' >"$tmp/buffers"
like "$(cat "$tmp/buffers")" '^[1-9] enough$' "nginx's buffers hold the largest reply"
unlike "$(cat "$tmp/buffers")" 'too few' "each set of nginx's buffers holds the largest reply"

# --- tests ---

is "$(find t -maxdepth 1 -name '*.t' | sed -n 's|^t/\([0-9]*\)-.*|\1|p' | grep -v '^00$' | sort | uniq -d)" '' 'each test has a number of its own'
# A title that goes on with the one before cannot be understood in a log.
begins='and|but|nor|or|so|also|which|whose|who|its?|they|their|them|this|these (are|were)|those (are|were)'
begins="$begins|(each|all|both|one) (is|are|has|have|of (it|that|them))|that (is|are|was|has)|the same (is|was|where)"
goes_on="['\"]([^'\":]*: )?($begins) [^'\"]*['\"]"
is "$(grep -nE "$goes_on( (\|\||\\\\).*)?\$" t/*.t | grep -vE '\<skip(_all)? '
	grep -nE "(^[	 ]+(.*, )?$goes_on\);|tap_with\($goes_on)" t/unit/*.c)" '' 'no title of a test goes on with the one before'
is "$(find t -maxdepth 1 -name '*.t' ! -perm -111)" '' 'each test can be executed'

# --- version ---

version=$(sed -n 's/^#define LATCHKEY_VERSION "\(.*\)"$/\1/p' app/base.h)
like "$version" '^[0-9]+\.[0-9]+\.[0-9]+$' 'base.h has the version'
is "$(build/latchkey -V)" "latchkey $version" 'latchkey -V prints the version of base.h'
is "$(head -n 1 NEWS.md)" "# Latchkey $version" 'NEWS.md begins with the version of base.h'
is "$(python3 -c 'import json; print(json.load(open("web/openapi.json"))["info"]["version"])')" \
	"$version" 'openapi.json has the version of base.h'

done_testing
