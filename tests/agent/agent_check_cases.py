"""For every check: trees that pass, fail and leave it unknown. Times count from 2026-11-01."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent_device import (
    ANY4,
    ANY6,
    LOOPBACK4,
    LOOPBACK6,
    MAPPED_LOOPBACK,
    PASSWD,
    TCP_HEAD,
    Content,
    Files,
    Link,
    Size,
    captured,
    listening,
    processes,
    socket_line,
)

from nac.agent.config import CheckSettings
from nac.agent.finding import Result, Value


@dataclass(frozen=True)
class Case:
    """`value` is compared when it is given; `detail` must be part of what is said."""

    check: str
    result: Result
    name: str
    files: Files
    value: Value = None
    detail: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    settings: CheckSettings = field(default_factory=CheckSettings)

    def __str__(self) -> str:
        return f"{self.check}-{self.result}-{self.name}"


def mounts(*lines: str) -> str:
    return "".join(f"{number} 1 {line}\n" for number, line in enumerate(lines, 20))


def block(name: str, *, number: str = "8:1", uuid: str = "", mapped: str = "", below: str = "") -> dict[str, Content]:
    """A block device of /sys; `below` is what it is made of."""
    folder = f"/sys/class/block/{name}"
    files: dict[str, Content] = {f"{folder}/dev": f"{number}\n"}
    if uuid:
        files |= {f"{folder}/dm/uuid": f"{uuid}\n", f"{folder}/dm/name": f"{mapped}\n"}
    if below:
        files[f"{folder}/slaves/{below}"] = Link(f"../../{below}")
    return files


SWAP_HEAD = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
LUKS = block("sda2") | block("dm-0", number="253:0", uuid="CRYPT-LUKS2-0a1b-root", mapped="root", below="sda2")
ON_LVM = LUKS | block("dm-1", number="253:1", uuid="LVM-xyz", mapped="vg-home", below="dm-0")
ENCRYPTED = [
    Case(
        "disk_encryption",
        "pass",
        "luks",
        {"/proc/self/mountinfo": mounts("253:0 / / rw - ext4 /dev/mapper/root rw"), "/proc/swaps": SWAP_HEAD, **LUKS},
        "luks",
    ),
    Case(
        "disk_encryption",
        "pass",
        "lvm-on-luks",
        {
            "/proc/self/mountinfo": mounts(
                "253:0 / / rw - ext4 /dev/mapper/root rw", "253:1 / /home rw - ext4 /dev/dm-1 rw"
            ),
            "/proc/swaps": SWAP_HEAD + "/dev/zram0 partition 1 0 -2\n/swapfile file 1 0 -3\n",
            **ON_LVM,
            **block("zram0"),
        },
        "luks",
    ),
    Case(
        "disk_encryption",
        "pass",
        "dev-root-by-number",
        {"/proc/self/mountinfo": mounts("253:0 / / rw - ext4 /dev/root rw"), "/proc/swaps": SWAP_HEAD, **LUKS},
        "luks",
    ),
    Case(
        "disk_encryption",
        "fail",
        "plain-root",
        {"/proc/self/mountinfo": mounts("8:1 / / rw - ext4 /dev/sda1 rw"), "/proc/swaps": SWAP_HEAD, **block("sda1")},
        ("/",),
    ),
    Case(
        "disk_encryption",
        "fail",
        "plain-home",
        {
            "/proc/self/mountinfo": mounts(
                "253:0 / / rw - ext4 /dev/mapper/root rw", "8:3 / /home rw - xfs /dev/sda3 rw"
            ),
            "/proc/swaps": SWAP_HEAD,
            **LUKS,
            **block("sda3", number="8:3"),
        },
        ("/home",),
    ),
    Case(
        "disk_encryption",
        "fail",
        "plain-swap",
        {
            "/proc/self/mountinfo": mounts("253:0 / / rw - ext4 /dev/mapper/root rw"),
            "/proc/swaps": SWAP_HEAD + "/dev/sda3 partition 1 0 -2\n",
            **LUKS,
            **block("sda3", number="8:3"),
        },
        ("swap sda3",),
    ),
    Case(
        "disk_encryption",
        "fail",
        "plain-lvm",
        {
            "/proc/self/mountinfo": mounts("253:1 / / rw - ext4 /dev/mapper/vg-root rw"),
            "/proc/swaps": SWAP_HEAD,
            **block("sda2"),
            **block("dm-1", number="253:1", uuid="LVM-xyz", mapped="vg-root", below="sda2"),
        },
        ("/",),
    ),
    Case(
        "disk_encryption",
        "unknown",
        "zfs",
        {"/proc/self/mountinfo": mounts("0:30 / / rw - zfs rpool/root rw"), "/proc/swaps": SWAP_HEAD},
        detail="no block device",
    ),
    Case("disk_encryption", "unknown", "no-proc", {}, detail="/proc/self/mountinfo: no such file"),
]

IPV6 = {"/proc/net/if_inet6": "fe800000000000000000000000000001 02 40 20 80     eth0\n"}
UFW = {"/etc/ufw/ufw.conf": "ENABLED=yes\n", "/etc/default/ufw": 'DEFAULT_INPUT_POLICY="DROP"\n'}
LEGACY = {"/proc/net/ip_tables_names": "filter\n"}
FIREWALL = [
    Case("firewall", "pass", "policy-drop", IPV6, "nftables", said={"nft": captured("nft/default-deny.json")}),
    Case("firewall", "pass", "last-rule-rejects", IPV6, "nftables", said={"nft": captured("nft/last-rule.json")}),
    Case("firewall", "pass", "ipv4-where-nothing-else-is", {}, said={"nft": captured("nft/only-ipv4.json")}),
    Case("firewall", "pass", "ufw-on-legacy-tables", UFW | LEGACY, "ufw"),
    Case("firewall", "fail", "policy-accept", IPV6, detail="IPv4 and IPv6", said={"nft": captured("nft/accept.json")}),
    Case("firewall", "fail", "empty", {}, detail="IPv4 is not denied", said={"nft": captured("nft/empty.json")}),
    Case("firewall", "fail", "ipv6-open", IPV6, detail="IPv6 is not", said={"nft": captured("nft/only-ipv4.json")}),
    Case("firewall", "fail", "opened-by-a-rule-for-all", IPV6, said={"nft": captured("nft/opened.json")}),
    Case("firewall", "fail", "opened-by-a-jump-for-all", IPV6, said={"nft": captured("nft/jump.json")}),
    Case("firewall", "pass", "zones", IPV6, said={"nft": captured("nft/zones.json")}),
    Case("firewall", "fail", "ufw-off", {"/etc/ufw/ufw.conf": "ENABLED=no\n"}, "ufw"),
    Case("firewall", "fail", "ufw-lets-in", UFW | {"/etc/default/ufw": 'DEFAULT_INPUT_POLICY="ACCEPT"\n'}, "ufw"),
    Case("firewall", "unknown", "no-nft", {}, detail="nft is not installed"),
    Case("firewall", "unknown", "legacy-tables-unseen", LEGACY, said={"nft": captured("nft/empty.json")}),
    Case("firewall", "unknown", "ufw-without-rules", UFW, detail="no rules can be seen"),
    Case("firewall", "unknown", "nonsense", {}, detail="makes no sense", said={"nft": "Segmentation fault"}),
]


def release(identifier: str, version: str) -> Files:
    return {"/etc/os-release": f'PRETTY_NAME="Some (OS)"\nID={identifier}\nVERSION_ID="{version}"\n'}


SYSTEM = [
    Case("os_supported", "pass", "debian", release("debian", "12"), "debian 12"),
    Case("os_supported", "pass", "rebuild-of-rhel", release("rocky", "9.4"), "rocky 9.4"),
    Case("os_supported", "pass", "rolling", {"/usr/lib/os-release": "ID=arch\n"}, "arch"),
    Case("os_supported", "fail", "ended", release("ubuntu", "20.04"), "ubuntu 20.04", "ended on 2025-05-31"),
    Case("os_supported", "unknown", "not-in-the-table", release("plan9", "4"), detail="plan9 4"),
    Case("os_supported", "unknown", "no-file", {}, detail="os-release: no such file"),
    Case(
        "patch_age_days",
        "pass",
        "dpkg",
        {
            "/var/log/dpkg.log": "2026-10-01 06:00:00 upgrade a:amd64 1 2\n2026-10-20 06:00:00 upgrade b:amd64 1 2\n"
            "2026-10-30 06:00:00 install hello:amd64 <none> 2.10\n"
        },
        12,
    ),
    Case(
        "patch_age_days",
        "pass",
        "rotated",
        {"/var/log/dpkg.log": "", "/var/log/dpkg.log.1": "2026-10-20 06:00:00 upgrade b:amd64 1 2\n"},
        12,
    ),
    Case(
        "patch_age_days",
        "pass",
        "fresh-installation",
        {
            "/var/log/dpkg.log": "2026-10-31 06:00:00 startup archives install\n"
            "2026-10-31 06:00:01 install a:amd64 <none> 1\n"
        },
        1,
    ),
    Case(
        "patch_age_days",
        "pass",
        "dnf",
        {"/var/log/dnf.rpm.log": "2026-10-22T06:00:00+0000 SUBDEBUG Upgraded: bash-5.1\n"},
        10,
    ),
    Case("patch_age_days", "fail", "old", {"/var/log/dpkg.log": "2026-08-01 06:00:00 upgrade a:amd64 1 2\n"}, 92),
    Case(
        "patch_age_days",
        "fail",
        "installing-is-no-upgrade",
        {
            "/var/log/dpkg.log": "2026-10-30 06:00:00 install hello:amd64 <none> 2.10\n",
            "/var/log/dpkg.log.2.gz": gzip.compress(b"2026-07-30 06:00:00 upgrade a:amd64 1 2\n"),
        },
        94,
    ),
    Case("patch_age_days", "unknown", "no-log", {}, detail="neither dpkg nor dnf"),
    Case("patch_age_days", "unknown", "empty-log", {"/var/log/dpkg.log": ""}),
    Case("patch_age_days", "unknown", "damaged-log", {"/var/log/dpkg.log.2.gz": b"not gzip"}, detail="no sense"),
    Case(
        "kernel",
        "pass",
        "newest",
        {
            "/proc/sys/kernel/osrelease": "6.1.0-28-amd64\n",
            "/lib/modules/6.1.0-28-amd64/kernel/": "",
            "/lib/modules/6.1.0-9-amd64/kernel/": "",
        },
        "6.1.0-28-amd64",
    ),
    Case(
        "kernel",
        "pass",
        "another-flavour-is-newer",
        {
            "/proc/sys/kernel/osrelease": "6.1.0-28-amd64\n",
            "/lib/modules/6.1.0-28-amd64/kernel/": "",
            "/lib/modules/6.9.0-rt-amd64/kernel/": "",
        },
        "6.1.0-28-amd64",
    ),
    Case(
        "kernel",
        "fail",
        "restart-is-due",
        {
            "/proc/sys/kernel/osrelease": "6.1.0-9-amd64\n",
            "/lib/modules/6.1.0-9-amd64/kernel/": "",
            "/lib/modules/6.1.0-28-amd64/kernel/": "",
        },
        "6.1.0-9-amd64",
        "6.1.0-28-amd64 is installed",
    ),
    Case("kernel", "unknown", "no-modules", {"/proc/sys/kernel/osrelease": "6.1.0-9-cloud\n"}),
    Case("kernel", "unknown", "no-proc", {}),
]

AUTO = 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n'
APT = {"/usr/bin/unattended-upgrade": "", "/etc/apt/apt.conf.d/20auto-upgrades": AUTO}
DNF = {"/etc/dnf/automatic.conf": "[commands]\napply_updates = yes\n"}
TIMER = {"/etc/systemd/system/timers.target.wants/dnf-automatic.timer": ""}
UPDATES = [
    Case("automatic_updates", "pass", "apt", APT, "apt"),
    Case("automatic_updates", "pass", "dnf", DNF | TIMER, "dnf"),
    Case(
        "automatic_updates",
        "fail",
        "a-later-file-switches-off",
        APT | {"/etc/apt/apt.conf.d/99local": 'APT::Periodic::Unattended-Upgrade "0";\n'},
        "apt",
        "Unattended-Upgrade",
    ),
    Case(
        "automatic_updates",
        "fail",
        "commented-out",
        APT | {"/etc/apt/apt.conf.d/20auto-upgrades": AUTO.replace("APT", "// APT")},
        "apt",
    ),
    Case("automatic_updates", "fail", "not-installed", {"/etc/apt/apt.conf.d/20auto-upgrades": AUTO}, "apt"),
    Case(
        "automatic_updates",
        "fail",
        "dnf-only-downloads",
        TIMER | {"/etc/dnf/automatic.conf": "apply_updates = no\n"},
        "dnf",
    ),
    Case("automatic_updates", "fail", "dnf-without-timer", DNF, "dnf"),
    Case("automatic_updates", "unknown", "neither", {}),
]

EFI = "/sys/firmware/efi/efivars"
GUID = "8be4df61-93ca-11d2-aa0d-00e098032b8c"


def efi(secure_boot: bytes, setup_mode: bytes = b"\0") -> Files:
    attributes = b"\x06\0\0\0"
    return {f"{EFI}/SecureBoot-{GUID}": attributes + secure_boot, f"{EFI}/SetupMode-{GUID}": attributes + setup_mode}


GNOME = {"/usr/share/wayland-sessions/gnome.desktop": ""}
KDE = {"/usr/share/xsessions/plasma.desktop": ""}
DCONF_ON = "[org/gnome/desktop/screensaver]\nlock-enabled=true\n[org/gnome/desktop/session]\nidle-delay=uint32 300\n"
LOCKS = "/org/gnome/desktop/screensaver/lock-enabled\n/org/gnome/desktop/session/idle-delay\n"
SCREEN = [
    Case("secure_boot", "pass", "on", efi(b"\x01")),
    Case("secure_boot", "fail", "off", efi(b"\0")),
    Case("secure_boot", "fail", "setup-mode", efi(b"\x01", b"\x01"), detail="setup mode"),
    Case("secure_boot", "fail", "bios", {"/sys/firmware/acpi/": ""}, detail="UEFI"),
    Case("secure_boot", "unknown", "no-sys", {}),
    Case("secure_boot", "unknown", "odd-variable", efi(b"\x01\x01"), detail="6 octets"),
    Case("screen_lock", "pass", "server", {}, detail="no desktop"),
    Case(
        "screen_lock",
        "pass",
        "gnome-locked",
        GNOME | {"/etc/dconf/db/local.d/00-lock": DCONF_ON, "/etc/dconf/db/local.d/locks/lock": LOCKS},
        "gnome",
    ),
    Case(
        "screen_lock",
        "pass",
        "kde-fixed",
        KDE | {"/etc/xdg/kscreenlockerrc": "[Daemon][$i]\nAutolock=true\nTimeout=10\n"},
        "kde",
    ),
    Case(
        "screen_lock",
        "fail",
        "gnome-off",
        GNOME | {"/etc/dconf/db/local.d/00-lock": DCONF_ON.replace("true", "false")},
        "gnome",
    ),
    Case(
        "screen_lock",
        "fail",
        "gnome-never-idle",
        GNOME | {"/etc/dconf/db/local.d/00-lock": DCONF_ON.replace("300", "0")},
        "gnome",
    ),
    Case("screen_lock", "fail", "kde-an-hour", KDE | {"/etc/xdg/kscreenlockerrc": "[Daemon]\nTimeout=60\n"}, "kde"),
    Case(
        "screen_lock",
        "fail",
        "the-worse-of-two-desktops",
        GNOME | KDE | {"/etc/xdg/kscreenlockerrc": "[Daemon]\nAutolock=false\n"},
        "kde",
    ),
    Case(
        "screen_lock",
        "unknown",
        "gnome-users-may-change",
        GNOME | {"/etc/dconf/db/local.d/00-lock": DCONF_ON},
        detail="users may",
    ),
    Case("screen_lock", "unknown", "kde-defaults", KDE, detail="users may"),
    Case("screen_lock", "unknown", "another-desktop", {"/usr/share/xsessions/i3.desktop": ""}, detail="i3"),
]

RUNNING = processes("/usr/sbin/auditd", "/usr/bin/python3 /opt/edr/falcon-sensor --quiet", "sshd")
REQUIRED = CheckSettings(required_processes=("auditd", "falcon-sensor"))
PROCESSES = [
    Case("required_processes", "pass", "both-run", RUNNING, settings=REQUIRED),
    Case("required_processes", "pass", "none-required", RUNNING),
    Case("required_processes", "fail", "one-missing", processes("auditd"), ("falcon-sensor",), settings=REQUIRED),
    Case("required_processes", "unknown", "no-proc", {}, settings=REQUIRED),
    Case("forbidden_processes", "pass", "none-runs", RUNNING, settings=CheckSettings(forbidden_processes=("nc",))),
    Case(
        "forbidden_processes",
        "fail",
        "one-runs",
        RUNNING,
        ("sshd",),
        settings=CheckSettings(forbidden_processes=("nc", "sshd")),
    ),
    Case("forbidden_processes", "unknown", "no-proc", {}, settings=CheckSettings(forbidden_processes=("nc",))),
    Case("listening_ports", "pass", "ssh", listening(port=22, comm="sshd"), ("tcp/0.0.0.0:22",)),
    Case("listening_ports", "pass", "telnet-for-itself", listening(LOOPBACK6, 23, comm="telnetd"), ()),
    Case(
        "listening_ports",
        "pass",
        "a-client-of-udp",
        {
            "/proc/net/tcp": TCP_HEAD,
            "/proc/net/udp": TCP_HEAD + socket_line(ANY4, 40000, 5, state="07"),
            "/proc/1/comm": "init",
        },
        (),
    ),
    Case("listening_ports", "fail", "telnet", listening(ANY6, 23, comm="telnetd"), ("tcp/[::]:23",), "Telnet"),
    Case(
        "listening_ports",
        "fail",
        "memcached-udp",
        {
            "/proc/net/tcp": TCP_HEAD,
            "/proc/net/udp": TCP_HEAD + socket_line(ANY4, 11211, 5, state="07"),
            "/proc/1/comm": "init",
        },
        ("udp/0.0.0.0:11211",),
    ),
    Case("listening_ports", "unknown", "no-proc", {}),
    Case("listening_ports", "unknown", "no-table", processes("init")),
]

GROUPS = "root:x:0:\nsudo:x:27:alice\nwheel:x:10:\nusers:x:100:bob\n"
SUDOERS = "Defaults env_reset\nroot ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n"
PEOPLE = {"/etc/passwd": PASSWD, "/etc/group": GROUPS, "/etc/sudoers": SUDOERS}
ADMINISTRATORS = [
    Case("administrators", "pass", "one", PEOPLE, ("alice",)),
    Case(
        "administrators",
        "pass",
        "by-first-group",
        PEOPLE | {"/etc/passwd": PASSWD + "carol:x:1001:27::/home/carol:/bin/sh\n"},
        ("alice", "carol"),
    ),
    Case(
        "administrators",
        "pass",
        "one-command-without-password",
        PEOPLE | {"/etc/sudoers.d/backup": "bob ALL=(root) NOPASSWD: /usr/bin/rsync\n"},
        ("alice",),
    ),
    Case(
        "administrators",
        "fail",
        "without-password",
        PEOPLE | {"/etc/sudoers.d/90-cloud": "bob ALL=(ALL) \\\n  NOPASSWD:ALL\n"},
        ("alice", "bob"),
        "bob",
    ),
    Case("administrators", "fail", "everyone", PEOPLE | {"/etc/sudoers": "ALL ALL=(ALL) ALL\n"}),
    Case(
        "administrators",
        "fail",
        "second-root",
        PEOPLE | {"/etc/passwd": PASSWD + "toor:x:0:0::/root:/bin/sh\n"},
        ("alice", "toor"),
        "toor",
    ),
    Case("administrators", "unknown", "no-accounts", {}, detail="/etc/"),
]

SITE = "/opt/nac/site-packages"
AGENT_FILE = f"{SITE}/nac/agent/run.py"
RECORD = "nac/agent/run.py,sha256=AvyuiL0SD1mVY3NNxR-V2uo-lhk6RMFrytWmRt6CrJQ,5\nnac/service.py,sha256=AAAA,9\n"
INSTALLED = {AGENT_FILE: "run()", f"{SITE}/nac-0.1.0.dist-info/RECORD": RECORD}
INTEGRITY = [
    Case("agent_integrity", "pass", "as-installed", INSTALLED),
    Case("agent_integrity", "fail", "changed", INSTALLED | {AGENT_FILE: "nop()"}, ("nac/agent/run.py",), "differs"),
    Case("agent_integrity", "fail", "missing", {f"{SITE}/nac-0.1.0.dist-info/RECORD": RECORD}, ("nac/agent/run.py",)),
    Case("agent_integrity", "unknown", "checkout", {AGENT_FILE: "run()"}, detail="not installed from a wheel"),
]


def jupyter(port: int, *, token: str = "c0ffee", password: bool = False, pid: int = 200) -> dict[str, Content]:  # noqa: S107
    said = {"port": port, "pid": pid, "token": token, "password": password, "hostname": "localhost"}
    return {f"/home/alice/.local/share/jupyter/runtime/jpserver-{pid}.json": json.dumps(said)}


LAB = "/usr/bin/python3 /home/alice/.venv/bin/jupyter-lab"
NOTEBOOKS = [
    Case("rogue_notebook", "pass", "none", listening(port=22, comm="sshd"), ()),
    Case(
        "rogue_notebook",
        "pass",
        "loopback-with-token",
        listening(LOOPBACK4, 8888, comm="jupyter-lab", arguments=LAB) | jupyter(8888),
        (),
    ),
    Case(
        "rogue_notebook",
        "pass",
        "loopback-with-password",
        listening(MAPPED_LOOPBACK, 8888, comm="jupyter-lab", arguments=LAB) | jupyter(8888, token="", password=True),
        (),
    ),
    Case("rogue_notebook", "pass", "ollama-on-8888", listening(port=8888, comm="ollama"), ()),
    Case(
        "rogue_notebook",
        "fail",
        "beyond-loopback",
        listening(ANY4, 8888, comm="jupyter-lab", arguments=LAB) | jupyter(8888),
        ("tcp/0.0.0.0:8888 jupyter-lab",),
    ),
    Case(
        "rogue_notebook",
        "fail",
        "beyond-loopback-on-any-port",
        listening(ANY6, 9999, comm="python3", arguments="python3 -m jupyterlab --port=9999"),
        ("tcp/[::]:9999 python3",),
    ),
    Case(
        "rogue_notebook",
        "fail",
        "loopback-without-token",
        listening(LOOPBACK4, 8888, comm="jupyter-lab", arguments=LAB) | jupyter(8888, token=""),
        ("tcp/127.0.0.1:8888 jupyter-lab without token",),
    ),
    Case(
        "rogue_notebook",
        "fail",
        "token-emptied-on-the-command-line",
        listening(LOOPBACK4, 8888, comm="jupyter-lab", arguments=f"{LAB} --ServerApp.token=''"),
        ("tcp/127.0.0.1:8888 jupyter-lab without token",),
    ),
    Case("rogue_notebook", "fail", "marimo", listening(ANY4, 2718, comm="marimo"), ("tcp/0.0.0.0:2718 marimo",)),
    Case(
        "rogue_notebook",
        "fail",
        "process-unseen",
        listening(ANY4, 8888, comm="jupyter-lab", visible="no"),
        ("tcp/0.0.0.0:8888 -",),
    ),
    Case(
        "rogue_notebook",
        "unknown",
        "token-unseen",
        listening(LOOPBACK4, 8888, comm="jupyter-lab", arguments=LAB),
        detail="token cannot be seen",
    ),
    Case(
        "rogue_notebook",
        "unknown",
        "runtime-file-is-nonsense",
        listening(LOOPBACK4, 8888, comm="jupyter-lab", arguments=LAB)
        | {"/home/alice/.local/share/jupyter/runtime/jpserver-200.json": "[" * 9000},
    ),
    Case("rogue_notebook", "unknown", "no-proc", {}),
    Case("local_model_server", "pass", "none", listening(port=22, comm="sshd"), ()),
    Case("local_model_server", "pass", "a-web-server-on-8000", listening(port=8000, comm="nginx"), ()),
    Case(
        "local_model_server",
        "fail",
        "ollama-for-itself",
        listening(LOOPBACK4, 11434, comm="ollama", arguments="/usr/local/bin/ollama serve"),
        ("tcp/127.0.0.1:11434 ollama",),
    ),
    Case(
        "local_model_server",
        "fail",
        "ollama-unseen",
        listening(ANY4, 11434, comm="ollama", visible="no"),
        ("tcp/0.0.0.0:11434 -",),
    ),
    Case(
        "local_model_server",
        "fail",
        "vllm",
        listening(ANY4, 8000, comm="python3", arguments="python3 -m vllm.entrypoints.openai.api_server"),
        ("tcp/0.0.0.0:8000 python3",),
    ),
    Case(
        "local_model_server",
        "fail",
        "llama-cpp",
        listening(ANY4, 8080, comm="llama-server"),
        ("tcp/0.0.0.0:8080 llama-server",),
    ),
    Case(
        "local_model_server",
        "fail",
        "text-generation",
        listening(ANY4, 3000, comm="text-generation", arguments="text-generation-router --port 3000"),
        ("tcp/0.0.0.0:3000 text-generation",),
    ),
    Case("local_model_server", "unknown", "no-proc", {}),
]

NVIDIA = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  {}  {}\nGCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n"
OPEN = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  {}  Release Build  (build@host)  {}\n"
GPU = {"/sys/bus/pci/devices/0000:01:00.0/vendor": "0x10de\n", "/sys/bus/pci/devices/0000:01:00.0/class": "0x030200\n"}


def cuda(version: str) -> Files:
    return {
        f"/usr/local/cuda-{version[:4]}/version.json": json.dumps({"cuda": {"name": "CUDA SDK", "version": version}})
    }


GPUS = [
    Case(
        "gpu_driver",
        "pass",
        "current",
        {"/proc/driver/nvidia/version": NVIDIA.format("580.95.05", "Tue Sep 23 10:11:16 UTC 2026")},
        "580.95.05",
    ),
    Case(
        "gpu_driver",
        "pass",
        "open-module",
        {"/proc/driver/nvidia/version": OPEN.format("580.95.05", "Tue Sep 23 09:55:41 UTC 2026")},
        "580.95.05",
    ),
    Case("gpu_driver", "pass", "no-gpu", {"/sys/bus/pci/devices/0000:00:02.0/vendor": "0x8086\n"}),
    Case(
        "gpu_driver",
        "fail",
        "old",
        {"/proc/driver/nvidia/version": NVIDIA.format("550.90.07", "Fri May 31 09:35:42 UTC 2024")},
        "550.90.07",
        "884 days",
    ),
    Case("gpu_driver", "unknown", "no-driver", GPU, detail="not its driver"),
    Case("gpu_driver", "unknown", "odd", {"/proc/driver/nvidia/version": "NVRM version: ?\n"}),
    Case("cuda", "pass", "none", {"/usr/local/bin/": ""}),
    Case("cuda", "pass", "current", {**cuda("12.4.1"), **cuda("13.0.0")}, "13.0.0"),
    Case("cuda", "pass", "newer-than-this-agent", cuda("14.2.0"), "14.2.0"),
    Case("cuda", "fail", "old", cuda("11.8.0"), "11.8.0"),
    Case("cuda", "unknown", "nonsense", {"/usr/local/cuda/version.json": "{}"}, detail="no sense"),
]

HOME = {"/etc/passwd": PASSWD, "/home/alice/": "", "/root/": ""}
LARGE = Size(60 * 1024 * 1024)
HUB = "/home/alice/.cache/huggingface/hub/models--llama"
MODELS = [
    Case("unapproved_models", "pass", "none", HOME, ()),
    Case(
        "unapproved_models",
        "pass",
        "approved",
        HOME | {"/srv/models/llama.gguf": LARGE},
        (),
        settings=CheckSettings(approved_folders=("/srv/models/",)),
    ),
    Case("unapproved_models", "pass", "small", HOME | {"/home/alice/tiny.onnx": Size(1024)}, ()),
    Case(
        "unapproved_models",
        "pass",
        "of-another-machine",
        HOME
        | {
            "/home/alice/nfs/llama.gguf": LARGE,
            "/proc/self/mountinfo": mounts("0:50 / /home/alice/nfs rw - nfs4 host:/x rw"),
        },
        (),
    ),
    Case(
        "unapproved_models",
        "fail",
        "in-a-home",
        HOME | {"/home/alice/work/Llama.GGUF": LARGE},
        ("/home/alice/work/Llama.GGUF",),
    ),
    Case(
        "unapproved_models",
        "fail",
        "dataset",
        HOME | {"/home/alice/train.parquet": LARGE},
        ("/home/alice/train.parquet",),
    ),
    Case(
        "unapproved_models",
        "fail",
        "hub-cache",
        HOME | {f"{HUB}/blobs/0a1b": LARGE, f"{HUB}/snapshots/main/model.safetensors": Link("../../blobs/0a1b")},
        (f"{HUB}/snapshots/main/model.safetensors",),
    ),
    Case(
        "unapproved_models",
        "fail",
        "ollama",
        HOME | {"/usr/share/ollama/.ollama/models/blobs/sha256-0a": LARGE},
        ("/usr/share/ollama/.ollama/models/blobs/sha256-0a",),
    ),
    Case(
        "unapproved_models",
        "fail",
        "smaller-by-settings",
        HOME | {"/home/alice/tiny.pt": Size(2 << 20)},
        ("/home/alice/tiny.pt",),
        settings=CheckSettings(model_size_mib=1),
    ),
    Case("unapproved_models", "unknown", "no-accounts", {}),
]

TOKENS = [
    Case("plaintext_tokens", "pass", "none", HOME, ()),
    Case(
        "plaintext_tokens",
        "pass",
        "settings-without-secret",
        HOME
        | {
            "/home/alice/.docker/config.json": '{"auths": {"ghcr.io": {}}, "credsStore": "pass"}',
            "/home/alice/.aws/credentials": "[default]\ncredential_process = /usr/bin/vault\n",
        },
        (),
    ),
    Case(
        "plaintext_tokens",
        "fail",
        "hub-and-cloud",
        HOME
        | {
            "/home/alice/.cache/huggingface/token": "hf_AbCdEfGhIjKl",
            "/root/.aws/credentials": "[default]\naws_access_key_id = AKIA\naws_secret_access_key = wJalrXUtnFEMI\n",
        },
        ("aws:/root/.aws/credentials", "huggingface:/home/alice/.cache/huggingface/token"),
    ),
    Case(
        "plaintext_tokens",
        "fail",
        "git",
        HOME | {"/home/alice/.git-credentials": "https://alice:ghp_x1y2@github.com\n"},
        ("git:/home/alice/.git-credentials",),
    ),
    Case("plaintext_tokens", "unknown", "no-accounts", {}),
    Case(
        "plaintext_tokens",
        "unknown",
        "leads-out-of-the-home",
        HOME | {"/home/alice/.netrc": Link("../../etc/shadow"), "/etc/shadow": "password 12345678"},
        detail="leads out of",
    ),
]

CASES = (
    *ENCRYPTED,
    *FIREWALL,
    *SYSTEM,
    *UPDATES,
    *SCREEN,
    *PROCESSES,
    *ADMINISTRATORS,
    *INTEGRITY,
    *NOTEBOOKS,
    *GPUS,
    *MODELS,
    *TOKENS,
)
