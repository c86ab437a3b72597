#!/usr/bin/env python3
"""Proxy between Latchkey and PostgreSQL: a long way, or one that swallows packets.

proxy.py PORT SOCKET TRIPS [DELAY_MS]

Listens on the loopback address, and passes on to a Unix socket, each direction
DELAY_MS later. Each time that the client speaks after the server, which makes
a round trip, a line is added to the file TRIPS, which is there when it listens. From SIGUSR1 on nothing is
passed on, while connections stay open and new ones are accepted; with another
it goes on.
"""
import asyncio
import signal
import sys

port, path, trips = int(sys.argv[1]), sys.argv[2], sys.argv[3]
delay_s = float(sys.argv[4]) / 1000 if len(sys.argv) > 4 else 0
silent = False


def toggle():
    global silent
    silent = not silent


def add_trip():
    with open(trips, "a") as file:
        file.write("trip\n")


async def passing(reader, writer, state, of_client):
    loop = asyncio.get_running_loop()
    while data := await reader.read(65536):
        if of_client and state["server_spoke"]:
            add_trip()
        state["server_spoke"] = not of_client
        if not silent:
            loop.call_later(delay_s, writer.write, data)
    if not silent:
        loop.call_later(delay_s, writer.close)


async def client(reader, writer):
    server_reader, server_writer = await asyncio.open_unix_connection(path)
    state = {"server_spoke": True}
    await asyncio.gather(
        passing(reader, server_writer, state, True),
        passing(server_reader, writer, state, False),
        return_exceptions=True)


async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, toggle)
    server = await asyncio.start_server(client, "127.0.0.1", port)
    async with server:
        open(trips, "w").close()
        await server.serve_forever()

asyncio.run(main())
