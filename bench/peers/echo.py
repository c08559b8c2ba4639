"""An echo with asyncio streams. `serve` prints its port; `ask <port>` reads "<times> <message>" lines and answers "<us> <us of processor time>"."""

import asyncio
import sys
import time


async def answer(reader, writer):
    while line := await reader.readline():
        writer.write(line)


async def serve():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def ask(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        times, message = line.split()
        data = message.encode() + b"\r\n"
        start, used = time.perf_counter(), time.process_time()
        for _ in range(int(times)):
            writer.write(data)
            await reader.readline()
        taken, used = time.perf_counter() - start, time.process_time() - used
        print(taken / int(times) * 1e6, used / int(times) * 1e6, flush=True)


asyncio.run(serve() if sys.argv[1] == "serve" else ask(int(sys.argv[2])))
