"""What commands print: test runs, logs, errors, git and pip."""

from collections.abc import Sequence
from random import Random

from recall.source_tree import Function, SourceFile
from recall.words import Words


def pytest_run(words: Words, modules: Sequence[str], failure: tuple[str, str] | None = None) -> str:
    """Return a test run; `failure` is a failed test with its message."""
    random = words.random
    lines = [
        "============================= test session starts ==============================",
        "platform linux -- Python 3.12.4, pytest-8.3.2, pluggy-1.5.0",
        f"collected {random.randrange(40, 400)} items",
        "",
    ]
    lines += [
        f"tests/test_{name}.py {'.' * random.randrange(5, 50)}{' ' * 8}[{random.randrange(5, 99)}%]"
        for name in modules
    ]
    seconds = random.randrange(200, 9000) / 100
    if failure is None:
        return "\n".join(
            [*lines, "", f"====== {random.randrange(40, 400)} passed in {seconds} s ======"]
        )
    test, message = failure
    lines += [
        "",
        "=================================== FAILURES ===================================",
        f"_________________________ {test.rpartition('::')[2]} _________________________",
        "",
        f"    def {test.rpartition('::')[2]}(client):",
        f"        reply = client.get('/v2/{words.thing()}s', limit={random.randrange(2, 50)})",
        f">       {message}",
        f"E       {message.replace('assert', 'AssertionError: assert', 1)}",
        "",
        f"{test.partition('::')[0]}:{random.randrange(20, 300)}: AssertionError",
        "=========================== short test summary info ============================",
        f"FAILED {test} - {message}",
        f"========= 1 failed, {random.randrange(40, 300)} passed in {seconds} s =========",
    ]
    return "\n".join(lines)


def traceback(random: Random, file: SourceFile, function: Function, error: str) -> str:
    """Return a stack trace that ends in a function."""
    line = random.randrange(function.first_line + 1, function.last_line)
    lines = ["Traceback (most recent call last):"]
    for caller in random.sample(file.functions, k=min(3, len(file.functions))):
        at = random.randrange(caller.first_line, caller.last_line)
        lines += [
            f'  File "{file.path}", line {at}, in {caller.name.rpartition(".")[2]}',
            f"    {file.lines[at - 1].strip() or 'pass'}",
        ]
    lines += [
        f'  File "{file.path}", line {line}, in {function.name.rpartition(".")[2]}',
        f"    {file.lines[line - 1].strip() or 'pass'}",
        error,
    ]
    return "\n".join(lines)


def log_lines(words: Words, count: int, middle: str = "") -> str:
    """Return lines of a service's log, with a line in the middle."""
    random = words.random
    style = random.choice(("json", "plain", "access"))
    lines = [_log_line(words, style, second) for second in range(count)]
    if middle:
        lines.insert(random.randrange(count * 2 // 5, count * 3 // 5), middle)
    return "\n".join(lines)


def _log_line(words: Words, style: str, second: int) -> str:
    random = words.random
    time = f"2026-03-{random.randrange(10, 28)}T08:{second // 60 % 60:02}:{second % 60:02}"
    event = random.choice(
        ("request finished", "cache miss", "connection reused", "batch written", "token refreshed",
         "heartbeat", "row skipped", "retry scheduled", "lease renewed")
    )  # fmt: skip
    duration, thing = random.randrange(2, 900), words.thing()
    if style == "json":
        return (
            f'{{"ts":"{time}Z","level":"{random.choice(("info", "info", "debug", "warning"))}",'
            f'"msg":"{event}","{thing}":"{words.hash(6)}","ms":{duration}}}'
        )
    if style == "plain":
        level = random.choice(("INFO ", "INFO ", "DEBUG", "WARN "))
        return f"{time} {level} [{thing}-{random.randrange(1, 9)}] {event} ({duration} ms)"
    path = f"/v2/{thing}s/{random.randrange(1, 99999)}"
    return f'10.0.{random.randrange(9)}.{random.randrange(250)} - - "GET {path}" 200 {duration}'


def git_log(words: Words, subjects: Sequence[str]) -> str:
    """Return `git log --oneline`."""
    return "\n".join(f"{words.hash(7)} {subject}" for subject in subjects)


def grep_matches(file: SourceFile, word: str, limit: int = 25) -> str:
    """Return the lines of a file that have a word, as `rg -n` prints them."""
    pairs = enumerate(file.lines, 1)
    found = [f"{file.path}:{number}:{line}" for number, line in pairs if word in line]
    return "\n".join(found[:limit]) or "(no matches)"


def pip_install(words: Words, package: str, version: str) -> str:
    """Return what pip prints."""
    others = ("certifi", "idna", "typing-extensions", "packaging", "attrs")
    random = words.random
    lines = [
        f"Collecting {package}",
        f"  Downloading {package}-{version}-py3-none-any.whl ({random.randrange(20, 900)} kB)",
    ]
    lines += [
        f"Requirement already satisfied: {other} in ./.venv/lib/python3.12/site-packages"
        for other in random.sample(others, k=3)
    ]
    return "\n".join(
        [
            *lines,
            f"Installing collected packages: {package}",
            f"Successfully installed {package}-{version}",
        ]
    )


def build_error(words: Words, file: str, message: str) -> str:
    """Return a build that fails."""
    random = words.random
    steps = ["[1/7] RUN apt-get update", "[2/7] COPY pyproject.toml .", "[3/7] RUN pip wheel ."]
    line = random.randrange(10, 400)
    return "\n".join(
        [*steps, f"{file}:{line}:{random.randrange(2, 60)}: error: {message}", "1 error generated.",
         "make: *** [Makefile:41: build] Error 1"]
    )  # fmt: skip
