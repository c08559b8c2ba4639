"""A peer that is not ours, at the other end of a serial line: answers each line in upper case. Argument: the path."""

import os
import sys
import tty

line = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
tty.setraw(line)
print("ready", flush=True)
pending = b""
while data := os.read(line, 100):
    pending += data
    while b"\r\n" in pending:
        message, pending = pending.split(b"\r\n", 1)
        os.write(line, message.upper() + b"\r\n")
