# SPDX-License-Identifier: BSD-2-Clause
"""Networks of a test's own: a network namespace with bridges, taps and DHCP servers.

QEMU's user networking cannot send a root path, so what concerns DHCP runs here. As root a plain
network namespace is made; otherwise a user namespace around it. Nothing is named in the host: a
namespace lives as long as its holder process, and that ends with ours, because it reads our pipe.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from .proc import Daemon, environment


class Namespace:
    """A network namespace kept alive by one process; `inside` is one whose user namespace to share."""

    def __init__(self, inside=None):
        self.user = inside.user if inside else os.geteuid() != 0
        if inside and self.user:
            command = ["nsenter", "-t", str(inside.pid), "-U", "--preserve-credentials", "unshare", "-n"]
        else:
            command = ["unshare", "-n"] + (["-U", "-r"] if self.user else [])
        # No fork on the way: each of these programs becomes the next, so the child's pid is the holder's.
        self.holder = subprocess.Popen(
            command + ["sh", "-c", "echo ready; exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), start_new_session=True,
        )
        if self.holder.stdout.readline() != b"ready\n":
            raise RuntimeError("no network namespace: " + " ".join(command))
        self.pid = self.holder.pid
        self.run("ip", "link", "set", "lo", "up")

    def prefix(self):
        """What to put before a command to run it in this namespace."""
        users = ["-U", "--preserve-credentials"] if self.user else []
        return ["nsenter", "-t", str(self.pid), *users, "-n", "--"]

    def run(self, *command):
        done = subprocess.run(
            self.prefix() + list(command), capture_output=True, text=True, env=environment(), check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def close(self):
        self.holder.stdin.close()
        self.holder.wait(10)
        self.holder.stdout.close()


class Dhcp:
    """One dnsmasq in a namespace of its own, joined to a segment: several servers never share a port.

    options: {number: text}. delay: seconds before each answer. dns: {name: address} that it also
    answers for as a name server. `hosts`: {mac: address} fixed leases. `more`: lines of dnsmasq's own
    configuration; with a dhcp-range among them, `first` and `last` do not count. `bits`: the segment's.
    """

    def __init__(self, net, segment, address, first, last, options=None, delay=0, dns=None, hosts=None, more="",
                 bits=24):
        index = net.next_index()
        self.net, self.address = net, address
        self.space = Namespace(inside=net.space)
        outer, inner = f"d{index}o", f"d{index}i"
        net.run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", str(self.space.pid))
        net.run("ip", "link", "set", outer, "master", segment, "up")
        self.space.run("ip", "addr", "add", f"{address}/{bits}", "dev", inner)
        self.space.run("ip", "link", "set", inner, "up")
        config = net.folder / f"dnsmasq-{index}.conf"
        config.write_text(more if "dhcp-range=" in more else f"{more}\ndhcp-range={first},{last},1h\n")
        command = self.space.prefix() + [
            "dnsmasq", "--no-daemon", f"--conf-file={config}", "--pid-file=",
            "--log-facility=-", "--log-dhcp", "--leasefile-ro", "--no-resolv", "--no-hosts", "--no-ping",
            f"--interface={inner}", "--bind-interfaces", f"--port={53 if dns else 0}",
        ]
        command += [f"--dhcp-option-force={number},{text}" for number, text in (options or {}).items()]
        command += [f"--dhcp-reply-delay={delay}"] if delay else []
        command += [f"--host-record={name},{to}" for name, to in (dns or {}).items()]
        command += [f"--dhcp-host={mac},{to}" for mac, to in (hosts or {}).items()]
        self.daemon = Daemon("dnsmasq", command, net.folder / f"dnsmasq-{index}.log")
        self.daemon.wait_until(lambda: "DHCP, sockets bound" in self.daemon.text(), "DHCP sockets in its log")

    def text(self):
        return self.daemon.text()

    def stop(self):
        self.daemon.stop()
        self.space.close()


class Web:
    """A lighttpd in the test's namespace, on our own address of a segment: serves the files of a folder."""

    def __init__(self, net, folder, address, port):
        self.log = net.folder / f"lighttpd-{net.next_index()}.access"
        config = self.log.with_suffix(".conf")
        config.write_text(
            f'server.document-root = "{folder}"\nserver.bind = "{address}"\nserver.port = {port}\n'
            f'server.modules = ("mod_accesslog")\naccesslog.filename = "{self.log}"\n'
            'accesslog.format = "%m %U %s %{User-Agent}i"\n'
        )
        command = net.prefix() + ["lighttpd", "-D", "-f", config]
        self.daemon = Daemon("lighttpd", command, self.log.with_suffix(".log"))
        self.daemon.wait_until(lambda: "server started" in self.daemon.text(), "start in its log")

    def text(self):
        """Its log once it has ended: a line for each request, with method, path, status and who asked."""
        self.stop()
        return self.log.read_text()

    def stop(self):
        self.daemon.stop()


# Answers each DISCOVER and no REQUEST (RFC 2131): the fields of the message, then options 53, 54, 51 and 1.
OFFERS_ONLY = """
import socket, sys
here, lan = socket.inet_aton(sys.argv[2]), socket.socket(type=socket.SOCK_DGRAM)
lan.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
lan.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[1].encode())
lan.bind(("", 67))
print("listening", flush=True)
while True:
    asked = lan.recv(2000)
    if bytes([53, 1, 1]) in asked[240:]:
        offer = b"\\2\\1\\6\\0" + asked[4:8] + bytes(8) + here[:3] + bytes([99]) + bytes(8) + asked[28:44] + bytes(192)
        offer += bytes([99, 130, 83, 99, 53, 1, 2, 54, 4, *here, 51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0, 255])
        lan.sendto(offer, ("255.255.255.255", 68))
"""


class Net:
    """The test's network: segments (bridges with our address on them), taps for guests, DHCP servers."""

    def __init__(self, folder=None):
        self.folder = Path(folder) if folder else Path(tempfile.mkdtemp(prefix="lb-net-"))
        self.index = 0
        self.servers = []
        self.space = Namespace()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def next_index(self):
        self.index += 1
        return self.index

    def prefix(self):
        return self.space.prefix()

    def run(self, *command):
        return self.space.run(*command)

    def segment(self, name="lan", address="192.168.60.1", bits=24):
        """A bridge that is also a host: `address`/`bits` is where targets of this segment listen."""
        self.run("ip", "link", "add", name, "type", "bridge")
        self.run("ip", "addr", "add", f"{address}/{bits}", "dev", name)
        self.run("ip", "link", "set", name, "up")
        return name

    def tap(self, segment="lan"):
        return self.taps(1, segment)[0]

    def taps(self, count, segment="lan", alone=False):
        """Several at once. `alone`: none of them hears the others, so that a broadcast has no hundreds of copies."""
        names = [f"tap{self.next_index()}" for _ in range(count)]
        lines = [f"tuntap add dev {name} mode tap\nlink set {name} master {segment} up\n" for name in names]
        lines += [f"link set {name} type bridge_slave isolated on\n" for name in names if alone]
        batch = self.folder / f"{names[0]}.batch"
        batch.write_text("".join(lines))
        self.run("ip", "-batch", str(batch))
        batch.unlink()
        return names

    def dhcp(self, segment="lan", address="192.168.60.2", first=None, last=None, **more):
        base = address.rsplit(".", 1)[0]
        server = Dhcp(self, segment, address, first or f"{base}.100", last or f"{base}.150", **more)
        self.servers.append(server)
        return server

    def web(self, folder, address="192.168.60.1", port=80):
        server = Web(self, folder, address, port)
        self.servers.append(server)
        return server

    def offers_only(self, segment="lan", address="192.168.60.1"):
        """A DHCP server on our own address that confirms nothing."""
        command = self.prefix() + [sys.executable, "-c", OFFERS_ONLY, segment, address]
        server = Daemon("DHCP server", command, self.folder / f"dhcp-{self.next_index()}.log")
        self.servers.append(server)
        server.wait_until(lambda: "listening" in server.text(), "line in its log")

    def close(self):
        for server in self.servers:
            server.stop()
        self.servers = []
        self.space.close()
