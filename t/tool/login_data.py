"""A password that Chromium has kept, in a profile of its own.

usage: login_data.py PROFILE ORIGIN NAME, the password in stdin. The profile has been used once, is not in use, and
keeps no key elsewhere (--password-store=basic): so its passwords are under the one key that Chromium's source has.
"""
import hashlib, sqlite3, subprocess, sys

KEY = hashlib.pbkdf2_hmac("sha1", b"peanuts", b"saltysalt", 1, 16)


def encrypted(password):
    command = ["openssl", "enc", "-aes-128-cbc", "-K", KEY.hex(), "-iv", (b" " * 16).hex()]
    return b"v10" + subprocess.run(command, input=password, stdout=subprocess.PIPE, check=True).stdout


def main(profile, origin, name):
    row = {"origin_url": origin + "/login", "action_url": origin + "/login", "signon_realm": origin + "/",
           "username_element": "username", "username_value": name, "password_element": "password",
           "password_value": encrypted(sys.stdin.buffer.read())}
    with sqlite3.connect(profile + "/Default/Login Data") as db:
        # of each release's columns those that must have a value
        for _, column, kind, is_required, default, is_key in db.execute("PRAGMA table_info(logins)"):
            if is_required and default is None and not is_key and column not in row:
                row[column] = "" if kind.startswith("VARCHAR") else 0
        db.execute("INSERT INTO logins (%s) VALUES (%s)" % (", ".join(row), ", ".join("?" * len(row))), list(row.values()))


main(*sys.argv[1:])
