"""Who listens on a port, where the system tells: Linux in /proc, macOS through `lsof`."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_LISTENS = "0A"  # TCP_LISTEN in the kernel's include/net/tcp_states.h
_PATIENCE = 3.0


@dataclass(frozen=True)
class PortOwner:
    """A process and the name of its program."""

    process: int
    program: str


def port_owner(port: int) -> PortOwner | None:
    """Give the process that listens on `port`; None where the system keeps it from us."""
    if (_PROC / "net" / "tcp").exists():
        return _from_proc(port)
    return _from_lsof(port)


def _from_proc(port: int) -> PortOwner | None:
    wanted = {f"socket:[{inode}]" for inode in _inodes(port)}
    if not wanted:
        return None
    for folder in _PROC.iterdir():
        if folder.name.isdigit() and _holds(folder, wanted):
            try:
                program = (folder / "comm").read_text().strip()
            except OSError:  # it ended meanwhile
                continue
            return PortOwner(int(folder.name), program)
    return None


def _inodes(port: int) -> Iterator[str]:
    """Give the inodes of the listening sockets; a line is `sl local remote state … inode`."""
    for table in ("tcp", "tcp6"):
        try:
            lines = (_PROC / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            if words[3] == _LISTENS and int(words[1].rpartition(":")[2], 16) == port:
                yield words[9]


def _holds(folder: Path, wanted: set[str]) -> bool:
    """Tell whether the process has one of the sockets open; another user's we may not look at."""
    try:
        return any(str(link.readlink()) in wanted for link in (folder / "fd").iterdir())
    except OSError:
        return False


def _from_lsof(port: int) -> PortOwner | None:
    """Read `lsof -F pc`: a line `pNUMBER`, then a line `cNAME`."""
    program = shutil.which("lsof")
    if program is None:
        return None
    words = [program, "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"]
    try:
        done = subprocess.run(  # noqa: S603  # a number is all that comes from outside
            words, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = {line[:1]: line[1:] for line in reversed(done.stdout.splitlines())}
    if not found.get("p", "").isdigit():
        return None
    return PortOwner(int(found["p"]), found.get("c", "?"))
