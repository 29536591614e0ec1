"""Outputs of commands: a test run, a service's log in JSON, git's log."""

import json
import random

_AREAS = ("rates", "zones", "labels", "tracking", "returns", "pickup", "invoices", "webhooks")
_DOINGS = ("round_trip", "empty", "unicode", "two_parcels", "rejected", "sorted", "limits", "merge")
_EVENTS = (
    "request finished",
    "job picked up",
    "job finished",
    "cache refreshed",
    "carrier answered",
    "label stored",
    "page rendered",
    "token renewed",
)
_AUTHORS = ("Build Bot <bot@parcelhub.example>", "Release Bot <release@parcelhub.example>")
_SUBJECTS = (
    "Tidy imports",
    "Update the lock file",
    "Spelling in comments",
    "Regenerate the API reference",
    "Type hints for helpers",
    "Move constants together",
    "Remove a dead branch",
    "Pin the linter",
)


def pytest_run(chance: random.Random, files: int) -> str:
    """Return the output of a run in which all tests pass."""
    areas = [chance.choice(_AREAS) for _ in range(files)]
    lines = [
        f"tests/unit/test_{area}_{chance.choice(_DOINGS)}.py {'.' * chance.randrange(4, 30)}"
        f" [{(number + 1) * 100 // files:>3}%]"
        for number, area in enumerate(areas)
    ]
    total = chance.randrange(80, 240)
    seconds = chance.random() * 9 + 1
    return "\n".join([*lines, "", f"{total} passed in {seconds:.2f}s"])


def pytest_lines(chance: random.Random, count: int) -> list[str]:
    """Return the lines of a verbose run in which all tests pass."""
    return [
        f"tests/unit/test_{chance.choice(_AREAS)}.py::test_{chance.choice(_DOINGS)}"
        f"[{chance.randrange(1000)}] PASSED [{number * 100 // count:>3}%]"
        for number in range(count)
    ]


def json_log(chance: random.Random, count: int) -> str:
    """Return lines of a service's log."""
    return "\n".join(json_lines(chance, count))


def json_lines(chance: random.Random, count: int) -> list[str]:
    """Return lines of a service's log, as a list."""
    start = chance.randrange(3000)
    return [
        json.dumps(
            {
                "time": f"2026-02-11T09:{second // 60:02}:{second % 60:02}",
                "level": "info",
                "event": chance.choice(_EVENTS),
                "area": chance.choice(_AREAS),
                "milliseconds": chance.randrange(2, 900),
                "trace": f"{chance.getrandbits(48):012x}",
            }
        )
        for second in range(start, start + count)
    ]


def git_log(chance: random.Random, count: int) -> str:
    """Return commits with the files that they changed."""
    return "\n".join(line for _ in range(count) for line in git_commit(chance))


def git_commit(chance: random.Random, subject: str = "") -> list[str]:
    """Return one commit of a log."""
    area, lines = chance.choice(_AREAS), chance.randrange(1, 40)
    return [
        f"commit {chance.getrandbits(160):040x}",
        f"Author: {chance.choice(_AUTHORS)}",
        f"Date:   Tue Feb {chance.randrange(1, 11)} 10:{chance.randrange(60):02}:00 2026 +0100",
        "",
        f"    {subject or chance.choice(_SUBJECTS)}",
        "",
        f" src/parcelhub/{area}/helpers.py | {lines} +-",
        "",
    ]
