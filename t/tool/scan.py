"""Search of a process's memory: prints the names of those patterns that are
found there.

    scan.py PID <PATTERNS

PATTERNS has a name and hexadecimal digits in each line. A pattern counts as
found when any 16 bytes of it in a row are there, as they are or with the bytes
of each 32-bit word turned round, as SHA-256 has them while it works.
"""
import sys

PART = 16
EMPTY = bytes(4096)  # a page within which nothing is looked for


def regions(pid):
    """The contents of each readable part of a process's memory, without empty pages: shared tables are large."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            addresses, mode, _ = line.split(" ", 2)
            if not mode.startswith("r") or line.rstrip().endswith(("[vvar]", "[vsyscall]")):
                continue
            begin, end = (int(address, 16) for address in addresses.split("-"))
            mem.seek(begin)
            try:
                yield from filter(None, mem.read(end - begin).split(EMPTY))
            except OSError:  # a file that has become shorter
                pass


def parts(pattern):
    """Each 16 bytes of a pattern, and how else they may stand there."""
    for i in range(len(pattern) - PART + 1):
        part = pattern[i:i + PART]
        yield part
        yield b"".join(part[j:j + 4][::-1] for j in range(0, PART, 4))


def main():
    patterns = [line.split() for line in sys.stdin]
    wanted = {name: set(parts(bytes.fromhex(digits))) for name, digits in patterns}
    memory = list(regions(sys.argv[1]))
    for name, some in wanted.items():
        if any(part in region for region in memory for part in some):
            print(name)


if __name__ == "__main__":
    main()
