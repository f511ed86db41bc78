"""The three machines of `deploy/patroni/` on loopback: etcd, Patroni and PostgreSQL on each, HAProxy before them."""

import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import requests

from shared.config import surroundings
from stack import ROOT, unprivileged
from tests.environments import environment
from tests.running import eventually, free_port

FILES = ROOT / "deploy" / "patroni"
DEBIAN = "/usr/sbin:/usr/bin:/sbin:/bin"
ETCD, HAPROXY, PYTHON = (shutil.which(program, path=DEBIAN) for program in ("etcd", "haproxy", "python3"))
NAMES = ("one", "two", "three")
PASSWORD = "password-of-postgres"
ASKING_SECONDS = 2


class Machine:
    """One of the three, with its files in `folder`; `told` is the environment of its etcd and its Patroni."""

    def __init__(self, folder: Path, name: str, patroni: Path, told: dict[str, str]) -> None:
        self.name, self._folder = name, folder
        self._commands = {"etcd": [str(ETCD)], "patroni": [str(patroni), str(folder / "patroni.yml")]}
        self._environment = surroundings() | told | {"HOME": str(folder)}
        self._running: dict[str, subprocess.Popen] = {}

    def start(self) -> None:
        """What does not run."""
        for program, command in self._commands.items():
            if program not in self._running or self._running[program].poll() is not None:
                with (self._folder / f"{program}.log").open("ab") as log:
                    self._running[program] = unprivileged.run_as_system_user(
                        subprocess.Popen, command, env=self._environment, stdout=log, stderr=log
                    )

    def send(self, number: signal.Signals) -> None:
        """A signal to all that runs here: at first to what would start others."""
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        if number == signal.SIGKILL:
            for each in self._running.values():
                each.wait()

    def _processes(self) -> list[psutil.Process]:
        found = [psutil.Process(each.pid) for each in self._running.values() if each.poll() is None]
        with suppress(OSError, ValueError, IndexError, psutil.NoSuchProcess):
            found += [child for each in found for child in each.children(recursive=True)]
            written = (self._folder / "data" / "postmaster.pid").read_text().splitlines()
            postmaster = psutil.Process(int(written[0]))
            if abs(postmaster.create_time() - int(written[2])) < 10 and "postgres" in postmaster.name():
                found += [postmaster, *postmaster.children(recursive=True)]
        return found

    def members(self) -> dict[str, str]:
        """`{name: "role state"}` of all members, as this one sees them; nothing while it does not answer."""
        try:
            address = self._environment["PATRONI_RESTAPI_LISTEN"]
            found = requests.get(f"http://{address}/cluster", timeout=ASKING_SECONDS).json()["members"]
        except (requests.RequestException, ValueError):
            return {}
        return {each["name"]: f"{each['role']} {each['state']}" for each in found}


class Machines:
    """The three machines, and HAProxy at `port`."""

    def __init__(self, home: Path) -> None:
        self._home, self.port = home, free_port()
        self._ports: dict[tuple[str, str], int] = {}
        home.mkdir()
        home.chmod(0o711)
        patroni = _patroni()
        self.each = {name: self._made(place, name, patroni) for place, name in zip("123", NAMES, strict=True)}
        for machine in self.each.values():
            machine.start()
        command = [str(HAPROXY), "-db", "-f", str(self._write("haproxy.cfg", home))]
        with (home / "haproxy.log").open("ab") as log:
            self._haproxy = unprivileged.run_as_system_user(subprocess.Popen, command, stdout=log, stderr=log)

    def _made(self, place: str, name: str, patroni: Path) -> Machine:
        folder = self._home / name
        folder.mkdir()
        unprivileged.give_to_system_user(folder)
        self._write("patroni.yml", folder)
        told: dict[str, str] = {}
        for file in ("etcd.env.example", "member.env.example"):
            # What is documented is the first machine: its name and its address are another's on the others.
            text = (FILES / file).read_text().replace("NAME=one\n", f"NAME={name}\n")
            text = re.sub(r"^(\w+=(http://)?)10\.0\.0\.1:", rf"\g<1>10.0.0.{place}:", text, flags=re.MULTILINE)
            lines = [line for line in self._ours(text, folder).splitlines() if line and not line.startswith("#")]
            told |= dict(line.split("=", 1) for line in lines)
        return Machine(folder, name, patroni, told)

    def _write(self, file: str, folder: Path) -> Path:
        path = folder / file
        path.write_text(self._ours((FILES / file).read_text(), folder))
        path.chmod(0o644)
        return path

    def _ours(self, text: str, folder: Path) -> str:
        """What is documented, with ports and folders of our own."""
        for documented, ours in {
            "127.0.0.1:5000": f"127.0.0.1:{self.port}",
            "10.0.0.0/24": "127.0.0.0/8",
            "/usr/lib/postgresql/18/bin": str(unprivileged.binaries()),
            "/var/lib/postgresql/18/patchbay": f"{folder}/data",
            "/var/lib/postgresql/patroni.pgpass": f"{folder}/pgpass",
            "/var/run/postgresql": str(folder),
            "/var/lib/etcd/patchbay": f"{folder}/etcd",
        }.items():
            text = text.replace(documented, ours)
        text = re.sub(r"10\.0\.0\.(\d):(\d+)( check port (\d+))?", self._address, text)
        return re.sub(r"PASSWORD=$", f"PASSWORD={PASSWORD}", text, flags=re.MULTILINE)

    def _address(self, found: re.Match[str]) -> str:
        place, port, checked, at = found.groups()
        return f"127.0.0.1:{self._port(place, port)}" + (f" check port {self._port(place, at)}" if checked else "")

    def _port(self, place: str, documented: str) -> int:
        return self._ports.setdefault((place, documented), free_port())

    def members(self) -> dict[str, str]:
        """What the first of them that answers sees."""
        return next((found for each in self.each.values() if (found := each.members())), {})

    def wait_until_whole(self) -> None:
        """A leader, and two that follow it, either of which may have a commit before it is acknowledged."""
        whole = ["leader running", "quorum_standby streaming", "quorum_standby streaming"]
        eventually(lambda: sorted(self.members().values()) == whole, "there is a leader, and two follow")

    @property
    def leader(self) -> Machine:
        (name,) = [name for name, role in self.members().items() if role.startswith("leader")]
        return self.each[name]

    def close(self) -> None:
        for each in self.each.values():
            each.send(signal.SIGKILL)
        self._haproxy.kill()
        self._haproxy.wait()


def _patroni() -> Path:
    """The program, where the user who runs PostgreSQL can reach it and its Python."""
    if unprivileged.system_user() is None:
        made = environment("patroni")
    else:
        reached = unprivileged.open_to_all(Path(sys.executable).resolve())
        made = environment("patroni", sys.executable if reached else str(PYTHON), unprivileged.public_home())
    return made.folder / "bin" / "patroni"
