#!/usr/bin/env python3
"""A TCP proxy that makes a link longer, in both directions alike and always by the same time.

    delay.py ROUND_TRIP_MS LISTEN_ADDRESS:PORT=ADDRESS:PORT ..

Every byte arrives half a round trip after it was sent, in order. A connection's own handshake is a round
trip and a half until the far end may speak, which loopback would leave out, so it is waited for. Bandwidth
is not limited.
"""
import asyncio
import sys


async def carry(reader, writer, delay):
    """Reads at once and writes when the time has come; the far end's EOF is delayed too."""
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue()

    async def deliver():
        while True:
            when, chunk = await queue.get()
            await asyncio.sleep(when - loop.time())
            if not chunk:
                break
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    delivering = asyncio.create_task(deliver())
    try:
        while True:
            chunk = await reader.read(65536)
            queue.put_nowait((loop.time() + delay, chunk))
            if not chunk:
                break
        await delivering
    except OSError:
        # One side was cut: the other learns it from the close below.
        delivering.cancel()


async def serve(delay, near, far):
    async def link(reader, writer):
        await asyncio.sleep(3 * delay)
        try:
            far_reader, far_writer = await asyncio.open_connection(*far)
        except OSError:
            writer.close()
            return
        await asyncio.gather(carry(reader, far_writer, delay), carry(far_reader, writer, delay))
        for end in (writer, far_writer):
            end.close()

    return await asyncio.start_server(link, *near, backlog=256)


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


async def main(round_trip, pairs):
    servers = []
    for pair in pairs:
        near, far = map(address, pair.split("="))
        servers.append(await serve(round_trip / 2000, near, far))
    print("ready", flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), sys.argv[2:]))
