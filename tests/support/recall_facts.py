"""Stories with facts: what a rare word names, what was decided and why, what a long result holds."""

from collections.abc import Iterator

from support.recall_filler import library_source
from support.recall_logs import git_commit, json_lines, pytest_lines
from support.recall_writer import Kind, SessionWriter


def zebrafish_emulator(w: SessionWriter) -> Iterator[None]:
    port = w.random.randrange(41000, 48999)
    w.user("How do I run the carrier tests without the real carrier?")
    w.bash(
        "cat docs/dev/emulator.md",
        "# Carrier emulator\n\nThe zebrafish emulator answers like the carrier, without labels.\n"
        f"Start it with `make emulate`; it listens on 127.0.0.1:{port}.\n"
        "State is lost when it stops.",
    )
    w.say("With `make emulate`: the docs have a page about it. Then run `pytest -m carrier`.")
    yield
    w.ask(Kind.RARE, "Which port does the zebrafish emulator listen on?", f"127.0.0.1:{port}")


def manifest_traceback(w: SessionWriter) -> Iterator[None]:
    w.user("The nightly manifest job crashed, can you look?")
    w.bash(
        "journalctl -u parcelhub-manifest -n 12",
        "Traceback (most recent call last):\n"
        '  File "/srv/app/manifest/seal.py", line 88, in seal\n'
        "    envelope.close(strict=True)\n"
        '  File "/srv/app/manifest/envelope.py", line 41, in close\n'
        "    raise EnvelopeTornError(position)\n"
        "manifest.envelope.EnvelopeTornError: record 2214 has no trailer",
        failed=True,
    )
    w.say("One record was cut off while the disk was full. The job has to skip it and report it.")
    yield
    w.ask(
        Kind.RARE,
        "What exactly did the EnvelopeTornError complain about?",
        "record 2214 has no trailer",
    )


def tax_number(w: SessionWriter) -> Iterator[None]:
    w.user(
        "For the invoices: our Estonian entity is Pakikeskus OÜ, its VAT number is EE102394857, "
        "and invoices to it must carry the purchase order on top."
    )
    w.edit(
        "src/parcelhub/invoices/entities.py",
        "ENTITIES = {",
        "ENTITIES = {\n    'pakikeskus': Entity(vat='EE102394857', order_on_top=True),",
    )
    w.say("Added it to the entities, with the order number printed on top.")
    yield
    w.ask(Kind.RARE, "I need the VAT number of Pakikeskus for the form.", "EE102394857")


def feature_flag(w: SessionWriter) -> Iterator[None]:
    w.user("Who removed the quokka flag? Pickup behaves differently since last week.")
    w.bash(
        "git log --oneline -S quokka -- src/parcelhub/pickup",
        "7be41d0 Drop the quokka flag, every depot has the new slots\n"
        "19c22fa Guard the new slots with quokka",
    )
    w.say("It went away on purpose, when every depot had switched to the new slots.")
    yield
    w.ask(Kind.RARE, "give me the commit that dropped the quokka flag", "7be41d0")


def queue_store(w: SessionWriter) -> Iterator[None]:
    w.user("Should the job queue live in Redis or in Postgres?")
    w.say(
        "I'd keep it in Postgres. `FOR UPDATE SKIP LOCKED` is enough for forty jobs a second, and "
        "Redis would be one more store that operations has to back up and to patch."
    )
    w.user("Agreed, Postgres it is.")
    w.write(
        "docs/adr/0007-job-queue.md",
        "# Job queue\n\nJobs are rows of the table `jobs`. Workers take them with SKIP LOCKED.\n",
    )
    w.say("Noted as a decision record.")
    yield
    w.ask(
        Kind.DECISION,
        "Remind me why we did not take Redis for the job queue.",
        "one more store that operations has to back up",
    )


def money_type(w: SessionWriter) -> Iterator[None]:
    w.user("Finance says three invoices from Malmo are a cent off. Floats?")
    w.bash("rg -n 'float\\(' src/parcelhub/invoices", "totals.py:31:    total += float(line.net)")
    w.say(
        "Yes, `totals.py` adds binary fractions. I'd hold amounts as integers of minor units "
        "(`net_minor: int`), because then sums are exact and JSON needs no special encoder."
    )
    w.user("Do that, everywhere.")
    w.edit("src/parcelhub/invoices/totals.py", "+= float(line.net)", "+= line.net_minor")
    w.say("Done, amounts are integers now.")
    yield
    w.ask(
        Kind.DECISION,
        "What did we settle on for representing money amounts, and on what grounds?",
        "integers of minor units",
        "sums are exact and JSON needs no special encoder",
    )


def label_status(w: SessionWriter) -> Iterator[None]:
    w.user(
        "The label endpoint has to answer 202 and not 200, because carriers render labels "
        "asynchronously and shops must poll the Location header. Don't change that again."
    )
    w.bash("rg -n status_code src/parcelhub/labels/api.py", "22:    status_code=202,")
    w.say("Understood. It is 202 already, and I have added no synchronous path.")
    yield
    w.ask(
        Kind.DECISION,
        "A reviewer asks for the reason that POST /labels gives 202 instead of 200?",
        "carriers render labels asynchronously and shops must poll the Location header",
    )


def barcode_library(w: SessionWriter) -> Iterator[None]:
    w.user("Can we vendor libzint for the barcodes?")
    w.say("Technically yes: it has no dependencies and a stable C interface.")
    w.user(
        "Then no, sorry: I talked to legal, they won't sign off GPL code in the on-premise image. "
        "We call the barcode service over HTTP instead."
    )
    w.say("Fine, then `labels/barcode.py` gets a small HTTP client and a cache of a day.")
    yield
    w.ask(
        Kind.DECISION,
        "Why are barcodes fetched from a service rather than drawn with libzint?",
        "they won't sign off GPL code in the on-premise image",
    )


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


FACTS = (
    zebrafish_emulator,
    manifest_traceback,
    tax_number,
    feature_flag,
    queue_store,
    money_type,
    label_status,
    barcode_library,
    long_test_log,
    long_service_log,
    long_history,
    long_source,
)
