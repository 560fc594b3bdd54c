"""Two tokens that hold keys of devices: SoftHSM, and a TPM by swtpm and tpm2-pkcs11. One tool sets both up."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from lab_home import Home

PIN: Final = "24681357"
OFFICER_PIN: Final = "86427531"
LIBRARIES: Final = Path(f"/usr/lib/{platform.machine()}-linux-gnu")
SOFTHSM: Final = Path("/usr/lib/softhsm/libsofthsm2.so")
TPM: Final = LIBRARIES / "pkcs11/libtpm2_pkcs11.so"
NEEDED: Final = {
    "curl": "curl",
    "dbus-daemon": "dbus-daemon",
    "openssl": "openssl",
    "pkcs11-tool": "opensc",
    "swtpm": "swtpm",
    "tpm2-abrmd": "tpm2-abrmd",
    "tpm2_getcap": "tpm2-tools",
    str(LIBRARIES / "engines-3/pkcs11.so"): "libengine-pkcs11-openssl",
    str(LIBRARIES / "libtss2-tcti-swtpm.so.0"): "libtss2-tcti-swtpm0",
    str(LIBRARIES / "libtss2-tcti-tabrmd.so.0"): "libtss2-tcti-tabrmd0",
    str(SOFTHSM): "softhsm2",
    str(TPM): "libtpm2-pkcs11-1",
}
"""Programs and libraries, and the packages that they come in."""


@dataclass(frozen=True)
class Token:
    """A token called `nac`. `settings`: what its module finds in the environment."""

    module: Path
    settings: dict[str, str]

    def tool(self, *words: str) -> None:
        """Run pkcs11-tool on it."""
        command = ["pkcs11-tool", "--module", str(self.module), *words]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, **self.settings})

    def make_key(self, label: str, kind: str) -> str:
        """A new key pair, `kind` as in `EC:prime256v1`; its URI."""
        number = label.encode().hex()
        words = ("--keypairgen", "--key-type", kind, "--label", label, "--id", number)
        self.tool("--token-label", "nac", "--login", "--pin", PIN, *words)
        return f"pkcs11:token=nac;object={label}"

    @contextmanager
    def in_environment(self) -> Iterator[None]:
        """This process as one that its administrator has told where the token is."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.settings.items():
                patch.setenv(name, value)
            yield


def prepared(token: Token) -> Token:
    """The same, with the name `nac` and its PIN."""
    token.tool("--init-token", "--slot-index", "0", "--label", "nac", "--so-pin", OFFICER_PIN)
    officer = ("--login", "--login-type", "so", "--so-pin", OFFICER_PIN)
    token.tool("--token-label", "nac", *officer, "--init-pin", "--pin", PIN)
    return token


@contextmanager
def softhsm() -> Iterator[Token]:
    """A token of SoftHSM, in files."""
    require_packages()
    with tempfile.TemporaryDirectory(prefix="nac-hsm-") as folder:
        settings = Path(folder) / "softhsm2.conf"
        (Path(folder) / "tokens").mkdir()
        settings.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        yield prepared(Token(SOFTHSM, {"SOFTHSM2_CONF": str(settings)}))


@contextmanager
def tpm() -> Iterator[Token]:
    """A TPM 2.0 of swtpm behind a resource manager, as the kernel's /dev/tpmrm0 is one, on sockets of its own."""
    require_packages()
    with tempfile.TemporaryDirectory(prefix="nac-tpm-") as folder, ExitStack() as running:
        for name in ("state", "store"):
            (Path(folder) / name).mkdir()
        bus = f"unix:path={folder}/bus"
        settings = {
            "DBUS_SESSION_BUS_ADDRESS": bus,
            "TPM2_PKCS11_STORE": f"{folder}/store",
            "TPM2_PKCS11_TCTI": "tabrmd:bus_type=session",
            "TPM2TOOLS_TCTI": "tabrmd:bus_type=session",
        }

        def start(*command: str) -> subprocess.Popen[bytes]:
            quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            process = running.enter_context(subprocess.Popen(command, env={**os.environ, **settings}, **quiet))
            running.callback(process.terminate)
            return process

        sockets = ["--server", f"type=unixio,path={folder}/tpm", "--ctrl", f"type=unixio,path={folder}/tpm.ctrl"]
        state = ["--tpmstate", f"dir={folder}/state", "--flags", "not-need-init,startup-clear"]
        start("swtpm", "socket", "--tpm2", *state, *sockets)
        broker = start("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address", f"--address={bus}")
        assert broker.stdout is not None
        assert broker.stdout.readline()
        until(lambda: Path(folder, "tpm.ctrl").exists() and Path(folder, "tpm").exists())
        start("tpm2-abrmd", "--allow-root", "--session", f"--tcti=swtpm:path={folder}/tpm")
        asked = ["tpm2_getcap", "commands"]
        until(lambda: not subprocess.run(asked, env={**os.environ, **settings}, capture_output=True).returncode)
        yield prepared(Token(TPM, settings))


def certified(home: Home, token: Token, uri: str, folder: Path, *names: str) -> dict[str, str]:
    """What `nac pki issue` wrote for a request that the token's key has signed. The PIN is in `folder`/pin."""
    request, issued = str(folder / "device.csr"), str(folder / "issued")
    key = f"org.openssl.engine:pkcs11:{uri};pin-source=file:{folder}/pin"
    command = ["openssl", "req", "-new", "-subj", "/CN=device", "-key", key, "-out", request]
    surroundings = {**os.environ, **token.settings, "PKCS11_MODULE_PATH": str(token.module)}
    subprocess.run(command, check=True, capture_output=True, env=surroundings)
    made: dict[str, str] = home.json("pki", "issue", *names, "--csr", request, "--out", issued)
    return made


def require_packages() -> None:
    """A missing package is a failure that says so, never a skip."""
    missing = [package for name, package in NEEDED.items() if not shutil.which(name) and not Path(name).exists()]
    if missing:
        pytest.fail(f"not installed: apt-get install {' '.join(missing)}", pytrace=False)


def until(ready: Callable[[], bool]) -> None:
    """Ask until it is so; fails after a minute."""
    end = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < end


TOKENS: Final[dict[str, Callable[[], AbstractContextManager[Token]]]] = {"softhsm": softhsm, "tpm": tpm}
