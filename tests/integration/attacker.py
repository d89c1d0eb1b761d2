"""Somebody on the network who has no business there: attacker.py HOST PORT HOW [COUNT [SECONDS]].

  half-open   COUNT connections that say nothing, or half a greeting, opened again as they are closed
  garbage     connections that send random bytes
  lengths     greets as ZeroMQ does and announces a frame of 1 GiB, then of 2^63 - 1 bytes
  null        greets without encryption
  record      listens, prints its port, carries everything to HOST PORT, keeps what the first client says in ./recorded, and after
              COUNT bytes sends the last piece again on the same connection
  replay      sends ./recorded again on new connections
Prints what it got back, as JSON: connections made, bytes received, how many were closed."""
import json
import os
import random
import socket
import struct
import sys
import threading
import time

HOST, PORT, HOW = sys.argv[1], int(sys.argv[2]), sys.argv[3]
COUNT = int(sys.argv[4]) if len(sys.argv) > 4 else 100
SECONDS = float(sys.argv[5]) if len(sys.argv) > 5 else 3
got = {"made": 0, "bytes": 0, "closed": 0}


def greeting(mechanism):
    return b"\xff" + bytes(8) + b"\x7f" + b"\x03\x01" + mechanism.ljust(20, b"\0") + bytes(32)


def connect():
    try:
        one = socket.create_connection((HOST, PORT), timeout=2)
    except OSError:
        return None
    one.setblocking(False)
    got["made"] += 1
    return one


def say(one, what):
    try:
        one.send(what)
    except OSError:
        pass


def listen_to(ones):
    """Counts what they say; leaves those that are still open."""
    left = []
    for one in ones:
        try:
            piece = one.recv(65536)
            got["bytes"] += len(piece)
            if piece == b"":
                raise ConnectionError
            left.append(one)
        except BlockingIOError:
            left.append(one)
        except OSError:
            got["closed"] += 1
            one.close()
    return left


def crowd(first_words):
    """COUNT connections at any time, for so many seconds."""
    chance, end, ones = random.Random(7), time.monotonic() + SECONDS, []
    while time.monotonic() < end:
        while len(ones) < COUNT and time.monotonic() < end:
            one = connect()
            if one is None:
                time.sleep(0.05)
                break
            say(one, first_words(chance))
            ones.append(one)
        time.sleep(0.05)
        ones = listen_to(ones)


def record():
    gate = socket.create_server(("127.0.0.1", 0))
    print(gate.getsockname()[1], flush=True)
    inner, _ = gate.accept()
    outer = socket.create_connection((HOST, PORT))

    def back():
        try:
            while piece := outer.recv(65536):
                inner.sendall(piece)
        except OSError:
            pass
        inner.close()

    threading.Thread(target=back, daemon=True).start()
    carried, again = 0, False
    with open("recorded", "wb") as file:
        try:
            while piece := inner.recv(65536):
                file.write(piece)
                file.flush()
                outer.sendall(piece)
                carried += len(piece)
                if carried > COUNT and not again and len(piece) > 60:
                    again = True
                    outer.sendall(piece)
        except OSError:
            pass


def replay():
    with open("recorded", "rb") as file:
        words = file.read()
    crowd(lambda chance: words)


def main():
    long_frame = b"\x06" + struct.pack(">Q", 1 << 30)
    endless = b"\x06" + struct.pack(">Q", (1 << 63) - 1)
    ways = {
        "half-open": lambda: crowd(lambda chance: chance.choice([b"", b"\xff", greeting(b"CURVE")[:12], greeting(b"CURVE")])),
        "garbage": lambda: crowd(lambda chance: chance.randbytes(chance.randrange(1, 4000))),
        "lengths": lambda: crowd(lambda chance: greeting(b"CURVE") + chance.choice([long_frame, endless]) + bytes(60000)),
        "null": lambda: crowd(lambda chance: greeting(b"NULL") + b"\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER"),
        "record": record,
        "replay": replay,
    }
    ways[HOW]()
    print(json.dumps(got))


main()
