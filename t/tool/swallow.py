#!/usr/bin/env python3
"""Proxy between Latchkey and PostgreSQL: the answer to one statement is lost, and the database is away after it.

swallow.py PORT SOCKET ORDERS SECONDS

Listens on the loopback address, and passes on to a Unix socket. Once the file ORDERS holds the name of a statement,
that is passed on, and its answer is not: all connections end, none is accepted for SECONDS, and the file is emptied.
The file is made when it listens.
"""
import asyncio
import re
import sys
import time

port, path, orders, seconds = int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])
away_until = 0.0
writers = set()


def is_wanted(data):
    """Does this bind the statement that is to be swallowed, or is it that text itself?"""
    with open(orders) as file:
        name = file.read().strip().encode()
    return name and re.search(rb"[BP].{4}\0" + name + rb"\0", data, re.S)


async def pass_on(reader, writer, state, of_client):
    global away_until
    while data := await reader.read(65536):
        if of_client and is_wanted(data):
            state["swallow"] = True
        if not of_client and state["swallow"]:
            away_until = time.monotonic() + seconds
            open(orders, "w").close()
            for each in list(writers):
                each.close()
            return
        writer.write(data)
    writer.close()


async def client(reader, writer):
    if time.monotonic() < away_until:
        writer.close()
        return
    server_reader, server_writer = await asyncio.open_unix_connection(path)
    state = {"swallow": False}
    writers.update((writer, server_writer))
    await asyncio.gather(
        pass_on(reader, server_writer, state, True),
        pass_on(server_reader, writer, state, False),
        return_exceptions=True)
    writers.difference_update((writer, server_writer))


async def main():
    server = await asyncio.start_server(client, "127.0.0.1", port)
    async with server:
        open(orders, "w").close()
        await server.serve_forever()

asyncio.run(main())
