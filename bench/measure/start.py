"""Time from the start of "latchkey serve" to its first answer, by FastCGI without a web server."""
import os, shutil, socket, subprocess, tempfile, time

TIMES = 5
EVERY_S = 0.0002  # how often it is asked
PATIENCE_S = 10

FIGURES = {"start.first": ("start of `latchkey serve` until the first 200 of `/healthz`", "ms")}


def record(kind, content):
    return bytes([1, kind, 0, 1]) + len(content).to_bytes(2, "big") + b"\0\0" + content


def length(text):
    return bytes([len(text)]) if len(text) < 128 else (len(text) | 1 << 31).to_bytes(4, "big")


def request(**params):
    """A whole FastCGI request: begin, parameters, no body."""
    pairs = b"".join(length(k) + length(v) + k.encode() + v.encode() for k, v in params.items())
    return record(1, b"\0\1\0\0\0\0\0\0") + record(4, pairs) + record(4, b"") + record(5, b"")


def answers(path):
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE_S)
            s.connect(path)
            s.sendall(request(REQUEST_METHOD="GET", REQUEST_URI="/healthz"))
            return b"Status: 200" in b"".join(iter(lambda: s.recv(65536), b""))
    except (FileNotFoundError, ConnectionRefusedError, PermissionError):
        return False


def first_answer_ms(b, folder):
    """Of a service beside the stack's, on the same database, with sockets of its own."""
    files = {key: os.path.join(folder, key) for key in b.sides.settings if key.startswith("listen") or key == "status_file"}
    socket_path = files["listen_check"]
    environment = dict(os.environ, **{"LATCHKEY_" + key.upper(): path for key, path in files.items()})
    env = b.sides.latchkey.env
    begin = time.monotonic()
    process = subprocess.Popen([env["LK_BIN"], "-c", env["LK_CONF"], "serve"], env=environment, cwd=folder,
                               stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **b.sides.user())
    try:
        while not answers(socket_path):
            if process.poll() is not None or time.monotonic() > begin + PATIENCE_S:
                raise RuntimeError("latchkey serve does not answer")
            time.sleep(EVERY_S)
        return (time.monotonic() - begin) * 1000
    finally:
        process.terminate()
        process.wait()


def measure(b):
    b.command("start.first", "latchkey -c latchkey.conf serve")
    times = []
    for _ in range(TIMES):
        folder = tempfile.mkdtemp(dir=b.sides.folder)
        if os.getuid() == 0:
            shutil.chown(folder, "nobody")
        times.append(first_answer_ms(b, folder))
        shutil.rmtree(folder)
    return {"start.first": times}
