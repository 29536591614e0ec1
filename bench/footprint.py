"""What is measured without requests: start times and the size of an installation."""

import re
import statistics
import subprocess
import sys
import time
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from figure import Figure
from servers import FLOOR, Server, environment

_PACKAGE = "ollama-claude-proxy"
_LIBRARIES = ("httpx", "starlette", "uvicorn")


def start(folder: Path, proxy: str, *, times: int) -> list[Figure]:
    """Measure the time from the start of a process to its first answer, and of `ocp --help`."""
    ocp = str(Path(sys.executable).parent / "ocp")
    seconds: dict[str, list[float]] = {"floor": [], "ocp": [], "python": [], "help": []}
    for _ in range(times):
        for name, command in (("floor", FLOOR), ("ocp", proxy)):
            with Server(name, command, folder, "http://127.0.0.1:9") as server:
                seconds[name].append(server.started)
        seconds["python"].append(_run(folder, sys.executable, "-c", "pass"))
        seconds["help"].append(_run(folder, ocp, "--help"))
    median = {name: statistics.median(values) for name, values in seconds.items()}
    serving = {"floor": median["floor"], "ocp": median["ocp"]}
    helping = {"floor": median["python"], "ocp": median["help"]}
    return [
        Figure("start to the first 200 on /health", "s", serving, mark=0.45, digits=3),
        Figure("`ocp --help` (floor: python -c pass)", "s", helping, mark=0.2, digits=3),
    ]


def _run(folder: Path, *command: str) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, check=True)
    return time.perf_counter() - started


def install() -> list[Figure]:
    """Measure the installed distributions that the package needs, from their own records."""
    package = _with_dependencies([_PACKAGE])
    floor = _with_dependencies(_LIBRARIES)
    size = {"floor": _megabytes(floor), "ocp": _megabytes(package)}
    count = {"floor": float(len(floor)), "ocp": float(len(package))}
    return [
        Figure("install size", "MB", size, mark=36, digits=1),
        Figure("distributions", "", count, mark=24, digits=0),
    ]


def _with_dependencies(names: list[str] | tuple[str, ...]) -> dict[str, Distribution]:
    """Return the named distributions and all that they depend on, without extras."""
    distributions: dict[str, Distribution] = {}
    waiting = list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in distributions:
            continue
        try:
            distributions[name] = distribution(name)
        except PackageNotFoundError:
            continue
        for line in distributions[name].requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return distributions


def _megabytes(distributions: dict[str, Distribution]) -> float:
    total = 0
    for name, installed in distributions.items():
        if name == _PACKAGE:  # may be an editable install
            folder = Path(__file__).parent.parent / "src"
            total += sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            continue
        paths = (Path(str(path.locate())) for path in installed.files or ())
        total += sum(path.stat().st_size for path in paths if path.is_file())
    return total / 1e6
