#!/bin/sh
# The package: debian/ beside the tree, and its maintainer scripts in a folder that
# stands for the machine. make test-systemd builds the package and runs it.
# shellcheck source=t/lib.sh
. t/lib.sh
needs build/latchkey

# --- beside the tree ---

is "$(sed -n '1s/^latchkey (\([^)]*\)).*/\1/p' debian/changelog)" "$(build/latchkey -V | cut -d ' ' -f 2)" \
	"the package's version is the program's"
is "$(sed -n '1s/^# Latchkey //p' NEWS.md)" "$(sed -n '1s/^latchkey (\([^)]*\)).*/\1/p' debian/changelog)" \
	"the package's version is the one that NEWS.md begins with"
build=$(sed -n '/^Build-Depends:/,/^[^ B]/s/^ \(lib[^ ,]*-dev\),$/\1/p' debian/control | sort | xargs)
is "$build" "$(sed -n "/^served='/,/'\$/p" t/deps | grep -oE 'lib[a-z0-9-]+-dev' | grep -vx libc6-dev | sort | xargs)" \
	'the package is built with the libraries that t/deps installs'
text=$(sed -n '3,$p' LICENSE | sed 's/^$/./; s/^/ /')
case $(cat debian/copyright) in
*"License: ISC
$text"*) ok 0 'the file copyright has the licence of the tree' ;;
*) ok 1 'the file copyright has the licence of the tree' ;;
esac
sed -n 's/^License: //p' debian/copyright | sed 's/ and /\n/g' | sort -u >"$tmp/licences"
while read -r name; do
	grep -qx "License: $name" debian/copyright && grep -A1 -x "License: $name" debian/copyright | grep -q '^ '
	ok $? "the file copyright has a paragraph for $name"
done <"$tmp/licences"
set -- web/dist/docs/*
if [ -e "$1" ]; then
	for file; do
		sed -n 's/^Files: web/web/p' debian/copyright | tr ' ' '\n' | sed 's/\./\\./g; s/\*/.*/' |
			{ while read -r pattern; do
				! echo "$file" | grep -qx "$pattern" || exit 0
			done; echo "$file"; }
	done >"$tmp/out"
	is "$(cat "$tmp/out")" '' 'the file copyright names the licence of each script of the pages'
fi

# --- the maintainer scripts ---

for script in preinst postinst prerm postrm; do
	sed '/^#DEBHELPER#$/d' debian/latchkey.$script >"$tmp/$script"
	grep -qx '#DEBHELPER#' debian/latchkey.$script && sh -n "$tmp/$script"
	ok $? "$script has the place of debhelper's parts"
done
root=$tmp/root
mkdir -p "$root/etc/latchkey" "$root/etc/nginx/conf.d"
echo "latchkey:x:$(id -g):" >"$root/etc/group"
# as SCRIPT ARGUMENT...: as dpkg runs it, with that root
as() {
	script=$1
	shift
	DPKG_ROOT=$root DPKG_MAINTSCRIPT_NAME=$script sh "$tmp/$script" "$@" >"$tmp/out" 2>&1
}
key=$root/etc/latchkey/key

as postinst configure ''
ok $? 'postinst configures a first installation' || diag "$(cat "$tmp/out")"
like "$(cat "$key")" '^[0-9a-f]{64}$' 'a first installation gets a key of 32 random bytes'
is "$(stat -c '%a %g' "$key") $(find "$root/etc/latchkey" -type f | wc -l)" "640 $(id -g) 1" "the key is for the service's group alone"
cp "$key" "$tmp/key"
as postinst configure ''
cmp -s "$key" "$tmp/key"
ok $? 'a first installation leaves a key that is there'
rm "$key"
as postinst configure 0.1.0
[ ! -e "$key" ]
ok $? 'an upgrade makes no key: an installation with pairs has none'
as postinst abort-upgrade 0.1.0
ok $? 'postinst bears an upgrade that failed'
as postinst nonsense
isnt $? 0 'postinst refuses what it does not know'
is "$(cat "$tmp/out")" "latchkey.postinst: unknown argument 'nonsense'" 'postinst says what it does not know'
mkdir -p "$root/usr/local/lib/systemd/system"
echo >"$root/usr/local/lib/systemd/system/latchkey.service"
as postinst configure ''
like "$? $(cat "$tmp/out")" '^0 latchkey: .*make uninstall' 'postinst warns of the units of make install, which come before its own'

as preinst upgrade 0.1.0
ok $? 'preinst bears an upgrade'
as prerm upgrade 0.1.0
ok $? 'prerm bears an upgrade'
mkdir -p "$root/run/latchkey" "$root/etc/latchkey/keys"
echo >"$root/run/latchkey/status"
echo >"$root/etc/latchkey/pgpass"
as postrm upgrade 0.1.1
[ -e "$root/run/latchkey/status" ] && [ -e "$key" ]
ok $? 'postrm of an upgrade touches nothing'
as postrm remove
[ ! -e "$root/run/latchkey" ]
ok $? 'removal takes the folder of the sockets away'
[ -e "$key" ] && [ -e "$root/etc/latchkey/pgpass" ] && [ -d "$root/etc/latchkey/keys" ]
ok $? 'removal keeps keys and passwords'
echo 'include /etc/nginx/latchkey/latchkey-http.conf;' >"$root/etc/nginx/conf.d/login.conf"
as postrm purge
[ ! -e "$root/etc/latchkey" ]
ok $? 'a purge removes keys and passwords'
like "$(cat "$tmp/out")" 'nginx does not start until' 'a purge says that nginx still includes its files'
like "$(cat "$tmp/out")" '/etc/nginx/conf.d/login.conf$' 'a purge names the file of nginx that does'
rm "$root/etc/nginx/conf.d/login.conf"
as postrm purge
is "$? $(cat "$tmp/out")" '0 ' 'a second purge has nothing to do or to say'

# --- the package's test ---

is "$(sed -n 's/^Tests: //p' debian/tests/control)" smoke 'the package has a test'
[ -x debian/tests/smoke ] && sh -n debian/tests/smoke
ok $? "the package's test is a program"

done_testing
