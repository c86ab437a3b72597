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
is "$status" 200 'a sign-up gets 200'
[ "$(resident login)" -ge $((resident + 16384)) ]
ok $? "a worker keeps the 16 MiB of a sign-up's hash" || diag "before $resident, now $(resident login)"

# --- the installed program ---

make -s install DESTDIR="$tmp/root" MAKEFLAGS= >"$tmp/out" 2>&1
ok $? 'the program is installed' || diag "$(cat "$tmp/out")"
program=$tmp/root/usr/local/sbin/latchkey
strip "$program"
ok $? 'the installed program is stripped, as in a package'
is "$(nm -D --defined-only "$program" | awk '$2 == "T" && $3 ~ /^mm?ap|^munmap$/ { print $3 }' | sort | tr '\n' ' ')" \
	'mmap munmap ' 'libxcrypt can find mmap and munmap of the stripped program'

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
ok $? 'calibrate measures what hashes cost on this machine' || diag "$(cat "$tmp/out")"
like "$(cat "$tmp/out")" 'Memory was reused by [1-9][0-9]* hashes' "calibrate's hashes reuse kept memory"
is "$(grep -cE '^(yescrypt [ 0-9]+ MiB|bcrypt   1[02]) .* ms .*[0-9]' "$tmp/out")" 13 \
	"calibrate's table has eleven costs of yescrypt, and two of bcrypt"
is "$(column 3 'yescrypt 1') $(column 3 'yescrypt 5') $(column 3 'yescrypt 11')" '1MiB 16MiB 1024MiB' \
	"calibrate's table has the memory of each cost"
is "$(grep 'hash_cost$' "$tmp/out" | cut -c 1-11)" 'yescrypt  5' 'calibrate marks the cost in force'
like "$(cat "$tmp/out")" '^    hash_cost = 11$' 'calibrate 60000 advises the highest cost'
like "$(cat "$tmp/out")" '^    hash_memory_max_mib = 1024$' 'calibrate 60000 advises the memory limit that the cost needs'
tail -n 2 "$tmp/out" | sed 's/^ *//' >"$tmp/advice"
is "$("$program" -c "$tmp/advice" check 2>&1 | grep hash_)" '' "calibrate's advice passes latchkey check"

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
True' 'calibrate advises the highest cost within the given time, and logins a second follow from the time'

calibrate_with 'hash_memory = plain' 'hash_cost = 1' -- 1
is $? 0 'calibrate measures with hash_memory = plain'
like "$(cat "$tmp/out")" 'with hash_memory = plain\.$' 'calibrate says that it measured with hash_memory = plain'
is "$(grep 'hash_cost$' "$tmp/out" | cut -c 1-11)" 'yescrypt  1' 'calibrate marks another hash_cost of the settings'
like "$(cat "$tmp/out")" '^    hash_memory_max_mib = 16$|^No cost is within 1 ms' \
	'calibrate does not advise to lower hash_memory_max_mib, which stored hashes may need'
for ms in 0 60001 -1 1.5 x ''; do
	calibrate_with -- "$ms"
	like "$? $(cat "$tmp/out")" '^2 .*1 to 60000 milliseconds, not "' "calibrate refuses the time '$ms'"
done
calibrate_with -- 5 5
is $? 2 'calibrate refuses two times'
"$program" -c "$tmp/conf" routes 5 >"$tmp/out" 2>&1
is $? 2 'latchkey routes takes no argument'

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
ok $? 'a worker frees the kept memory some seconds after the last login' || diag "before $resident, now $(resident login)"
faults=$(log_in 5)
[ "$faults" -lt 400 ]
ok $? 'a worker that keeps the memory reuses it from login to login' || diag "$faults page faults"
stack_up workers=1 hash_memory=plain
api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
faults=$(log_in 5)
[ "$faults" -gt 4000 ]
ok $? 'with hash_memory = plain a worker gets 16 MiB page by page, as libxcrypt does' || diag "$faults page faults"

done_testing
