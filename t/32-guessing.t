#!/bin/sh
# Small simulation of guessing: accounts with weak passwords, and attackers
# who know the common ones. bench/guessing.py makes larger ones.
# shellcheck source=t/lib.sh
. t/lib.sh

python3 bench/guessing.py --small >"$tmp/table" 2>"$tmp/said"
is $? 0 'the simulation of guessing ends'

# cell ROW COLUMN: the numbers there: fallen, looked at, sent.
cell() {
	awk -F '|' -v row="$1" -v column="$2" 'index($2, row) { gsub(/[^0-9]+/, " ", $column); print $column }' "$tmp/table"
}
# shellcheck disable=SC2046 # three numbers
{
	set -- $(cell 'one address' 3) $(cell 'one address' 4)
	[ "${4:-99}" -lt "${1:-0}" ]
	ok $? "one address guesses ${4-} of 20 accounts in an hour, not ${1-}" || diag "$(cat "$tmp/table" "$tmp/said")"
	# at the beginning and after half an hour
	is "$((${5-0} - ${4-0}))" 150 'the simulation with one address verifies 150 more wrong passwords of that address'
	set -- $(cell 'one account' 3) $(cell 'one account' 4)
	is "${1-} ${4-}" '1 0' 'an account whose password is the 125th guess falls without limits, and does not fall with them'
	is "${5-}" 75 'the simulation with one account verifies 75 guesses, as many as a name may have'
}

# row WHO: the numbers there.
row() {
	awk -F '|' -v row="$1" 'index($2, row) { gsub(/[^0-9]+/, " ", $3); print $3 }' "$tmp/table"
}
# shellcheck disable=SC2046 # two numbers
{
	set -- $(row 'known networks')
	[ "${1:-0}" -gt 0 ] && [ "$1" = "$2" ]
	ok $? "while ten /48s spend the limit of the service, users from known networks log in: ${1-} of ${2-}" ||
		diag "$(cat "$tmp/table" "$tmp/said")"
	set -- $(row 'new networks')
	[ "${1:-9}" -le 1 ]
	ok $? "users from unknown networks log in as far as the other half goes: ${1-} of ${2-}"
}

done_testing
