"""A program of another version of our protocol, as far as every version is the same. Speaks ZeroMQ's own protocol, without encryption.

  foreigner.py hello HOST PORT VERSION MORE   says HELLO as worker 0 of that version, with so many fields behind those that never
                                              change; prints the code and the reason of the REFUSE it gets
  foreigner.py refuse VERSION                 listens, prints its port, and refuses the first who says HELLO, with more fields than we know"""
import socket
import struct
import sys

HELLO, REFUSE, WORKER, PROTOCOL_MISMATCH = 1, 3, 2, 76


def receive(one, count):
    got = b""
    while len(got) < count:
        piece = one.recv(count - len(got))
        if piece == b"":
            sys.exit("the connection was closed")
        got += piece
    return got


def frame(flags, content):
    return bytes([flags, len(content)]) + content if len(content) < 256 else bytes([flags | 2]) + struct.pack(">Q", len(content)) + content


def receive_frame(one):
    flags = receive(one, 1)[0]
    length = struct.unpack(">Q", receive(one, 8))[0] if flags & 2 else receive(one, 1)[0]
    return flags, receive(one, length)


def shake_hands(one, kind):
    one.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32))
    receive(one, 64)
    one.sendall(frame(4, b"\x05READY\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind))
    receive_frame(one)


def receive_message(one):
    while True:
        flags, content = receive_frame(one)
        if not flags & 4:  # not a command of ZeroMQ's
            return content


def text(words):
    return b"\xd9" + bytes([len(words)]) + words.encode()


def array(items):
    return b"\xdc" + struct.pack(">H", len(items)) + b"".join(items)


def hello(host, port, version, more):
    one = socket.create_connection((host, port), timeout=10)
    shake_hands(one, b"DEALER")
    one.sendall(frame(0, array([bytes([HELLO]), bytes([version]), bytes([WORKER]), b"\x00"] + [text("something new")] * more)))
    answer = receive_message(one)
    if answer[:2] != bytes([0x93, REFUSE]):
        sys.exit(f"no REFUSE: {answer!r}")
    code = answer[2] if answer[2] < 128 else int.from_bytes(answer[3 : 3 + (1 << answer[2] - 0xCC)], "big")
    print(code, answer[answer.index(b"worker") :].decode())


def refuse(version):
    gate = socket.create_server(("127.0.0.1", 0))
    print(gate.getsockname()[1], flush=True)
    one, _ = gate.accept()
    shake_hands(one, b"ROUTER")
    greeting = receive_message(one)
    reason = f"a refusal of protocol {version}, for one that speaks {greeting[2]}"
    one.sendall(frame(0, array([bytes([REFUSE]), bytes([PROTOCOL_MISMATCH]), text(reason), text("more"), b"\x07"])))
    one.recv(1000)  # until it hangs up


if sys.argv[1] == "hello":
    hello(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
else:
    refuse(int(sys.argv[2]))
