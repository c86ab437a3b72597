#!/bin/sh
# Kept hash memory (hash_memory = keep) in the installed program. Hidden
# visibility, a static libxcrypt or another libxcrypt would silently end it.
# And what latchkey calibrate says about it.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up workers=1

# resident LANE: the kilobytes of memory of its own that its worker has.
resident() {
	awk '/^RssAnon:/ { print $2 }' "/proc/$(pgrep -x "latchkey-$1" -P "$(cat "$LK_SERVE")")/status"
}

# The first login; what becomes of its memory is seen further down, when some
# seconds have passed. (A worker measures a hash before it is ready.)
retry 30 grep -q event=ready "$LK_LOG"
resident=$(resident login)
api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
is "$status" 200 'somebody signs up'
[ "$(resident login)" -ge $((resident + 16384)) ]
ok $? 'whose password took 16 MiB, which are kept' || diag "before $resident, now $(resident login)"

# --- the installed program ---

make -s install DESTDIR="$tmp/root" MAKEFLAGS= >"$tmp/out" 2>&1
ok $? 'the program is installed' || diag "$(cat "$tmp/out")"
program=$tmp/root/usr/local/sbin/latchkey
strip "$program"
ok $? 'and stripped, as a package has it'
is "$(nm -D --defined-only "$program" | awk '$2 == "T" && $3 ~ /^mm?ap|^munmap$/ { print $3 }' | sort | tr '\n' ' ')" \
	'mmap munmap ' 'its mmap and munmap can be found by libxcrypt'

# calibrate_with SETTING... -- [MS]
calibrate_with() {
	: >"$tmp/conf"
	while [ "$1" != -- ]; do
		echo "$1" >>"$tmp/conf"
		shift
	done
	shift
	"$program" -c "$tmp/conf" calibrate "$@" >"$tmp/out" 2>&1
}

# column N ROW: of the table, without the ~ of what was computed
column() {
	awk -v n="$1" -v row="$2" '
		{ line = $0; gsub(/~|<- hash_cost/, ""); sub(/ MiB/, "MiB"); gsub(/ ms/, "") }
		$1 " " $2 == row { print $n }' "$tmp/out"
}

calibrate_with -- 60000
ok $? 'latchkey calibrate measures what hashes cost here' || diag "$(cat "$tmp/out")"
like "$(cat "$tmp/out")" 'Memory was reused by [1-9][0-9]* hashes' 'its hashes find their memory kept'
is "$(grep -cE '^(yescrypt [ 0-9]+ MiB|bcrypt   1[02]) .* ms .*[0-9]' "$tmp/out")" 13 \
	'the table has eleven costs of yescrypt, and two of bcrypt'
is "$(column 3 'yescrypt 1') $(column 3 'yescrypt 5') $(column 3 'yescrypt 11')" '1MiB 16MiB 1024MiB' \
	'each with its memory'
is "$(grep 'hash_cost$' "$tmp/out" | cut -c 1-11)" 'yescrypt  5' "today's is marked"
like "$(cat "$tmp/out")" '^    hash_cost = 11$' 'all the time of the world is enough for the highest cost'
like "$(cat "$tmp/out")" '^    hash_memory_max_mib = 1024$' 'with the memory that it needs'
tail -n 2 "$tmp/out" | sed 's/^ *//' >"$tmp/advice"
is "$("$program" -c "$tmp/advice" check 2>&1 | grep hash_)" '' 'which is a good setting'

# A wanted time in the middle of the table, and the table by its own figures.
calibrate_with -- 30
is "$(python3 - "$tmp/out" <<'E'
import re, sys
text = open(sys.argv[1]).read().replace("~", "")
rows = {int(cost): (float(ms), float(logins)) for cost, ms, logins in
        re.findall(r"^yescrypt +(\d+) +\d+ MiB +[\d.]+ ms +([\d.]+) ms +([\d.]+)", text, re.M)}
chosen = int(re.search(r"^    hash_cost = (\d+)$", text, re.M)[1])
print(len(rows), rows[chosen][0] <= 30, chosen == 11 or rows[chosen + 1][0] >= 30)
# each cost serves as many more as it is quicker; what is printed is rounded
least, most = 0, float("inf")
for cost in range(6, 12):
    ms, logins = rows[cost]
    off = [.5 if x >= 100 else .05 for x in (ms, logins)]
    least = max(least, (ms - off[0]) * (logins - off[1]))
    most = min(most, (ms + off[0]) * (logins + off[1]))
print(0 < least < most or rows)
E
)" '11 True True
True' 'the cost is the highest that takes no longer than was asked, and logins go by the time'

calibrate_with 'hash_memory = plain' 'hash_cost = 1' -- 1
is $? 0 'it measures without keeping, too'
like "$(cat "$tmp/out")" 'with hash_memory = plain\.$' 'which it says'
is "$(grep 'hash_cost$' "$tmp/out" | cut -c 1-11)" 'yescrypt  1' 'and for another cost'
like "$(cat "$tmp/out")" '^    hash_memory_max_mib = 16$|^No cost is within 1 ms' \
	'it does not advise to lower the limit: stored hashes may need it'
for ms in 0 60001 -1 1.5 x ''; do
	calibrate_with -- "$ms"
	like "$? $(cat "$tmp/out")" '^2 .*1 to 60000 milliseconds, not "' "\"$ms\" is no time"
done
calibrate_with -- 5 5
is $? 2 'nor are two'
"$program" -c "$tmp/conf" routes 5 >"$tmp/out" 2>&1
is $? 2 'other commands take no argument'

# --- a worker ---

# The page faults of all processes that serve with this stack's settings.
faults() {
	ps -o min_flt= -p "$(pgrep -d , -f "latchkey -c $LK_CONF serve")" |
		awk '{ n += $1 } END { print n }'
}

# log_in TIMES: the page faults of one login
log_in() {
	before=$(faults)
	for _ in $(seq "$1"); do
		api POST /token 'username=ada&password=correct+horse'
		[ "$status" = 200 ] || echo "status $status"
	done
	echo $((($(faults) - before) / $1))
}

released() {
	[ "$(resident login)" -lt $((resident + 1024)) ]
}
retry 15 released
ok $? 'a worker lets go of the memory some seconds after the last login' || diag "before $resident, now $(resident login)"
faults=$(log_in 5)
[ "$faults" -lt 400 ]
ok $? 'a worker that keeps the memory has it from login to login' || diag "$faults page faults"
stack_up workers=1 hash_memory=plain
api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
faults=$(log_in 5)
[ "$faults" -gt 4000 ]
ok $? 'one that does not gets 16 MiB page by page, as libxcrypt does' || diag "$faults page faults"

done_testing
