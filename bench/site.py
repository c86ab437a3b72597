#!/usr/bin/python3 -B
"""The work of nginx for a request to Latchkey, and the cost of each part of conf/nginx.

	bench/site.py [--rounds N] [--requests N] [--sample DIR] [--no-instructions]

A null responder (parked.c) is behind each site, so nginx alone differs: behind a bare site, behind the sample's, and
behind the sample's without one part. Measured are the CPU time of nginx's only worker (user and system, in turn,
median of the rounds) and, by valgrind, its instructions, which other work on the machine does not change. Prints a
table in Markdown. DIR: another checkout, whose sample is measured too.
"""
import argparse, os, re, shutil, signal, statistics, subprocess, sys, tempfile, time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CLIENTS = 16
TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + "x" * 150 + "." + "y" * 43
FRAME = """daemon off; worker_processes 1; pid %(dir)s/pid; error_log %(dir)s/error;%(user)s
events { worker_connections 768; }
http {
	sendfile on; tcp_nopush on; gzip on; include /etc/nginx/mime.types; default_type application/octet-stream;
	client_body_temp_path %(dir)s/b; fastcgi_temp_path %(dir)s/f; proxy_temp_path %(dir)s/p; scgi_temp_path %(dir)s/s; uwsgi_temp_path %(dir)s/u;
	%(access)s
	include %(dir)s/site;
}
"""
BARE = """upstream parked { server unix:%(dir)s/../parked.sock; keepalive 16; }
server { listen 127.0.0.1:%(port)d; fastcgi_param REQUEST_METHOD $request_method; fastcgi_param REQUEST_URI $request_uri;
	fastcgi_param HTTP_AUTHORIZATION $http_authorization if_not_empty; fastcgi_keep_conn on; location / { fastcgi_pass parked; } }
"""
LOG = r"(?m)^\s*access_log /.*\n"
# Parts of the sample: what is taken out, as expressions for each file, and what comes in its place.
PARTS = [
    ("the access log", [(LOG, ""), (r"(?m)^error_log", "access_log off;\n&")]),
    ("of that, its buffer", [(r" buffer=32k flush=1s(?! if)", "")]),
    ("of that, the request's own path in it", [(r'"\$latchkey_request ', '"')]),
    ("the request's id, in the log and for Latchkey", [(r"fastcgi_param REQUEST_ID .*", ""), (r" \$request_id';", "';")]),
    ("the limit of requests at once", [(r"limit_conn latchkey_.*", "")]),
    ("the headers that protect", [(r"(?m)^\s*add_header .*\n", "")]),
    ("of that, the one of TLS, which is a map", [(r"(?m)^add_header Strict-T.*\n", "")]),
    ("parameters of the request beside the bare site's", [(r"(?m)^fastcgi_param (?!REQUEST_METHOD|REQUEST_URI|HTTP_AUTH).*\n", "")]),
    ("that the names of other hosts are refused", [(r"(?ms)^# Requests for another name\..*?^}\n", "")]),
]


class Site:
    """nginx with one worker and this site, until it is closed."""

    def __init__(self, folder, name, port):
        self.dir, self.name, self.port = os.path.join(folder, name), name, port
        os.makedirs(self.dir)
        os.chmod(self.dir, 0o777)
        self.cpu, self.instructions = [], None

    def bare(self):
        self.write(BARE % {"dir": self.dir, "port": self.port}, "access_log off;")

    def sample(self, top, edits=()):
        files = {"site": open(top + "/nginx.conf.sample").read()}
        for name in os.listdir(top + "/conf/nginx") if os.path.isdir(top + "/conf/nginx") else ():
            files[name] = open(top + "/conf/nginx/" + name).read()
        for name, text in files.items():
            for expression, replacement in edits:
                text = re.sub(expression, lambda m: replacement.replace("&", m[0]), text)
            text = re.sub(r"unix:/run/latchkey/\w+\.sock", "unix:%s/../parked.sock" % self.dir, text)
            text = text.replace("/etc/nginx/latchkey/", self.dir + "/").replace("/var/log/nginx/", self.dir + "/")
            text = text.replace("127.0.0.1:8000", "127.0.0.1:%d" % self.port).replace("127.0.0.1:8001", "127.0.0.1:%d" % (self.port + 1))
            files[name] = text
        site = files.pop("site")
        for name, text in files.items():
            with open(os.path.join(self.dir, name), "w") as f:
                f.write(text)
        self.write(site, "")

    def write(self, site, access):
        with open(self.dir + "/site", "w") as f:
            f.write(site)
        with open(self.dir + "/nginx.conf", "w") as f:
            f.write(FRAME % {"dir": self.dir, "access": access, "user": " user nobody nogroup;" if os.getuid() == 0 else ""})

    def start(self, *before, single=False):
        command = [*before, "nginx", "-e", self.dir + "/error", "-c", self.dir + "/nginx.conf", *(["-g", "master_process off;"] if single else [])]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while subprocess.run(["curl", "-s", "-o", self.dir + "/out", "-f", "--noproxy", "*", "http://localhost:%d/check" % self.port]).returncode:
            if time.monotonic() > end:
                sys.exit("%s does not start: %s" % (self.name, open(self.dir + "/error").read()[-500:]))
            time.sleep(.1)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def load(self, requests):
        subprocess.run(["h2load", "--h1", "-t1", "-c%d" % CLIENTS, "-n%d" % requests, "-HHost: localhost", "-HAuthorization: Bearer " + TOKEN,
                        "http://127.0.0.1:%d/check" % self.port], check=True, stdout=subprocess.DEVNULL)

    def measure_cpu(self, requests):
        """Microseconds of CPU of its worker for a request."""
        worker = subprocess.run(["pgrep", "-P", str(self.process.pid)], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[0]
        before = cpu_of(worker)
        self.load(requests)
        self.cpu.append((cpu_of(worker) - before) / requests * 1e6)

    def measure_instructions(self, requests):
        """Of so many requests more: what does not depend on their number is not counted."""
        counts = []
        for n in requests, 3 * requests:
            out = self.dir + "/callgrind"
            self.start("valgrind", "--tool=callgrind", "--callgrind-out-file=" + out, single=True)
            self.load(n)
            self.stop()
            counts.append(int(re.search(r"(?m)^(?:summary|totals): (\d+)", open(out).read())[1]))
        self.instructions = (counts[1] - counts[0]) / (2 * requests)


def cpu_of(pid):
    fields = open("/proc/%s/stat" % pid).read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--requests", type=int, default=40000)
    p.add_argument("--sample", metavar="DIR")
    p.add_argument("--no-instructions", action="store_true")
    p.add_argument("--only", default="")
    a = p.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    folder = tempfile.mkdtemp(prefix="latchkey-site-")
    os.chmod(folder, 0o755)
    port = 20000 + os.getpid() % 5000
    sites = []

    def add(name):
        sites.append(Site(folder, name.replace(" ", "-").replace("/", "-"), port + 2 * len(sites)))
        sites[-1].title = name
        return sites[-1]
    add("a bare site").bare()
    if a.sample:
        add("the sample of the other checkout").sample(os.path.abspath(a.sample))
    add("the sample").sample(TOP)
    for name, edits in PARTS:
        if a.only in name:
            add("without " + name).sample(TOP, edits)
    responder = subprocess.Popen([TOP + "/build/bench/parked", folder + "/parked.sock", "2"], start_new_session=True)
    try:
        while not os.path.exists(folder + "/parked.sock"):
            time.sleep(.1)
        os.chmod(folder + "/parked.sock", 0o777)
        if not a.no_instructions:
            for site in sites:
                site.measure_instructions(1000)
        for site in sites:
            site.start()
        for n in range(a.rounds):
            for site in sites if n % 2 == 0 else sites[::-1]:
                site.measure_cpu(a.requests)
        for site in sites:
            site.stop()
    finally:
        os.killpg(responder.pid, signal.SIGKILL)  # libfcgi lets no SIGTERM through
        for site in sites:
            if getattr(site, "process", None) and site.process.poll() is None:
                site.process.kill()
        shutil.rmtree(folder)
    bare = sites[0]
    print("| site | CPU, µs a request | of the bare site's | instructions a request | of the bare site's |\n|---|---|---|---|---|")
    for site in sites:
        ratios = statistics.median(x / y for x, y in zip(site.cpu, bare.cpu))
        count = "| %d | %.2f |" % (site.instructions, site.instructions / bare.instructions) if site.instructions else "| - | - |"
        print("| %s | %.1f | %.2f %s" % (site.title, statistics.median(site.cpu), ratios, count))


if __name__ == "__main__":
    main()
