#!/usr/bin/env python3
"""lanes.py SAMPLE <ROUTES: is each endpoint sent to its own lane?

SAMPLE is nginx.conf.sample, ROUTES what `latchkey routes` prints. nginx chooses a
location by the path alone, so all methods of a path have to share a lane. Writes
a line for each endpoint that is sent elsewhere, or nowhere.
"""

import re
import sys


def block(text, start):
    """From the brace at start to the one that closes it, without both."""
    depth = 0
    for i in range(start, len(text)):
        depth += (text[i] == "{") - (text[i] == "}")
        if depth == 0:
            return text[start + 1:i]
    raise ValueError("a block is not closed")


def locations(server):
    """How, what, and the upstream, or None where nginx answers itself."""
    for m in re.finditer(r"(?m)^\tlocation (?:(=|~\*?|\^~) )?(\S+) \{", server):
        passed = re.search(r"(?m)^\s*fastcgi_pass (\w+);", block(server, m.end() - 1))
        yield m[1] or "", m[2], passed and passed[1]


def matches(expression, path):
    return re.search(expression.replace("(?<", "(?P<").replace(r"\z", r"\Z"), path)


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
    with open(sys.argv[1], encoding="utf-8") as f:
        sample = f.read()
    # the check before an application is commented out, as the application is
    guard = re.search(r"(?ms)^\t#location = /latchkey-check \{$.*?^\t#\}$", sample)[0]
    guard = re.sub(r"(?m)^(\t)#", r"\1", guard)
    code = re.sub(r"(?m)#[^\n\"]*$", "", sample)
    # braces in expressions are no blocks
    code = re.sub(r'(?m)^\t"[^\n]*$|\$\{\w+\}', "", code)
    servers = [block(code, m.end() - 1) for m in re.finditer(r"(?m)^server \{", code)]
    assert len(servers) == 2, "the sample has two servers"
    for line in sys.stdin:
        methods, path, lane = line.rstrip("\n").split("\t")[:3]
        sent = {upstream(s, path.replace("{", "").replace("}", "")) for s in servers} - {None}
        if path == "/check":
            assert re.search(r"fastcgi_param REQUEST_URI /check;", guard)
            sent.add(re.search(r"fastcgi_pass (\w+);", guard)[1])
        if sent != {"latchkey_" + lane}:
            print(methods, path, "of lane", lane, "goes to", *(sorted(sent) or ["none"]))


if __name__ == "__main__":
    main()
