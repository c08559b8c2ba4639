"""A peer that is not ours: Python's socketserver. Prints its port, then answers as its first argument says."""

import socketserver
import sys


class Lines(socketserver.StreamRequestHandler):
    """Answers each line with the same line in upper case."""

    def handle(self):
        for line in self.rfile:
            self.wfile.write(line.upper())


class Whole(socketserver.StreamRequestHandler):
    """Reads until the other end has closed its side, then answers everything, in upper case."""

    def handle(self):
        self.wfile.write(self.rfile.read().upper())


class Counted(socketserver.StreamRequestHandler):
    """Answers messages that have their length before them."""

    def handle(self):
        while header := self.rfile.readline():
            data = self.rfile.read(int(header)).upper()
            self.wfile.write(b"%d\r\n%s" % (len(data), data))


class Greeting(socketserver.StreamRequestHandler):
    """Speaks first, reads one line, answers, and closes."""

    def handle(self):
        self.wfile.write(b"220 welcome\r\n")
        self.wfile.write(b"250 " + self.rfile.readline())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


with Server(("127.0.0.1", 0), globals()[sys.argv[1]]) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
