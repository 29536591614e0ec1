"""The ordinary work of a session between what is asked for later.

Real source files of the standard library, test runs, logs and git's output, with the talk of a
coding assistant. The words are of the same trade as the questions'.
"""

import random
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from support.recall_logs import git_log, json_log, pytest_run
from support.recall_writer import SessionWriter

# Modules that people read for a pattern, in every supported Python; none that is asked about.
_MODULES = """abc bisect calendar cmd codecs colorsys contextlib copy csv dataclasses enum filecmp
fileinput fnmatch fractions functools genericpath getopt getpass gettext glob graphlib gzip hashlib
heapq hmac imaplib keyword linecache locale mimetypes netrc numbers operator optparse pathlib pprint
profile pstats quopri random reprlib sched selectors shelve shlex shutil signal smtplib socketserver
stat statistics string stringprep struct tabnanny tempfile this timeit token tokenize trace
types uuid weakref zipapp"""

_REQUESTS = (
    "Before we go on: how does the standard library's {module} do this? Have a look.",
    "I'd like the style of {module} here. Read it again and tell me if ours is close.",
    "Check {module} please, somebody claimed that it changed.",
    "Is there anything in {module} that we could use instead of our own helper?",
    "Have another look at {module}, I want the naming to be consistent with it.",
)
_REPLIES = (
    "Read it. Our helper is close enough; I would leave it as it is.",
    "Nothing there that we need. The structure is similar, only the error handling is richer.",
    "I looked through it. The naming is the usual one, ours follows it already.",
    "It does the same with one more indirection. I see no reason to change ours.",
)
_CHECKS = (
    ("Run the whole suite once more.", "All of it passes."),
    ("Are we still green?", "Yes, nothing is broken."),
    ("Quick check of the tests, please.", "They pass, in about the same time as before."),
)
_LOGS = (
    ("What does the log of the worker look like at the moment?", "It looks healthy to me."),
    ("Tail the service log, is anything odd?", "Only ordinary requests, nothing odd."),
    ("Can you see traffic in staging?", "Yes, there is steady traffic, and no errors."),
)


@cache
def library_source(module: str) -> str:
    """Return the source of a module of the standard library."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    file = folder / f"{module}.py"
    if not file.exists():
        file = folder / module / "__init__.py"
    return file.read_text("utf-8")


class Filler:
    """Adds ordinary work to a session, each time something else.

    The library is not the same in each Python, so the filler draws from a `random` of its own.
    """

    def __init__(self, writer: SessionWriter) -> None:
        self._writer = writer
        self._random = random.Random(writer.random.randrange(2**32))
        modules = [module for module in _MODULES.split() if len(library_source(module)) > 400]
        self._random.shuffle(modules)
        self._modules = _endless(modules)

    def work(self, characters: int) -> None:
        """Add turns of about so many characters, each with words of the user."""
        end = self._writer.characters + characters
        while self._writer.characters < end:
            match self._random.randrange(5):
                case 0:
                    self._test_run()
                case 1:
                    self._log()
                case _:
                    self._look()

    def reading(self, characters: int, say: str) -> None:
        """Add readings of about so many characters, with the model's words before the first."""
        end = self._writer.characters + characters
        while self._writer.characters < end:
            self._read(next(self._modules), say)
            say = ""

    def excerpt(self) -> tuple[str, str]:
        """Return the path of a module and a piece of its source."""
        module = next(self._modules)
        lines = library_source(module).splitlines()
        start = self._random.randrange(max(len(lines) - 60, 1))
        return f"/usr/lib/python3/{module}.py", "\n".join(lines[start : start + 60])

    def _look(self) -> None:
        module = next(self._modules)
        self._writer.user(self._random.choice(_REQUESTS).format(module=module))
        self._read(module)
        self._writer.say(self._random.choice(_REPLIES))

    def _read(self, module: str, say: str = "") -> None:
        lines = library_source(module).splitlines()
        size = self._random.randrange(40, 160)
        start = self._random.randrange(max(len(lines) - size, 1))
        text = "\n".join(lines[start : start + size])
        self._writer.read(f"/usr/lib/python3/{module}.py", text, say)

    def _test_run(self) -> None:
        request, reply = self._random.choice(_CHECKS)
        self._writer.user(request)
        self._writer.bash("pytest -q tests", pytest_run(self._random, 6))
        self._writer.say(reply)

    def _log(self) -> None:
        request, reply = self._random.choice(_LOGS)
        self._writer.user(request)
        if self._random.random() < 0.5:
            self._writer.bash("tail -n 20 var/log/worker.json", json_log(self._random, 20))
        else:
            self._writer.bash("git log --stat -n 6", git_log(self._random, 6))
        self._writer.say(reply)


def _endless(modules: list[str]) -> Iterator[str]:
    while True:
        yield from modules
