"""Stories with results of more than 12,000 characters, and a fact in the middle of each."""

from collections.abc import Iterator

from support.recall_filler import library_source
from support.recall_logs import git_commit, json_lines, pytest_lines
from support.recall_writer import Kind, SessionWriter


def long_test_log(w: SessionWriter) -> Iterator[None]:
    lines = pytest_lines(w.random, 200)
    value = w.random.randrange(300, 900)
    lines[97:97] = [
        "tests/unit/test_dimweight.py::test_oversize FAILED [ 48%]",
        "E       assert Dimensions(girth=412).surcharge() == Decimal('18.40')",
        f"E        +  where the divisor was {value * 10 + 1} and not 5000",
    ]
    w.user("Run everything verbosely, I want to see the slow ones.")
    w.bash("pytest -vv tests/unit", "\n".join(lines), failed=True)
    w.say("The slow ones are those with `limits`. One test of the oversize surcharge fails.")
    yield
    w.ask(
        Kind.MIDDLE,
        "In that verbose run the oversize surcharge failed: which divisor did it use?",
        f"the divisor was {value * 10 + 1}",
    )


def long_service_log(w: SessionWriter) -> Iterator[None]:
    lines = json_lines(w.random, 110)
    token = f"{w.random.getrandbits(40):010x}"
    lines.insert(
        52,
        '{"time": "2026-02-11T09:17:55", "level": "error", "event": "refund refused", '
        f'"reason": "ledger period closed", "case": "RF-{token}"}}',
    )
    w.user("Show me an hour of the payment worker's log.")
    w.bash("tail -n 111 var/log/payments.json", "\n".join(lines))
    w.say("Mostly ordinary jobs; one refund was refused in between.")
    yield
    w.ask(
        Kind.MIDDLE,
        "Which case was it whose refund got refused in the payment worker's log?",
        f"RF-{token}",
    )


def long_history(w: SessionWriter) -> Iterator[None]:
    commits = [git_commit(w.random) for _ in range(64)]
    commits[31] = git_commit(w.random, "Clamp dunning interval to 11 days after the audit")
    w.user("What happened in the repository since the new year?")
    w.bash("git log --stat --since 2026-01-01", "\n".join(line for one in commits for line in one))
    w.say("Sixty-odd commits, most of them housekeeping, and a few with behaviour.")
    yield
    w.ask(
        Kind.MIDDLE,
        "How did that git history say the dunning interval was limited, and by which commit?",
        "Clamp dunning interval to 11 days after the audit",
        commits[31][0],
    )


def long_source(w: SessionWriter) -> Iterator[None]:
    w.user("Read textwrap from start to end, I want to know what it can do for the receipts.")
    w.read("/usr/lib/python3/textwrap.py", library_source("textwrap"))
    w.say("It can wrap, fill, shorten, indent and dedent; for the receipts `wrap` is enough.")
    yield
    w.ask(
        Kind.MIDDLE,
        "which arguments does _handle_long_word take in textwrap?",
        "def _handle_long_word(self, reversed_chunks, cur_line, cur_len, width):",
    )


def image_build(w: SessionWriter) -> Iterator[None]:
    lines = [
        f"#{number // 9} {number / 7:.3f} Unpacking lib{w.random.getrandbits(24):06x}-dev "
        f"({w.random.randrange(9)}.{w.random.randrange(30)}-{w.random.randrange(5)}) ..."
        for number in range(260)
    ]
    lines.insert(141, "#15 20.142 dpkg: error processing archive /tmp/apt-dpkg/47-fonts-ocr.deb")
    lines.insert(142, "#15 20.143 cannot copy extracted data: failed to write (No space left)")
    w.user("Build the image for the depots.")
    w.bash("docker build -t depot .", "\n".join(lines), failed=True)
    w.say("The image was not built. I would try it again on the larger builder.")
    yield
    w.ask(
        Kind.MIDDLE,
        "On which package did the docker build of the depot image stumble?",
        "47-fonts-ocr.deb",
    )


def dump_of_settings(w: SessionWriter) -> Iterator[None]:
    areas = ("rates", "zones", "labels", "tracking", "returns", "pickup", "invoices", "webhooks")
    words = (
        "timeout",
        "limit",
        "retries",
        "page_size",
        "cache_seconds",
        "workers",
        "grace",
        "depth",
    )
    lines = [
        f"{area}.{word}.{site} = {w.random.randrange(2, 9000)}  # from deploy/{site}.toml"
        for area in areas
        for word in words
        for site in ("oslo", "riga", "turku", "malmo", "gdynia")
    ]
    asked = lines[len(lines) // 2 + 3]
    name = asked.split(" = ", maxsplit=1)[0]
    w.user("Print all settings as they are in force.")
    w.bash("parcelhub settings --all", "\n".join(lines))
    w.say(f"{len(lines)} settings, each with the file that it comes from.")
    yield
    area, word, site = name.split(".")
    w.ask(
        Kind.MIDDLE,
        f"In the dump of all settings: what was {word} of {area} in {site.capitalize()}?",
        asked.split("  #", maxsplit=1)[0],
    )


LONG_RESULTS = (
    long_test_log,
    long_service_log,
    long_history,
    long_source,
    image_build,
    dump_of_settings,
)
