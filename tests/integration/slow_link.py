"""A slow and lossy link between two network namespaces: slow_link.py PID_A PID_B DELAY_MS LOSS SEED. Makes an interface `far` in either (tun
devices), and carries each packet to the other after the delay, unless chance loses it. Says "up" when both are there; ends
with its standard input."""
import collections
import fcntl
import os
import random
import select
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI, CLONE_NEWNET = 0x400454CA, 1, 0x1000, 0x40000000


def enter(pid):
    import ctypes
    with open(f"/proc/{pid}/ns/net") as namespace:
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
            sys.exit(f"cannot enter the namespace of {pid}: {os.strerror(ctypes.get_errno())}")


def tun(pid):
    enter(pid)
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", b"far", IFF_TUN | IFF_NO_PI))
    return device


def main():
    ends = [tun(sys.argv[1]), tun(sys.argv[2])]
    delay, loss, chance = float(sys.argv[3]) / 1000, float(sys.argv[4]), random.Random(int(sys.argv[5]))
    under_way = collections.deque()
    print("up", flush=True)
    while True:
        wait = max(0, under_way[0][0] - time.monotonic()) if under_way else None
        for ready in select.select([*ends, sys.stdin], [], [], wait)[0]:
            if ready is sys.stdin:
                return
            packet = os.read(ready, 65536)
            if chance.random() >= loss:
                under_way.append((time.monotonic() + delay, ends[ready == ends[0]], packet))
        while under_way and under_way[0][0] <= time.monotonic():
            _, to, packet = under_way.popleft()
            try:
                os.write(to, packet)
            except OSError:
                pass  # the interface is down, or full: lost


main()
