"""Results as TAP, for tests of libraries in Python.

    ok(good, title, why)    why is shown if it is not good
    error(f)                the exception that f() throws; None: it throws none
    done()                  last of all
"""
count = 0


def ok(good, title, why=""):
    global count
    count += 1
    print("ok" if good else "not ok", count, "-", title)
    if not good:
        print("#", why)


def error(f):
    try:
        f()
    except Exception as e:
        return e
    return None


def done():
    print("1..%d" % count)
