"""A blocking client that connects for each exchange: reads "<times> <message>" lines, answers "<us> <us of processor time>"."""

import socket
import sys
import time

place = sys.argv[1]
for line in sys.stdin:
    times, message = line.split()
    data = message.encode() + b"\r\n"
    start, used = time.perf_counter(), time.process_time()
    for _ in range(int(times)):
        if place.startswith("/"):
            link = socket.socket(socket.AF_UNIX)
            link.settimeout(10)
            link.connect(place)
        else:
            link = socket.create_connection(("127.0.0.1", int(place)), timeout=10)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.sendall(data)
        got = 0
        while got < len(data):
            got += len(link.recv(65536))
        link.close()
    taken, used = time.perf_counter() - start, time.process_time() - used
    print(taken / int(times) * 1e6, used / int(times) * 1e6, flush=True)
