"""Machines of their own on one host: network namespaces behind a switch, each with its own link.

Nothing of the host's own network is touched: the switch is a namespace, too. Needs root and `ip`.
"""

import ctypes
import itertools
import os
import shutil
import socket
import subprocess
import threading

NET, HUB = "10.77.0", 1
CLONE_NEWNET = 0x40000000
numbers = itertools.count(1)


def is_possible():
    """Whether this user may make namespaces here."""
    if os.getuid() or not shutil.which("ip") or not shutil.which("unshare"):
        return False
    name = f"obtry{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], stderr=subprocess.DEVNULL).returncode == 0
    if made:
        ip("netns", "delete", name)
    return made


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Network:
    """A switch with an address of its own, for servers and callers, and the machines at it."""

    def __init__(self):
        self.name = f"ob{os.getpid()}x{next(numbers)}"
        self.address = f"{NET}.{HUB}"
        self.machines = []
        ip("netns", "add", self.name)
        ip("-n", self.name, "link", "set", "lo", "up")
        ip("-n", self.name, "link", "add", "switch", "type", "bridge")
        ip("-n", self.name, "addr", "add", f"{self.address}/24", "dev", "switch")
        ip("-n", self.name, "link", "set", "switch", "up")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for machine in self.machines:
            ip("netns", "delete", machine.space)
        ip("netns", "delete", self.name)

    def add(self, name):
        """A machine with a link to the switch."""
        machine = Machine(self, name, HUB + 1 + len(self.machines))
        self.machines.append(machine)
        return machine

    def command(self, *words):
        """These words as a command at the switch."""
        return ["ip", "netns", "exec", self.name, *words]

    def inside(self, act):
        """What `act` returns when a thread at the switch does it, such as opening a socket."""
        answers = []

        def enter():
            self.enter()
            answers.append(act())

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        return answers[0]

    def enter(self):
        """Let the calling thread's sockets be at the switch from now on."""
        with open(f"/run/netns/{self.name}") as space:
            if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")

    def listener(self):
        """A listening socket at the switch."""
        return self.inside(lambda: socket.create_server((self.address, 0)))


class Machine:
    """A host with a name, an address and one link."""

    def __init__(self, network, name, number):
        self.network = network
        self.name = name
        self.space = f"{network.name}{name}"
        self.address = f"{NET}.{number}"
        self.port = f"port{number}"
        hub = network.name
        ip("netns", "add", self.space)
        ip("-n", self.space, "link", "set", "lo", "up")
        peer = ("peer", "name", "eth0", "netns", self.space)
        ip("-n", hub, "link", "add", self.port, "type", "veth", *peer)
        ip("-n", hub, "link", "set", self.port, "master", "switch", "up")
        ip("-n", self.space, "addr", "add", f"{self.address}/24", "dev", "eth0")
        ip("-n", self.space, "link", "set", "eth0", "up")

    def command(self, *words):
        """These words as a command on this machine, which has a host name of its own."""
        own_name = ["unshare", "--uts", "sh", "-c", f'hostname {self.name}; exec "$@"', "sh"]
        return ["ip", "netns", "exec", self.space, *own_name, *words]

    def cut_off(self):
        """Pull the cable out."""
        ip("-n", self.network.name, "link", "set", self.port, "down")

    def join(self):
        """Put it in again."""
        ip("-n", self.network.name, "link", "set", self.port, "up")
