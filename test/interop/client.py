"""A peer that is not ours: a blocking Python client. Arguments: port, framing. Prints what it got as JSON."""

import json
import socket
import sys

port, framing = int(sys.argv[1]), sys.argv[2]
sock = socket.create_connection(("127.0.0.1", port))
stream = sock.makefile("rwb")
messages = [b"one", b"", b"three" * 2000]
replies = []
if framing == "WithTerminator":
    for message in messages:
        stream.write(message + b"\r\n")
        stream.flush()
        replies.append(stream.readline()[:-2])
elif framing == "WithReadWrite":
    for message in messages:
        stream.write(b"%d\r\n%s" % (len(message), message))
        stream.flush()
        replies.append(stream.read(int(stream.readline())))
elif framing == "WithShutdown":
    stream.write(messages[2])
    stream.flush()
    sock.shutdown(socket.SHUT_WR)
    replies.append(stream.read())
else:
    stream.write(messages[0])
    stream.flush()
    replies.append(stream.read())
print(json.dumps([reply.decode() for reply in replies]))
