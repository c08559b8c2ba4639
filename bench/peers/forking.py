"""Answers a line with the same line, each connection in a process of its own. Prints its port."""

import socketserver


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.readline())


class Server(socketserver.ForkingTCPServer):
    allow_reuse_address = True
    request_queue_size = 511


server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever(poll_interval=3600)
