"""Sentences that begin with Who, Whose, What or Whoever, in comments of C and in
documents: a reader takes them for questions. Questions are left out, and so are
headings and code.

    openings.py FILE...
"""
import re, sys

COMMENT = re.compile(r"""/\*.*?\*/ | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""", re.S | re.X)
OPENING = re.compile(r"(?:^|[.!?:]\**\s+|\n[ \t]*(?:\n|[*-] |\d+\. )[ \t]*)[*(]*((?:Who|Whose|What|Whoever)\b(?!\*)(?:[^.!?]|[.!?](?=\S))*[.!?]?)")

def blank(match):
    return "\n" * match[0].count("\n")

def parts(name, text):
    """The texts in a file, each with the line where it begins."""
    if name.endswith((".c", ".h")):
        for match in COMMENT.finditer(text):
            if match[0][0] == "/":
                comment = re.sub(r"(?m)^[ \t]*\*[ \t]?", "", match[0][2:-2])
                line = text.count("\n", 0, match.start()) + 1 + len(comment) - len(comment.lstrip("\n"))
                comment = comment.strip()
                # one beside code begins with a small letter
                yield line, comment[:1].upper() + comment[1:]
        return
    if name.endswith(".md"):
        text = re.sub(r"(?ms)^```.*?^```$|^#[^\n]*$|^    [^\n]*$", blank, text)
    elif re.search(r"\.[1-8]$", name):
        text = re.sub(r"(?ms)^\.Bd -literal.*?^\.Ed$|^\.S[hs] [^\n]*$", blank, text)
        text = re.sub(r"(?m)^\.(?:Pp|It|El|Bl|Ed)\b.*$", "", text)
    else:
        text = re.sub(r"(?m)^[^#\n]*$", "", text)
        text = re.sub(r"(?m)^[ \t]*#+[ \t]?", "", text)
    yield 1, text

for name in sys.argv[1:]:
    with open(name) as file:
        whole = file.read()
    for first, text in parts(name, whole):
        for match in OPENING.finditer(text):
            if not match[1].endswith("?"):
                line = first + text.count("\n", 0, match.start(1))
                print(f"{name}:{line}: {' '.join(match[1].split())}")
