"""A blocking client of a serial line: reads "<times> <message>" lines and answers "<us> <us of processor time>" for one
exchange. Argument: the path."""

import sys
import time

import serial

link = serial.Serial(sys.argv[1], 115200, timeout=10)
for line in sys.stdin:
    times, message = line.split()
    data = message.encode() + b"\r\n"
    start, used = time.perf_counter(), time.process_time()
    for _ in range(int(times)):
        link.write(data)
        if len(link.read(len(data))) != len(data):
            raise TimeoutError("no reply")
    taken, used = time.perf_counter() - start, time.process_time() - used
    print(taken / int(times) * 1e6, used / int(times) * 1e6, flush=True)
