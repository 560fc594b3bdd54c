"""What is noticed between two samples, on trees and on the real machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from agent_device import LOOPBACK4, PASSWD, TCP_HEAD, Root, listening, machine, make_tree, processes

from nac.agent.config import CheckSettings
from nac.agent.listeners import read_listeners, with_processes
from nac.agent.listening_sockets import listening_sockets
from nac.agent.processes import read_processes
from nac.agent.watch import Watch

BASE = {"/etc/passwd": PASSWD, "/proc/net/tcp": TCP_HEAD, "/proc/net/udp": TCP_HEAD, "/home/alice/": ""}
SETTINGS = CheckSettings(required_processes=("auditd",), forbidden_processes=("nc",))


def of_tree(root: Root) -> Watch:
    """A watch that sees nothing of the machine below the test but the ruleset."""

    def no_kernel() -> frozenset[object]:
        raise OSError

    return Watch(root, SETTINGS, no_kernel)


def change(files: dict[str, object]) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        for name, content in files.items():
            (folder / name.lstrip("/")).unlink(missing_ok=True)
            make_tree(folder, {name: content})  # type: ignore[dict-item]

    return act


@pytest.mark.parametrize(
    "act",
    [
        change(dict(listening(LOOPBACK4, 8888, comm="jupyter-lab"))),
        change({"/etc/sudoers.d/bob": "bob ALL=(ALL) ALL"}),
        change({"/etc/ufw/ufw.conf": "ENABLED=no"}),
        change({"/home/alice/.aws/credentials": "x"}),
        change({"/home/alice/.local/share/jupyter/runtime/jpserver-1.json": "{}"}),
        change(dict(processes("nc -l 1"))),
    ],
    ids=["listener", "sudoers", "ufw", "token", "notebook", "forbidden-process"],
)
def test_a_change_is_noticed(act: Callable[[Path], None], tmp_path: Path) -> None:
    watch = of_tree(make_tree(tmp_path, BASE))
    before = watch.sample()
    assert watch.sample() == before
    act(tmp_path)
    assert watch.sample() != before


def test_a_process_nobody_asks_for_is_no_change(tmp_path: Path) -> None:
    watch = of_tree(make_tree(tmp_path, BASE))
    before = watch.sample()
    make_tree(tmp_path, processes("vim notes"))
    assert watch.sample() == before


def test_a_process_that_becomes_another_program_is_noticed(tmp_path: Path) -> None:
    """Between fork and exec a process bears its parent's name."""
    watch = of_tree(make_tree(tmp_path, {**BASE, **processes("bash")}))
    before = watch.sample()
    change(dict(processes("auditd")))(tmp_path)
    assert watch.sample().running == {"auditd"}
    assert before.running == frozenset()


def test_a_home_that_comes_later_is_watched(tmp_path: Path) -> None:
    watch = of_tree(make_tree(tmp_path, BASE))
    watch.sample()
    change({"/etc/passwd": PASSWD + "bob:x:1001:1001::/home/bob:/bin/sh\n", "/home/bob/.x": ""})(tmp_path)
    before = watch.sample()
    change({"/home/bob/.netrc": "machine x password 12345678"})(tmp_path)
    assert watch.sample() != before


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield one


def test_a_real_listener_is_seen_with_its_process(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    root = Root()
    (found,) = (one for one in with_processes(root, read_listeners(root), read_processes(root)) if one.port == port)
    assert (found.protocol, found.address, found.beyond_loopback) == ("tcp", "127.0.0.1", False)
    assert found.process is not None
    assert found.process.pid == os.getpid()


@pytest.mark.parametrize("address", ["::1", "::"])
def test_a_real_ipv6_listener_is_seen(address: str) -> None:
    with socket.create_server((address, 0), family=socket.AF_INET6) as one:
        port = one.getsockname()[1]
        (found,) = (seen for seen in read_listeners(Root()) if seen.port == port)
    assert (found.address, found.beyond_loopback) == (address, address == "::")


def test_the_kernel_lists_the_same_as_proc() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as four,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as six,
    ):
        ports = {one.getsockname()[1] for one in (four, six)}
        listed = {(port, inode) for *_, port, inode in listening_sockets() if port in ports}
        assert listed == {(one.port, one.inode) for one in read_listeners(Root()) if one.port in ports}
    assert len(listed) == 2


def test_a_real_listener_is_a_change(listener: socket.socket) -> None:
    watch = Watch(Root(), CheckSettings())
    before = watch.sample()
    with socket.create_server(("127.0.0.1", 0)):
        assert watch.sample().listeners > before.listeners
    listener.close()


def test_homes_are_those_of_people(tmp_path: Path) -> None:
    on = machine(make_tree(tmp_path, {**BASE, "/root/": "", "/run/sshd/": ""}))
    assert on.homes == ("/home/alice", "/root")


GENERATIONS = """
import subprocess
from nac.agent.nft_generation import nft_generation
for change in ("add table inet t", "delete table inet t"):
    print(nft_generation())
    subprocess.run(["nft", change], check=True)
print(nft_generation())
"""


@pytest.mark.skipif(os.getuid() != 0 or shutil.which("nft") is None, reason="needs root and nft")
def test_every_change_of_the_ruleset_changes_its_number() -> None:
    command = ["unshare", "--net", sys.executable, "-c", GENERATIONS]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert len(set(said)) == 3
    assert "None" not in said
