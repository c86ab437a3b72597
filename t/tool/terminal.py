"""A command at a terminal, with somebody who types.

    terminal.py ANSWER... -- COMMAND...

An answer is typed at each prompt, which ends with a colon and a blank; escapes as \\n are Python's. Prints what the
terminal showed, without its CRs and with | for each tab, then the exit status (of a signal, its number with a minus),
and whether the terminal shows again what is typed.
"""
import fcntl
import os
import pty
import select
import signal
import sys
import termios
import time

cut = sys.argv.index("--")
answers, command = sys.argv[1:cut], sys.argv[cut + 1:]
main, side = pty.openpty()
pid = os.fork()
if pid == 0:
    os.setsid()
    for number in signal.SIGINT, signal.SIGQUIT:  # ignored in a job of the background
        signal.signal(number, signal.SIG_DFL)
    fcntl.ioctl(side, termios.TIOCSCTTY, 0)
    for fd in 0, 1, 2:
        os.dup2(side, fd)
    os.execvp(command[0], command)
shown, asked, limit = b"", 0, time.monotonic() + 20
while time.monotonic() < limit:
    if select.select([main], [], [], 0.05)[0]:
        shown += os.read(main, 4096)
    if answers and shown.count(b": ") > asked:
        asked += 1
        if termios.tcgetattr(side)[3] & termios.ECHO:
            print("it shows what is typed")
        time.sleep(0.2)  # a signal between the prompt and the library that reads would be lost
        os.write(main, answers.pop(0).encode().decode("unicode_escape").encode("latin-1"))
    done, status = os.waitpid(pid, os.WNOHANG)
    if done:
        while select.select([main], [], [], 0.05)[0]:
            shown += os.read(main, 4096)
        break
print(shown.decode().replace("\r", "").replace("\t", "|").replace(": \n", ":\n"), end="")
code = os.waitstatus_to_exitcode(status) if done else "none: no end"
print("status", code, "echo", bool(termios.tcgetattr(side)[3] & termios.ECHO))
