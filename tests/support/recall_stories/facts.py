"""Stories with facts: what a rare word names, and what was decided for which reason."""

from collections.abc import Iterator

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


def log_retention(w: SessionWriter) -> Iterator[None]:
    w.user("How long do we keep the request logs?")
    w.say("Thirty days at the moment, and nobody decided it: that is the default of the shipper.")
    w.user(
        "Then make it 9 days. The data protection officer says that addresses are in them, and "
        "a claim is never older than a week."
    )
    w.edit("deploy/vector.yaml", "retain_days: 30", "retain_days: 9")
    w.say("The logs are kept for nine days from the next deployment on.")
    yield
    w.ask(
        Kind.DECISION,
        "Somebody wants the request logs for a month again. What spoke against that?",
        "addresses are in them",
        "a claim is never older than a week",
    )


def monolith(w: SessionWriter) -> Iterator[None]:
    w.user("Tracking could be a service of its own. Should we split it off?")
    w.bash("git log --format=%an -- src/parcelhub/tracking | sort | uniq -c", " 41 Mira\n  3 Joon")
    w.say(
        "I would leave it in: its tables are joined in eleven places, and two people cannot carry "
        "a second deployment."
    )
    w.user("ok, we leave it in.")
    w.say("Good. Then I only move its queries into one module.")
    yield
    w.ask(
        Kind.DECISION,
        "why didnt we make tracking a separate service?",
        "its tables are joined in eleven places",
        "two people cannot carry a second deployment",
    )


def seed_of_fuzzer(w: SessionWriter) -> Iterator[None]:
    seed = w.random.randrange(10**8, 10**9)
    w.user("The fuzzer found something last night in the parser for EDIFACT.")
    w.bash(
        "tail -n 3 var/fuzz.log",
        f"UnterminatedSegment at 0x1f4\nreproduce: --seed={seed}\n1 of 9000",
    )
    w.say("A segment without its apostrophe at the end of the input makes it loop.")
    yield
    w.ask(Kind.RARE, "with which seed can i reproduce the UnterminatedSegment?", f"--seed={seed}")


def scale_protocol(w: SessionWriter) -> Iterator[None]:
    w.user("The new Dinkelmann scales in Turku send nonsense.")
    w.read(
        "docs/hardware/dinkelmann.md",
        "# Dinkelmann D4\n\nSerial, 19200 baud, even parity, 7 data bits.\n"
        "A reading ends with ETX and an XOR over all bytes but STX.\n",
    )
    w.say("We open them with 8 data bits and no parity. That explains it.")
    yield
    w.ask(
        Kind.RARE,
        "Serial parameters of the Dinkelmann scales?",
        "19200 baud, even parity, 7 data bits",
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
    log_retention,
    monolith,
    seed_of_fuzzer,
    scale_protocol,
)
