"""Prometheus' text format: whether each line of a file is as it wants it, and whether histograms add up.

    prometheus.py FILE

What is wrong is the last line of standard error.
"""
import re
import sys

text = open(sys.argv[1]).read()
assert text.endswith("\n")
name = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
sample = re.compile(rf'({name})(?:\{{((?:{name}="(?:[^"\\\n]|\\[\\"n])*",?)*)\}})? (\S+)')
kinds, helped, seen, current = {}, set(), set(), None
buckets, counts = {}, {}
for line in text.split("\n")[:-1]:
    head = re.fullmatch(rf"# (HELP|TYPE) ({name}) (.+)", line)
    if head:
        word, current, rest = head.groups()
        assert current not in (helped if word == "HELP" else kinds), line
        if word == "HELP":
            helped.add(current)
        else:
            assert rest in ("counter", "gauge", "histogram") and current in helped, line
            kinds[current] = rest
        continue
    match = sample.fullmatch(line)
    assert match, line
    key, labels, value = match.group(1), dict(re.findall(rf'({name})="([^"]*)"', match.group(2) or "")), float(match.group(3))
    base = re.sub("_(bucket|sum|count)$", "", key) if kinds[current] == "histogram" else key
    assert base == current, line
    assert kinds[base] != "counter" or key.endswith("_total"), line
    assert (key, tuple(sorted(labels.items()))) not in seen, line
    seen.add((key, tuple(sorted(labels.items()))))
    assert value >= 0, line
    series = base, labels.get("lane")
    if key.endswith("_bucket"):
        buckets.setdefault(series, []).append((float(labels["le"]), value))
    elif key.endswith("_count"):
        counts[series] = value
assert helped == set(kinds)
assert len(buckets) == 7, sorted(buckets)
for series, found in buckets.items():
    assert found == sorted(found) and found[-1] == (float("inf"), counts[series]), (series, found)
    assert [n for _, n in found] == sorted(n for _, n in found), (series, found)
