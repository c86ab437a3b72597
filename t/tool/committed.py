"""Proxy between a worker and PostgreSQL: the connection breaks after a write is committed, before its answer.

    committed.py DATA FOLDER

Listens in FOLDER/proxy, and passes everything on to the socket below DATA. When the word "settled" of a sign-up has
gone to the server and its answer comes, it closes instead; likewise when a password is being changed.
"""
import os
import select
import socket
import sys
import threading

folder, tmp = sys.argv[1:]
os.makedirs(tmp + "/proxy", exist_ok=True)
os.chmod(tmp + "/proxy", 0o777)
listener = socket.socket(socket.AF_UNIX)
listener.bind(tmp + "/proxy/.s.PGSQL.5432")
os.chmod(tmp + "/proxy/.s.PGSQL.5432", 0o777)
listener.listen()


def pass_on(client):
    server = socket.socket(socket.AF_UNIX)
    server.connect(next(p + "/.s.PGSQL.5432" for p, _, f in os.walk(folder) if ".s.PGSQL.5432" in f))
    inserting = False
    while True:
        ready, _, _ = select.select([client, server], [], [])
        data = ready[0].recv(65536)
        if ready[0] is client:
            inserting = b"user_insert" in data and b"settled" in data or \
                b"user_change_password" in data and b"UPDATE" not in data
        if not data or (inserting and ready[0] is server):
            break
        (server if ready[0] is client else client).sendall(data)
    client.close()
    server.close()


while True:
    threading.Thread(target=pass_on, args=(listener.accept()[0],), daemon=True).start()
