"""A blocking client: reads "<times> <message>" lines and answers "<us> <us of processor time>" for one exchange."""

import socket
import sys
import time

link = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for line in sys.stdin:
    times, message = line.split()
    data = message.encode() + b"\r\n"
    start, used = time.perf_counter(), time.process_time()
    for _ in range(int(times)):
        link.sendall(data)
        got = 0
        while got < len(data):
            got += len(link.recv(65536))
    taken, used = time.perf_counter() - start, time.process_time() - used
    print(taken / int(times) * 1e6, used / int(times) * 1e6, flush=True)
