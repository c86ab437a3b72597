"""Time of one lookup in the list of common passwords, as sign-ups and password changes do it."""
import os, subprocess

COUNT = 100000

FIGURES = {
    "blocklist.listed": ("to look into the list of 961,927 passwords: a listed one", "µs"),
    "blocklist.other": ("the same: one that is not listed, with accents", "µs"),
}


def measure(b):
    build = b.sides.build
    b.command("blocklist.*", "build/bench/lookup build/passwords %d" % COUNT)
    done = subprocess.run([os.path.join(build, "bench", "lookup"), os.path.join(build, "passwords"), str(COUNT)],
                          check=True, stdout=subprocess.PIPE, text=True)
    listed, other = done.stdout.split()
    return {"blocklist.listed": float(listed), "blocklist.other": float(other)}
