#!/usr/bin/env python3
"""Agreement of nginx's locations with the lanes of the endpoints.

    lanes.py FOLDER <ROUTES

FOLDER is conf/nginx, ROUTES what `latchkey routes` prints. nginx chooses a location by
the path alone, so all methods of a path have to share a lane, unless the location
passes them to a variable, which a map makes of method and path. Where a method of a path
has a second row, of another lane, the first lane hands it over, and the location of
that, @latchkey_LANE, has to be there. Writes a line for each
endpoint that is sent elsewhere, or nowhere. A host that has more than Latchkey has no
location for the greeting; all else has to have one of its own.
"""

import os
import re
import sys


# What nginx asks itself, and where.
ASKED = {"/check": "/latchkey-check", "/check/renew": "/latchkey-renew"}


def block(text, start):
    """From the brace at start to the one that closes it, without both."""
    depth = 0
    for i in range(start, len(text)):
        depth += (text[i] == "{") - (text[i] == "}")
        if depth == 0:
            return text[start + 1:i]
    raise ValueError("a block is not closed")


def whole(name):
    """A file with those that it includes in their places, without comments."""
    with open(os.path.join(sys.argv[1], name), encoding="utf-8") as f:
        text = re.sub(r"(?m)^\s*#.*$|\s#[^\n\"]*$", "", f.read())
    return re.sub(r"include /etc/nginx/latchkey/([\w-]+\.conf);", lambda m: whole(m[1]), text)


def locations(server):
    """How, what, and the upstream, or None where nginx answers itself."""
    for m in re.finditer(r"(?m)^location (?:(=|~\*?|\^~) )?(\S+) \{", server):
        passed = re.search(r"(?m)^\s*fastcgi_pass (\$?\w+);", block(server, m.end() - 1))
        yield m[1] or "", m[2], passed and passed[1]


def matches(expression, path):
    return re.search(expression.replace("(?<", "(?P<").replace(r"\z", r"\Z"), path)


def mapped(variable, method, path):
    """What the map of method and path has for this variable, exact entries first."""
    text = whole("latchkey-http.conf")
    at = re.search(r'(?m)^map "\$request_method \$uri" %s \{' % re.escape(variable), text)
    rows = dict(re.findall(r'(?m)^\s*(".*?"|default)\s+(\w+);', block(text, at.end() - 1)))
    return rows.get('"%s %s"' % (method, path), rows["default"])


def passed_to(server, methods, path):
    """The upstreams of all these methods, without None."""
    found = upstream(server, path)
    if found is None or found[0] != "$":
        return {found} - {None}
    return {mapped(found, m, path) for m in methods.split(", ")}


def upstream(server, path):
    """As nginx chooses: the same path, the first expression, the longest prefix."""
    rows = list(locations(server))
    for how, what, passed in rows:
        if how == "=" and what == path:
            return passed
    for how, what, passed in rows:
        if how == "~" and matches(what, path):
            return passed
    prefixes = [row for row in rows if row[0] == "" and path.startswith(row[1])]
    return max(prefixes, key=lambda row: len(row[1]))[2] if prefixes else None


def main():
    servers = [whole("latchkey-paths.conf") + whole("latchkey-pages.conf") + whole("latchkey-docs.conf"), whole("latchkey-ops.conf")]
    alone = servers[0] + whole("latchkey-rest.conf")
    seen = set()
    for line in sys.stdin:
        methods, path, lane = line.rstrip("\n").split("\t")[:3]
        if (methods, path) in seen:
            passed = [p for _, name, p in locations(servers[0]) if name == "@latchkey_" + lane]
            if passed != ["latchkey_" + lane]:
                print(methods, path, "of lane", lane, "is handed over to", *(passed or ["none"]))
            continue
        seen.add((methods, path))
        plain = path.replace("{", "").replace("}", "")
        sent = set().union(*(passed_to(s, methods, plain) for s in servers))
        if sent or path == "/":
            sent |= passed_to(alone, methods, plain)
        if path in ASKED:
            question = re.search(r"(?ms)^location = %s \{$.*?^\}$" % ASKED[path], servers[0])[0]
            assert "fastcgi_param REQUEST_URI %s;" % path in question
            sent.add(re.search(r"fastcgi_pass (\w+);", question)[1])
        if sent != {"latchkey_" + lane}:
            print(methods, path, "of lane", lane, "goes to", *(sorted(sent) or ["none"]))


if __name__ == "__main__":
    main()
