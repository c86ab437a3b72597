"""Load generators: wrk (as much as a number of clients can) and h2load (a steady rate, each answer recorded)."""
import os, re, subprocess, tempfile, time

LUA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "load.lua")
WARM_UP_S = 1
SETTLE_S = 1.5  # for what is still being answered when the clients have gone


class Site:
    """name: how commands that are shown call the address."""

    def __init__(self, name, url):
        self.name, self.url = name, url


def wrk(site, path, clients, seconds, kind):
    """The command line for it. kind: load.lua's arguments."""
    return ["wrk", "-t%d" % min(2, clients), "-c%d" % clients, "-d%ds" % seconds, "--timeout", "60s",
            "-s", LUA, site.url + path, "--", *kind]


def shown(command, site, **names):
    """A command line for people: what differs from run to run has a name in the place of its value."""
    text = " ".join("'%s'" % word if " " in word or word == "" else word for word in command)
    for name, value in names.items():
        text = text.replace(value, "$" + name)
    return text.replace(site.url, "$" + site.name).replace(LUA, "bench/load.lua")


def result_of(output):
    """What load.lua says in its last line, as numbers."""
    found = re.search(r"^result (.*)$", output, re.M)
    if not found:
        raise RuntimeError("wrk said no result: " + output)
    r = {key: float(value) for key, value in (pair.split("=") for pair in found[1].split())}
    r["rate"] = (r["answers"] - r["refused"]) / r["seconds"]
    if r["answers"] == 0:
        r["p50"] = r["p99"] = r["p999"] = r["max"] = float("nan")
    return r


def run_wrk(site, path, clients, seconds, kind):
    """Warm up, measure, let the dust settle."""
    subprocess.run(wrk(site, path, clients, WARM_UP_S, kind), check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run(wrk(site, path, clients, seconds, kind), check=True, stdout=subprocess.PIPE, text=True)
    time.sleep(SETTLE_S)
    return result_of(done.stdout)


class Background:
    """with Background(...): wrk loads the site meanwhile."""

    def __init__(self, site, path, clients, seconds, kind):
        self.command = wrk(site, path, clients, seconds, kind)

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        time.sleep(WARM_UP_S)

    def __exit__(self, *error):
        if error[0]:
            self.process.kill()
        self.result = self.process.communicate()[0]
        time.sleep(SETTLE_S)


def h2load(site, path, clients, rate, seconds, *more):
    return ["h2load", "--h1", "-t1", "-c%d" % clients, "--rps=%g" % (rate / clients), "-D%d" % seconds,
            *more, site.url + path]


def run_h2load(site, path, clients, rate, seconds, *more, parts=1):
    """Its answers as (begin in s, status, latency in ms), in the order in which they began.

    h2load has all its clients ask at the same moment, over and over. So that it is not these crowds that are
    measured, the clients are those of so many processes, which begin one after the other.
    """
    with tempfile.TemporaryDirectory() as folder:
        logs = [os.path.join(folder, "log%d" % n) for n in range(parts)]
        running = []
        for log in logs:
            command = h2load(site, path, clients // parts, rate / parts, seconds, *more, "--log-file=" + log)
            running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
            time.sleep(clients / rate / parts)
        if any([process.wait() for process in running]):
            raise RuntimeError("h2load could not")
        answers = []
        for log in logs:
            with open(log) as lines:
                answers += [(int(begin) / 1e6, int(status), int(us) / 1e3)
                            for begin, status, us in (line.split() for line in lines)]
    return sorted(answers)


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
