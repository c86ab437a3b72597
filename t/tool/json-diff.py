#!/usr/bin/env python3
"""Comparison of our JSON and UTF-8 parsers with Python's, on generated texts.

usage: json-diff.py PROGRAM COUNT [SEED]

PROGRAM is build/tool/parse. Texts are grown from the grammar and then spoilt: bytes changed, dropped,
doubled, pieces of other texts put in. Python's json is made strict (no NaN) and given our two limits.
Prints TAP; the seed of a failure is in its line.
"""
import json, random, subprocess, sys

DEPTH_MAX = 64
program, count = sys.argv[1], int(sys.argv[2])
seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
rnd = random.Random(seed)

PIECES = [b"true", b"false", b"null", b"NaN", b"Infinity", b"-0", b"01", b"-", b"1.", b".5", b"1e5", b"1E-7", b"1e400", b"0.1e+3",
          b"123456789012345678", b"1234567890123456789", b"9223372036854775808", b"-9223372036854775809", b"123456789012345678901234567890",
          b'""', b'"a"', b'"\\u0000"', b'"\\ud800"', b'"\\udc00"', b'"\\ud83d\\ude00"', b'"\\ud83d\\u0041"', b'"\\"\\\\\\/\\b\\f\\n\\r\\t"',
          b'"\\x"', b'"\\u12"', b"'a'", b"\xef\xbb\xbf", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\xe2\x82", b"\x00", b"\x1f",
          b"\x7f", b"\xc2\xa0", b"[", b"]", b"{", b"}", b",", b":", b" ", b"\t", b"\n", b"\r", b"\v", b'"', b"\\", b"//x", b"/*x*/"]

def text(depth):
    kind = rnd.random()
    if depth > 5 or kind < .45:
        return rnd.choice(PIECES[:27]) if rnd.random() < .7 else string()
    if kind < .7:
        return b"[" + b",".join(text(depth + 1) for _ in range(rnd.randrange(4))) + b"]"
    return b"{" + b", ".join(string() + b":" + text(depth + 1) for _ in range(rnd.randrange(4))) + b"}"

def string():
    inner = b"".join(rnd.choice([b"a", b"b", b"\\u0061", b"\\u0000", b"\\ud800", b"\xed\x99\x8d", b"\\n", b" ", b"\\\\"]) for _ in range(rnd.randrange(4)))
    return b'"' + inner + b'"'

def spoil(s):
    for _ in range(rnd.choice([0, 0, 0, 1, 1, 2, 5])):
        i = rnd.randrange(len(s) + 1)
        j = min(len(s), i + rnd.randrange(4))
        s = s[:i] + rnd.choice([b"", s[i:j] * 2, rnd.choice(PIECES), bytes([rnd.randrange(256)])]) + s[rnd.choice([i, j]):]
    return s

def depth_of(v):
    deepest, todo = 0, [(v, 0)]
    while todo:
        x, d = todo.pop()
        if isinstance(x, (dict, list)):
            deepest = max(deepest, d + 1)
            todo += [(y, d + 1) for y in (x.values() if isinstance(x, dict) else x)]
    return deepest

def refuse(word):
    raise ValueError(word)

def expected(s):
    """('ok', value), ('invalid', None) or ('malformed', None)"""
    try:
        t = s.decode("utf-8")
    except UnicodeDecodeError:
        return "malformed", None
    try:
        v = json.loads(t[1:] if t.startswith("\ufeff") else t, parse_constant=refuse)
    except ValueError:
        return "invalid", None
    return ("malformed", None) if depth_of(v) > DEPTH_MAX else ("ok", v)

def same(x, y):
    if type(x) is not type(y):
        return isinstance(x, (int, float)) and isinstance(y, (int, float)) and not isinstance(x, bool) and not isinstance(y, bool) and x == y
    if isinstance(x, dict):
        return list(x) == list(y) and all(same(x[k], y[k]) for k in x)
    if isinstance(x, list):
        return len(x) == len(y) and all(map(same, x, y))
    return x == y

def main():
    run = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(kind, s):
        run.stdin.write(("%s %s\n" % (kind, s.hex())).encode())
        run.stdin.flush()
        return run.stdout.readline().rstrip(b"\n")

    bad, seen = [], {"ok": 0, "invalid": 0, "malformed": 0}
    for _ in range(count):
        s = spoil(text(0))
        want, value = expected(s)
        seen[want] += 1
        got = ask("json", s).split(b" ", 1)
        kind = got[0].decode()
        if kind != want or (kind == "ok" and not same(json.loads(got[1]), value)):
            bad.append(("json", s, want, got))
        try:
            s.decode("utf-8")
            u = b"ok"
        except UnicodeDecodeError:
            u = b"malformed"
        if ask("utf8", s) != u:
            bad.append(("utf8", s, u, None))
    run.stdin.close()
    for b in bad[:10]:
        print("# %s %r: want %r, got %r" % b)
    print("%sok 1 - json: %d texts are read as Python reads them (seed %d)" % ("not " if bad or run.wait() else "", count, seed))
    print("%sok 2 - json: the texts include enough good, bad and undecodable ones: %s" % ("" if min(seen.values()) * 50 > count else "not ", seen))
    print("1..2")

main()
