"""systemd's part for latchkey.service and its sockets, as far as the
program sees it, for the tests: systemd-socket-activate can hand sockets over,
but not start a command again behind them.

    sockets.py FOLDER COMMAND...

listens on check.sock, api.sock and login.sock in FOLDER and starts COMMAND
with them as descriptors 3 to 5, named as sd_listen_fds(3) describes. FOLDER/notify
gets a line for all that happens: "START <pid>", "EXIT <code>" (of a signal, its
number with a minus), and between them what COMMAND sends to NOTIFY_SOCKET, each
datagram a line, with blanks for its newlines. The sockets stay behind at the end.

    SIGUSR1     restart: SIGTERM for COMMAND, wait, and start it again, while
                the sockets stay open; nothing is lost that waits on them
    SIGHUP      passed on
    SIGTERM     SIGTERM for COMMAND, wait, end; SIGINT likewise

If COMMAND ends by itself, so do we, with its exit status.
"""
import fcntl
import os
import select
import signal
import socket
import sys

NAMES = "login", "check", "api"  # systemd's order is any, and once was this
BACKLOG = 1024
SIGNALS = (signal.SIGCHLD, signal.SIGHUP, signal.SIGINT, signal.SIGTERM,
           signal.SIGUSR1)


def bound(path, kind):
    if os.path.exists(path):
        os.unlink(path)
    s = socket.socket(socket.AF_UNIX, kind)
    s.bind(path)
    os.chmod(path, 0o666)  # COMMAND may run as another user than we do
    return s


class Manager:
    def __init__(self, folder, command):
        self.command = command
        self.again = False  # start it when it has ended
        self.log = open(os.path.join(folder, "notify"), "w", buffering=1)
        self.notify_path = os.path.join(folder, "notify.sock")
        self.notify = bound(self.notify_path, socket.SOCK_DGRAM)
        self.notify.setblocking(False)
        self.sockets = []
        for name in NAMES:
            s = bound(os.path.join(folder, name + ".sock"), socket.SOCK_STREAM)
            s.listen(BACKLOG)
            self.sockets.append(s)

    def start(self):
        self.again = False
        # No signal is to meet the new process while it has our handlers.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self.become_command(mask)
            except OSError as e:
                print("%s: %s" % (self.command[0], e), file=sys.stderr)
            os._exit(127)
        self.log.write("START %d\n" % self.pid)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def become_command(self, mask):
        for number in *SIGNALS, signal.SIGPIPE:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        # Above first: one of them may be where another is to go.
        above = [fcntl.fcntl(s, fcntl.F_DUPFD_CLOEXEC, 3 + len(NAMES))
                 for s in self.sockets]
        for fd, source in enumerate(above, 3):
            os.dup2(source, fd)
        os.execvpe(self.command[0], self.command, dict(
            os.environ, LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(NAMES)),
            LISTEN_FDNAMES=":".join(NAMES), NOTIFY_SOCKET=self.notify_path))

    def note(self):
        """All that it has sent so far."""
        try:
            while True:
                message = self.notify.recv(4096).decode(errors="replace")
                self.log.write(" ".join(message.split("\n")).strip() + "\n")
        except BlockingIOError:
            pass

    def reap(self):
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0:
            return
        code = os.waitstatus_to_exitcode(status)
        self.note()
        self.log.write("EXIT %d\n" % code)
        if not self.again:
            sys.exit(code if code >= 0 else 128 - code)
        self.start()

    def on_signal(self, number):
        if number == signal.SIGCHLD:
            self.reap()
        elif number == signal.SIGHUP:
            os.kill(self.pid, signal.SIGHUP)
        else:
            self.again = number == signal.SIGUSR1
            os.kill(self.pid, signal.SIGTERM)

    def run(self):
        signals, wakeup = socket.socketpair()
        wakeup.setblocking(False)
        signal.set_wakeup_fd(wakeup.fileno())
        for number in SIGNALS:
            signal.signal(number, lambda *_: None)
        self.start()
        while True:
            ready, _, _ = select.select([signals, self.notify], [], [])
            self.note()
            if signals in ready:
                for number in signals.recv(64):
                    self.on_signal(number)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    Manager(sys.argv[1], sys.argv[2:]).run()
