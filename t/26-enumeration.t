#!/bin/sh
# Account enumeration: the answers are the same byte by byte, and so is the
# work, whatever kinds of hashes the table holds. Work is counted, by kind and
# number of hashes, not timed.
# shellcheck source=t/lib.sh
. t/lib.sh
needs mkpasswd
stack_up hash_cost=2 nginx_limits=off login_failures_per_name_hour=1000000 login_failures_per_address_hour=1000000 \
	login_failures_per_client_hour=1000000

"${CC:-cc}" -D_GNU_SOURCE -shared -fPIC -o "$tmp/count.so" t/tool/count.c && chmod 644 "$tmp/count.so"
ok $? 'the counting library is built'

# A worker whose hashes are counted. A new one looks at once which accounts
# there are, and an old one only after some seconds.
workers=0
new_worker() {
	workers=$((workers + 1))
	socket=$LK_DIR/data/counted$workers.sock
	serve_alone "$socket" "$tmp/counted$workers" LD_PRELOAD="$tmp/count.so"
	ok $? "a worker with the counting library listens: $socket"
}

# kinds FILE: what kinds of hashes logins make, a line each; the file's lines are
# "- NAME PASSWORD". All are refused, or nothing is told.
kinds() {
	had=$(grep -c HASH "$tmp/counted$workers")
	cp "$1" "$tmp/lines"
	logins "$socket"
	! grep -v '^401 -$' "$tmp/answers" >&2 || return
	grep HASH "$tmp/counted$workers" | tail -n "+$((had + 1))" | cut -d ' ' -f 2
}

# lines PREFIX COUNT: lines for kinds, of names that differ in a number.
lines() {
	seq "$2" | sed "s/.*/- $1& wrong-password/"
}

# are_all COUNT KIND TITLE: so many hashes are made by the logins in $tmp/some,
# all of this kind.
are_all() {
	is "$(kinds "$tmp/some" | sort | uniq -c | xargs)" "$1 $2" "$3"
}

# shellcheck disable=SC2016 # no variables
today='$y$j85$' weaker='$y$j75$' bcrypt='$2b$05$'
long=$(head -c 100 /dev/zero | tr '\0' x)
too_long=$(head -c 600 /dev/zero | tr '\0' x)
parts=$(printf 'cre\314\200me-bru\314\202le\314\201e')

# --- all of one kind ---

sql 'truncate users'
new_worker
lines nobody 20 >"$tmp/some"
are_all 20 "$today" 'a login costs a hash of the cost in force while there is no account'

# Accounts without a good hash, which do not stand in for anybody, and such as
# have one.
for of in yescrypt:2 yescrypt:1 bcrypt:5; do
	hash=$(mkpasswd -m "${of%:*}" -R "${of#*:}" right-password)
	kind=$(printf '%.7s' "$hash")
	sql "truncate users;
		insert into users (username, is_active) select 'lost' || i, true from generate_series(1, 30) as i;
		insert into users (username, password, is_active)
			select 'foreign' || i, '\$argon2id\$' || repeat('x', 90), true from generate_series(1, 30) as i;
		insert into users (username, password, is_active)
			select 'broken' || i, '\$2b\$04\$short', true from generate_series(1, 30) as i;
		insert into users (username, password, is_active) values
			('inactive', '$hash', false), ('inactive-null', '$hash', null);
		insert into users (username, password, is_active)
			select 'account' || i, '$hash', true from generate_series(1, 50) as i"
	new_worker
	{ lines nobody 40; lines account 4; lines lost 2; lines foreign 2; lines broken 2; } >"$tmp/some"
	are_all 50 "$kind" "where all hashes are $kind, unknown names and broken accounts cost a hash of that kind"
	printf -- '- inactive %s\n- inactive-null %s\n' right-password right-password >"$tmp/some"
	are_all 2 "$kind" "the right password of an inactive account costs a hash of kind $kind"
	for password in "$long" "$too_long" "$parts"; do
		for name in account1 inactive inactive-null lost1 nobody; do
			echo "- $name $password"
		done >"$tmp/some"
		if [ "$password" = "$parts" ]; then
			are_all 10 "$kind" "a password with separate accents costs two hashes of kind $kind for each name"
		else
			are_all 5 "$kind" "a password of ${#password} bytes costs one hash of kind $kind for each name"
		fi
	done
done

# --- a mix ---

# Fifty of each kind, in turn; after them those that cannot be checked.
hash() {
	mkpasswd -m "$1" -R "$2" right-password
}
sql "truncate users;
	insert into users (username, password, is_active)
		select 'account' || i, (array['$(hash yescrypt 2)', '$(hash yescrypt 1)', '$(hash bcrypt 5)'])[i % 3 + 1],
			true from generate_series(1, 150) as i;
	insert into users (username, password, is_active)
		select 'broken' || i, (array[null, '', 'plain', '\$2b\$04\$short', left('$(hash yescrypt 2)', 40), '\$2b\$31\$' || repeat('x', 53),
			'{noop}' || repeat('x', 86), '\$y\$jFT\$salt\$' || repeat('x', 43)])[i % 8 + 1],
			true from generate_series(1, 35) as i"
new_worker
lines account 150 >"$tmp/accounts"
is "$(kinds "$tmp/accounts" | sort | uniq -c | xargs)" "50 $bcrypt 50 $weaker 50 $today" \
	"a wrong password of an account costs one hash of the account's kind"
{ lines nobody 150; lines broken 35; } >"$tmp/unknown"
kinds "$tmp/unknown" >"$tmp/before"
# of 185 a third is 62, from which five deviations are 32; the last few are today's
is "$(sort "$tmp/before" | uniq -c | awk '{ print ($1 > 20 && $1 < 115), $2 }' | xargs)" \
	"1 $bcrypt 1 $weaker 1 $today" 'an unknown name costs one hash, with each kind about as often' ||
	diag "$(sort "$tmp/before" | uniq -c | xargs)"
[ "$(tail -n 35 "$tmp/before" | sort -u | wc -l)" = 3 ]
ok $? 'an account whose hash cannot be verified costs a hash of any of the kinds'
kinds "$tmp/unknown" >"$tmp/again"
cmp -s "$tmp/before" "$tmp/again"
ok $? 'a name always costs a hash of the same kind'
new_worker
kinds "$tmp/unknown" >"$tmp/again"
cmp -s "$tmp/before" "$tmp/again"
ok $? 'a name costs a hash of the same kind in each worker'
sql "update users set username = 'was-' || username where username like 'broken%'"
kinds "$tmp/unknown" >"$tmp/again"
cmp -s "$tmp/before" "$tmp/again"
ok $? 'a name costs a hash of the same kind whether it is a broken account or none'

# changes: from what kind to what kind names have gone since.
changes() {
	kinds "$tmp/unknown" >"$tmp/after"
	paste -d ' ' "$tmp/before" "$tmp/after" | awk '$1 != $2 { print $1 " to " $2 }' | sort -u
	mv "$tmp/after" "$tmp/before"
}

sql "update users set password = '$(hash yescrypt 2)' where id % 2 = 0 and username like 'account%'
	and password like '\$2b\$%'"
is "$(changes)" "$bcrypt to $today" 'upgraded accounts take unknown names along to the new kind, and none goes back'
sql "insert into users (username, password, is_active)
	select 'new' || i, '$(hash yescrypt 2)', true from generate_series(1, 150) as i"
new_worker
is "$(changes)" "$bcrypt to $today
$weaker to $today" 'new accounts take unknown names to their kind, and to no other'
sql "update users set password = '$(hash yescrypt 2)'"
changes >/dev/null
is "$(sort -u "$tmp/before")" "$today" 'once all accounts are upgraded each hash is of the cost in force'

# --- the answers ---

# One for each reason why; the whole of it, but for the time.
sql "insert into users (username, password, is_active) values
	('right', '$(hash yescrypt 2)', true), ('old', '$(hash bcrypt 5)', true),
	('weak', '$(hash yescrypt 1)', true), ('none', null, true), ('broken', '\$2b\$04\$short', true),
	('foreign', '\$6\$saltsalt\$x', true), ('inactive', '$(hash yescrypt 2)', false),
	('null', '$(hash yescrypt 2)', null)"
answer() {
	form="username=$1&password=$2"
	printf 'POST /token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n%s\r\n\r\n%s' \
		${#form} 'Content-Type: application/x-www-form-urlencoded' "$form" >"$tmp/request"
	raw <"$tmp/request"
	printf '%s\n\n%s' "$headers" "$body" | sed 's/^Date: .*/Date:/'
}
wrong=$(answer right wrong-password)
like "$wrong" '^HTTP/1.1 401 ' 'a wrong password is refused'
for name in nobody old weak none broken foreign; do
	is "$(answer $name wrong-password)" "$wrong" "a login as $name with a wrong password gets the same bytes as any wrong password"
done
for name in inactive null; do
	is "$(answer $name right-password)" "$wrong" "a login as $name with the right password gets the same bytes as a wrong password"
done
is "$(answer right "$too_long")" "$wrong" 'a password that is too long gets the same bytes as a wrong password'
like "$(answer right right-password)" '^HTTP/1.1 200 ' 'the right password gets 200'

done_testing
