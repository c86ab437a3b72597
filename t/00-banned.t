#!/bin/sh
# Banned calls and words, and the measures of functions.
# shellcheck source=t/lib.sh
. t/lib.sh

# --- the sources, separated into code, with empty strings, and comments ---

mkdir "$tmp/code" "$tmp/comments"
python3 - "$tmp" app/*.[ch] app/*/*.[ch] t/unit/*.[ch] t/fuzz/*.[ch] t/fuzz/*/*.[ch] t/tool/*.c bench/*.c <<'END'
import os, re, sys

part = re.compile(r"""/\*.*?\*/ | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""", re.S | re.X)

def lines(text):
    return "\n" * text.count("\n")

def code(match):
    return match[0][0] * 2 if match[0][0] in "\"'" else lines(match[0])

def comments(text):
    end = 0
    for match in part.finditer(text):
        yield lines(text[end:match.start()])
        if match[0][0] == "/":
            yield re.sub(r"(?m)^(/| )?\*+(/| *)| *\*/$", "", match[0])
        end = match.end()

for source in sys.argv[2:]:
    with open(source) as file:
        text = file.read()
    for folder, result in ("code", part.sub(code, text)), ("comments", "".join(comments(text))):
        target = os.path.join(sys.argv[1], folder, source)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w") as file:
            file.write(result)
END
is "$(find "$tmp/code" "$tmp/comments" -name '*.[ch]' | wc -l)" \
	"$(find app t/unit t/fuzz t/tool bench app t/unit t/fuzz t/tool bench -name '*.[ch]' | wc -l)" \
	'each source file is searched'

# in_code PATTERN FILE...: the lines of code that fit.
in_code() {
	(cd "$tmp/code" && grep -nE "$@")
}

# --- calls ---

# Banned calls, and those used instead.
while IFS=: read -r names instead; do
	is "$(in_code "\<($(echo "$names" | tr ' ' '|')) *\(" app/*.c app/*/*.c)" '' "app/ calls no $names:$instead"
done <<'END'
strcpy strcat strncpy strncat stpcpy sprintf vsprintf gets: the buf functions and snprintf
strtok strtok_r strsep: parsers that know where a field ends
atoi atol atoll atof sscanf: text_to_i64
gmtime localtime ctime asctime: seconds since 1970
rand random srand srandom drand48: random_bytes
system popen execl execlp execv execvp: nothing else to run
alloca: arena_alloc
crypt crypt_r crypt_ra crypt_gensalt: pwhash.c, which knows how crypt fails
setjmp longjmp: enum err
signal: sigaction
END

is "$(in_code '\<(time|gettimeofday) *\(|CLOCK_REALTIME' app/*.c app/*/*.c | cut -d : -f 1 | uniq)" "app/cmd/check.c
app/cmd/client.c
app/cmd/key.c
app/cmd/session.c
app/cmd/status.c
app/cmd/user.c
app/http/fcgi.c
app/lib/log.c
app/stats/metrics.c" 'the time of day is read in these files alone'
is "$(in_code -l '\<(posix_spawnp?|execvpe|execve|fexecve) *\(' app/*.c app/*/*.c | xargs)" 'app/cmd/nginx_live.c app/server/upgrade.c' \
	'nginx_live.c alone runs other programs, and upgrade.c another version of this one'
is "$(in_code -l '\<strto[a-z]+ *\(' app/*.c app/*/*.c)" 'app/lib/text.c' 'only text.c reads numbers'

# Memory: a request's is the arena's. Calls that each file may make, and why.
cat >"$tmp/memory" <<'END'
lib/arena: malloc free: the arena itself
conf: strdup free: the settings, which live as long as the process
lib/conf_file: free: the line that getline allocated
db/db: calloc free: the database, which does too
db/conn: calloc free: its connection
app: calloc free: what a process opens, which does too
server/supervisor: malloc free: settings that were loaded again
crypto/token: free: what libjwt allocated
lib/filter: free: what libseccomp allocated
lib/memory: calloc free malloc realloc: those of the libraries, which it notes and wipes
END
awk -F ': ' '{ n = split($2, call, " "); for (i = 1; i <= n; i++) print $1, call[i] }' "$tmp/memory" |
	sort >"$tmp/may"
in_code -o '\<(malloc|calloc|realloc|reallocarray|strn?dup|v?asprintf|free) *\(' app/*.c app/*/*.c |
	sed -E 's|^app/(.*)\.c:[0-9]+:([a-z]+).*|\1 \2|' | sort -u >"$tmp/does"
is "$(cat "$tmp/does")" "$(cat "$tmp/may")" 'memory is allocated in the listed files alone'

# The symbols that are missing tell what the program calls of its libraries,
# however the sources call it: SQL is never put together by hand, libpq's fast
# path not used, nothing decompressed.
nm -D -u build/latchkey >"$tmp/symbols"
like "$(cat "$tmp/symbols")" '\<U PQsendQueryPrepared' 'the symbols of the built program are found'
unlike "$(cat "$tmp/symbols")" '\<PQ(un)?escape' 'the program quotes nothing for SQL'
unlike "$(cat "$tmp/symbols")" '\<(PQfn|lo_[a-z]+)\>' 'the program does not use the fast path or large objects of libpq'
unlike "$(cat "$tmp/symbols")" '\<(inflate|uncompress|gz|BZ2_|lzma_|ZSTD_|Brotli)' 'the program decompresses nothing'

# --- comments ---

is "$(in_code -r '//' app t bench)" '' 'comments stand between /* and */'
is "$(in_code -r '^# *if 0' app t bench)" '' 'no code is switched off'
is "$(cd "$tmp/comments" && grep -rnE \
	'^[ 	]*((if|for|while|switch) \(|return\>.*;$|[a-z_]+\(.*\);$|[][a-z_>. *-]+ = .*;$)' .)" '' \
	'no code is commented out'
for source in app/*.[ch] app/*/*.[ch] t/unit/*.[ch] t/fuzz/*.[ch] t/fuzz/*/*.[ch] t/tool/*.c bench/*.c; do
	head -n 1 "$source" | grep -qx '/\*' || echo "$source"
done >"$tmp/headless"
is "$(cat "$tmp/headless")" '' 'each source begins by saying what it is for'

# The texts that people read, beside the comments.
documents='README.md CONTRIBUTING.md SECURITY.md NEWS.md Makefile nginx.conf.sample bench/README.md doc/*.md t/*/*.md
	conf/*.conf conf/*.[58] conf/nginx/* systemd/* debian/control debian/copyright debian/rules debian/latchkey.*'
# shellcheck disable=SC2086
is "$(python3 t/tool/openings.py app/*.[ch] app/*/*.[ch] t/*.t $documents | grep -v '^app/cmd/user\.c:')" '' \
	'no sentence of a comment or a document begins with Who, Whose, What or Whoever'
cat >"$tmp/openings.h" <<'END'
/* What it is. */
int who; /* what is "What." it for? And: none. Whoever asks, /
	  * or not. What? */
END
is "$(python3 t/tool/openings.py "$tmp/openings.h" | sed 's/.*openings.h://')" '1: What it is.
2: Whoever asks, / or not.' 'such a sentence is found, and a question is not one'

# Of a header: the declarations of functions without a comment right before.
# api.h and rules.h say of all their functions together what they do.
awk '
	FNR == 1 { commented = 0 }
	/^static inline [a-z0-9_ ]+$/ { next }	# its name is on the next line
	/^[a-z].*\(/ && !/^(struct|enum|typedef) [a-z_]+ \{/ {
		functions++
		if (!commented && FILENAME !~ "app/(api/api|nginx/rules)\\.h")
			print FILENAME ": " $0
	}
	{ commented = /\*\/$/ }
	END { print functions > count }
' count="$tmp/count" app/*.h app/*/*.h >"$tmp/bare"
is "$(cat "$tmp/bare")" '' 'each public function has a comment in its header'
[ "$(cat "$tmp/count")" -gt 50 ]
ok $? 'public functions are found'

# --- form ---

# A function begins with its name at the start of a line and ends with a brace
# there: make format sees to that. The parameters of mmap are POSIX's, those of
# LLVMFuzzer… libFuzzer's, and those of handshake_ended OpenSSL's.
(cd "$tmp/code" && find . -name '*.c' -exec awk '
	FNR == 1 { inside = begun = 0 }
	inside && /^\}/ {
		if (FNR - first + 1 > (FILENAME ~ /^\.\/app/ ? 50 : 100))
			print FILENAME ": " name " has " FNR - first + 1 " lines"
		inside = 0
	}
	inside { next }
	/^[a-z_A-Z0-9]+\(/ { name = $0; sub(/\(.*/, "", name); head = ""; begun = 1 }
	begun { head = head $0 }
	begun && /^\{/ {
		functions++
		inside = 1
		first = FNR
		sub(/^[^(]*\(/, "", head)
		while (gsub(/\([^()]*\)/, "", head))
			;
		parameters = gsub(/,/, "", head) + 1
		if (parameters > 5 && name !~ /^(mmap|handshake_ended)$/ && FILENAME !~ /tool\/count.c/ && name !~ /^LLVMFuzzer/)
			print FILENAME ": " name " has " parameters " parameters"
		begun = 0
	}
	/;$/ { begun = 0 }
	END { print functions > count }
' count="$tmp/count" {} +) >"$tmp/large"
is "$(cat "$tmp/large")" '' 'no function has over 50 lines (in tests and benches 100) or 5 parameters'
[ "$(cat "$tmp/count")" -gt 200 ]
ok $? 'functions are found'

# --- every text of the tree ---

find . \( -name .git -o -name 'build*' -o -name node_modules -o -path ./web/dist -o -path ./run -o -path ./t/fuzz/corpus \) \
	-prune -o -type f ! -name '*.png' -print >"$tmp/texts"
[ "$(wc -l <"$tmp/texts")" -gt 100 ]
ok $? 'the texts of the tree are found'

# Of all texts: the lines that fit.
in_texts() {
	tr '\n' '\0' <"$tmp/texts" | xargs -0 grep -nI "$@"
}

is "$(in_texts -E '[ 	]+$')" '' 'no line ends in blanks'
is "$(in_texts "$(printf '\r')$")" '' 'no line ends in a carriage return'
is "$(grep -v '^./t/contract/' "$tmp/texts" | while read -r text; do
	[ -z "$(tail -c 1 "$text")" ] || echo "$text"
done)" '' 'each text ends with a newline, but for recorded data'

# Names of the machine that somebody works on.
here=$(pwd -P)
case $here in
/*/*) is "$(in_texts -lF "$here")" '' 'the tree does not name the folder it stands in' ;;
esac
if command -v npm >/dev/null; then
	registry=$(cd web && npm config get registry 2>/dev/null | sed 's|^[a-z]*://||; s|/$||')
	like "$registry" '[.:]' 'npm has a registry'
	is "$(in_texts -lF "${registry:-.}")" '' "no text names npm's registry"
else
	skip "no text names npm's registry" 'npm is not there'
fi
for lock in web/package-lock.json t/browser/package-lock.json; do
	is "$(grep -c '"resolved":' "$lock")" 0 "$lock does not say where packages come from"
done

done_testing
