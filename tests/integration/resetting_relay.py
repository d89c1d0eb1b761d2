"""A network path whose connections are reset: resetting_relay.py PORT SECONDS TIMES. Prints its own port, and carries what comes there to
PORT of this machine; so often, after so many seconds each, it resets all connections on both sides and says "reset N". Ends with its
standard input."""
import select
import socket
import struct
import sys
import time

to, seconds, times = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
partner, resets = {}, 0


def accept(gate):
    inner, _ = gate.accept()
    try:
        outer = socket.create_connection(("127.0.0.1", to))
    except OSError:  # nobody listens there yet
        inner.close()
        return
    partner[inner], partner[outer] = outer, inner


def hang_up(one):
    """A socket that does not linger is reset."""
    for end in (one, partner[one]):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        del partner[end]
        end.close()


def carry(one):
    try:
        piece = one.recv(65536)
        partner[one].sendall(piece)
    except OSError:
        piece = b""
    if piece == b"":
        hang_up(one)


gate = socket.create_server(("127.0.0.1", 0))
print(gate.getsockname()[1], flush=True)
next_reset = time.monotonic() + seconds
while True:
    ready = select.select([gate, sys.stdin, *partner], [], [], 0.05)[0]
    if sys.stdin in ready:
        break
    if gate in ready:
        accept(gate)
    for one in ready:
        if one in partner:
            carry(one)
    if time.monotonic() > next_reset and resets < times and partner:
        while partner:
            hang_up(next(iter(partner)))
        resets, next_reset = resets + 1, time.monotonic() + seconds
        print("reset", resets, flush=True)
