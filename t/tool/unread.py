"""A program whose standard error nobody reads, but for as long as a file is there.

    unread.py KIND FILE COMMAND...

KIND is what that is: a pipe; shared, a pipe that the program's user may not open
again; a socket, as systemd's journal has it; a terminal, which Ctrl-S stops instead.
The program's number is the first line of standard output, then follows what is read.
The last line has the flags of the open file description that this process shares
with the program.
"""
import fcntl
import os
import select
import socket
import subprocess
import sys
import termios
import tty

PIPE_BYTES = 4096
F_SETPIPE_SZ = 1031


def ends(kind):
    """The ends to read and to write, with little room between them."""
    if kind == "socket":
        a, b = socket.socketpair()
        b.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        return a.detach(), b.detach()
    if kind == "terminal":
        a, b = os.openpty()
        tty.setraw(b)
        return a, b
    a, b = os.pipe()
    fcntl.fcntl(b, F_SETPIPE_SZ, PIPE_BYTES)
    if kind == "shared":
        os.fchmod(b, 0)
    return a, b


def read(end):
    """What there is, b"" at the end."""
    try:
        return os.read(end, 65536)
    except OSError:  # of a terminal
        return b""


def main():
    kind, file, *command = sys.argv[1:]
    out, log = ends(kind)
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log)
    os.write(1, b"%d\n" % program.pid)
    stopped = False
    while program.poll() is None:
        if stopped == os.path.exists(file):
            stopped = not stopped
            if kind == "terminal":
                termios.tcflow(log, termios.TCOOFF if stopped else termios.TCOON)
        if select.select([] if stopped else [out], [], [], 0.05)[0]:
            os.write(1, read(out))
    os.write(1, b"flags %o\n" % (fcntl.fcntl(log, fcntl.F_GETFL) & (os.O_NONBLOCK | os.O_APPEND)))


main()
