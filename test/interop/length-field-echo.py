"""A peer that is not ours: echoes messages with a binary length field, packed by Python's struct. Prints its port."""

import socketserver
import struct
import sys

FORMAT, ADJUSTMENT, OFFSET = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
SIZE = struct.calcsize(FORMAT)


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        while before := self.rfile.read(OFFSET + SIZE):
            (length,) = struct.unpack_from(FORMAT, before, OFFSET)
            body = self.rfile.read(length + ADJUSTMENT).upper()
            field = struct.pack(FORMAT, len(body) - ADJUSTMENT)
            self.wfile.write(before[:OFFSET] + field + body)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


with Server(("127.0.0.1", 0), Echo) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
