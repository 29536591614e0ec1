"""The process that listens on a port: from /proc on Linux, from `lsof` on macOS."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TCP_LISTEN = "0A"  # in the kernel's include/net/tcp_states.h
_LSOF_TIMEOUT = 3.0  # seconds


@dataclass(frozen=True)
class PortOwner:
    """A process and the name of its program."""

    process_id: int
    program: str


def find_port_owner(port: int) -> PortOwner | None:
    """Return the process that listens on `port`; None if the system does not show it."""
    if (_PROC / "net" / "tcp").exists():
        return _from_proc(port)
    return _from_lsof(port)


def _from_proc(port: int) -> PortOwner | None:
    links = {f"socket:[{inode}]" for inode in _inodes(port)}
    if not links:
        return None
    for folder in _PROC.iterdir():
        if folder.name.isdigit() and _has_open(folder, links):
            try:
                program = (folder / "comm").read_text().strip()
            except OSError:  # the process has ended meanwhile
                continue
            return PortOwner(int(folder.name), program)
    return None


def _inodes(port: int) -> Iterator[str]:
    """Yield the inodes of the listening sockets; a line is `sl local remote state … inode`."""
    for table in ("tcp", "tcp6"):
        try:
            lines = (_PROC / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _TCP_LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _has_open(folder: Path, links: set[str]) -> bool:
    """Whether a process has one of the sockets open; False for other users' processes."""
    try:
        return any(str(file.readlink()) in links for file in (folder / "fd").iterdir())
    except OSError:
        return False


def _from_lsof(port: int) -> PortOwner | None:
    """Read `lsof -F pc`: a line `pNUMBER`, then a line `cNAME`."""
    program = shutil.which("lsof")
    if program is None:
        return None
    command = [program, "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"]
    try:
        process = subprocess.run(  # noqa: S603  # the only input is a number
            command, capture_output=True, text=True, timeout=_LSOF_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    fields = {line[:1]: line[1:] for line in reversed(process.stdout.splitlines())}
    if not fields.get("p", "").isdigit():
        return None
    return PortOwner(int(fields["p"]), fields.get("c", "?"))
