#!/usr/bin/env python3
"""Faults under load: nothing that was answered as done is lost, and no answer is wrong.

make test-faults calls it; README.md beside it has the rows. Each row has real servers and
clients of every kind at work (mixed.py), makes one thing fail, shows by that thing's own trace that it did, lets it
be good again, and looks up each write that was answered. Prints a line for each; ends with 1 if an answer was wrong, a
write was lost, a fault left no trace, the service did not come back, or not within 3 s of a standby's promotion. Other
times are figures.
"""
import argparse, os, shutil, subprocess, sys, time
from fault import database, disk, files, network, process, schema, standby
from fault.base import FAILED, Skip, say
from stack import end_on_signals

ROWS = {name: row for part in (database, disk, process, files, network, schema, standby) for name, row in part.ROWS.items()}


def alone():
    """Mounts of this campaign are its own, and end with it."""
    if os.getuid() == 0 and shutil.which("unshare") and "OWN_MOUNTS" not in os.environ:
        os.environ["OWN_MOUNTS"] = "yes"
        os.execvp("unshare", ["unshare", "-m", sys.executable, "-B", *sys.argv])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default="build", help="the folder with the programs")
    p.add_argument("--only", help="of %s: some, separated by commas" % ", ".join(ROWS))
    p.add_argument("--divide", type=int, default=1, help="the longest times by this")
    options = p.parse_args()
    wanted = options.only.split(",") if options.only else list(ROWS)
    for name in wanted:
        if name not in ROWS:
            p.error("there is no row " + name)
    alone()
    end_on_signals()
    say("| fault | seen by | answers, of these 503 | first 503, s | last 503 after it, s | checks that got 503 | longest check, ms"
        " | lost | wrong | repeats told what is not so |\n|---|---|---|---|---|---|---|---|---|---|")
    skipped, took = 0, []
    for name in wanted:
        begin = time.monotonic()
        try:
            ROWS[name](options)
        except Skip as why:
            skipped += 1
            say("| %s | skipped: %s | | | | | | | | |" % (ROWS[name].__doc__.rstrip("."), why))
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            FAILED.append("%s: %s" % (name, error))
        took.append((name, time.monotonic() - begin))
    say("in %.0f s: " % sum(s for _, s in took) + ", ".join("%s %.0f" % row for row in took))
    if skipped:
        say("%d of %d rows were skipped" % (skipped, len(wanted)))
    for text in FAILED:
        print("failed: " + text, file=sys.stderr)
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
