"""Stories that are pointed at later: by a pronoun, or by what the model says in its own work."""

from collections.abc import Iterator

from support.recall_filler import Filler
from support.recall_writer import Exchange, Kind, SessionWriter


def circuit_breakers(w: SessionWriter) -> Iterator[None]:
    w.user(
        "Two carriers need a circuit breaker: NordPost (carriers/nordpost.py) and Baltika "
        "(carriers/baltika_v2.py). Do NordPost now, Baltika later."
    )
    w.edit(
        "src/parcelhub/carriers/nordpost.py",
        "session = Session()",
        "session = Session(breaker=CircuitBreaker(fail_max=4, reset_after=45))",
    )
    w.say("NordPost has its breaker.")
    yield
    w.ask(
        Kind.PRONOUN,
        "Good. Now the same for the other one.",
        "carriers/baltika_v2.py",
        "CircuitBreaker(fail_max=4, reset_after=45)",
        before=Exchange(
            "Is the circuit breaker of NordPost in production?",
            "Yes, it went out with the last deployment and has opened twice since then.",
        ),
    )


def label_memory(w: SessionWriter) -> Iterator[None]:
    w.user("The label renderer needs a gigabyte for large orders.")
    w.edit(
        "src/parcelhub/labels/renderer.py",
        "pages = BytesIO()",
        "pages = SpooledTemporaryFile(max_size=2_000_000)",
    )
    w.say("The label renderer spools its pages to disk now, memory stays flat.")
    yield
    w.ask(
        Kind.PRONOUN,
        "Right. Do it like we did there.",
        "SpooledTemporaryFile(max_size=2_000_000)",
        before=Exchange(
            "Customs forms eat as much memory as the label renderer did.",
            "I see: the whole PDF is built before the first byte is sent, as it was in labels.",
        ),
    )


def customs_call(w: SessionWriter) -> Iterator[None]:
    w.user(
        "Vesna from customs called. Her officers reject our CN23 forms, since the tariff code must "
        "have six digits, without dots, and the currency has to come before the amount."
    )
    w.say("Both are easy. Shall I do it now?")
    w.user("No, next week.")
    w.say("Fine.")
    yield
    w.ask(
        Kind.PRONOUN,
        "What was it that she wanted changed?",
        "six digits, without dots",
        "the currency has to come before the amount",
        before=Exchange(
            "Is it today that I meet Vesna?", "Yes, at two, in the customs office at the harbour."
        ),
    )


def depot_hosts(w: SessionWriter) -> Iterator[None]:
    host = f"tallinn-{w.random.randrange(100, 999)}.depots.parcelhub.example"
    w.user(f"The scanners of the Tallinn depot have a gateway of their own: {host}, only over VPN.")
    w.bash(f"ssh {host} uptime", " 10:02:11 up 61 days, load average: 0.08, 0.11, 0.09")
    w.say("I can reach it.")
    yield
    w.ask(
        Kind.PRONOUN,
        "ok. log in there and look at its clock",
        host,
        before=Exchange(
            "Scans from Tallinn are an hour ahead of all others.",
            "Then I'd suspect the gateway of that depot: it stamps the scans.",
        ),
    )


def poller_jitter(w: SessionWriter, filler: Filler) -> Iterator[None]:
    w.user("The payments poller hits the bank at the same second on all hosts.")
    w.edit("src/parcelhub/payments/poller.py", "every(60)", "every(60, jitter=uniform(0.15, 0.35))")
    w.say("The payments poller spreads its requests now.")
    yield
    _ask_in_loop(
        w,
        filler,
        "Please tidy up the carrier status job.",
        "The status job wakes up on all hosts at once. It needs the jitter that the payments "
        "poller has got. Let me look at how the schedule is declared here.",
        "jitter=uniform(0.15, 0.35)",
    )


def pagination_header(w: SessionWriter, filler: Filler) -> Iterator[None]:
    w.user("Our public API should page like this: header `Link`, and `X-Page-Cursor` opaque.")
    w.say("I'd sign the cursor as well, with `hmac_sha256(cursor, PAGE_SECRET)[:16]`.")
    w.user("Yes, sign it.")
    w.write("docs/paging.md", "# Paging\n\nA cursor is opaque and signed.\n")
    w.say("Written down in docs/paging.md.")
    yield
    _ask_in_loop(
        w,
        filler,
        "Now the list of pickups in the API.",
        "This list returns everything. I will page it as agreed, with a signed cursor. First the "
        "view that it is in.",
        "hmac_sha256(cursor, PAGE_SECRET)[:16]",
    )


def lock_order(w: SessionWriter, filler: Filler) -> Iterator[None]:
    w.user("We had a deadlock between stock and shipments yesterday.")
    w.bash(
        "psql local -c 'SELECT * FROM pg_locks_report'",
        "process 4117 waits for ShareLock on shipments; blocked by 4120\n"
        "process 4120 waits for ShareLock on stock; blocked by 4117",
    )
    w.say("The rule to avoid it: always lock `depots`, then `stock`, then `shipments`.")
    yield
    _ask_in_loop(
        w,
        filler,
        "Write the transfer between depots.",
        "A transfer touches both tables in one transaction, so it can deadlock like yesterday "
        "unless it keeps to the order of locks. I will check the session helper.",
        "always lock `depots`, then `stock`, then `shipments`",
    )


def fixture_bug(w: SessionWriter, filler: Filler) -> Iterator[None]:
    w.user("Why does test_export_zones fail only on Sundays?")
    w.bash(
        "pytest -q tests/zones -k export",
        "E       KeyError: 'SUN'\ntests/zones/conftest.py:31: KeyError\n1 failed in 0.41s",
        failed=True,
    )
    w.say("The fixture `opening_hours` in tests/zones/conftest.py:31 leaves the Sunday out.")
    yield
    _ask_in_loop(
        w,
        filler,
        "Have a look at why the nightly build is red.",
        "It is the export of zones again, which fails on Sundays only. The cause was a fixture, "
        "so I need the place where the hours are built.",
        "tests/zones/conftest.py:31",
    )


def _ask_in_loop(
    w: SessionWriter, filler: Filler, request: str, remark: str, *answers: str
) -> None:
    """Let the model read three files by itself, and name something old before the fourth."""
    loop = SessionWriter(0, first_call=100_000)
    loop.user(request)
    for number in range(4):
        loop.read(*filler.excerpt(), say=remark if number == 3 else "")
    w.ask_in_loop(loop.messages, *answers)


REFERENCES = (circuit_breakers, label_memory, customs_call, depot_hosts)
LOOPS = (poller_jitter, pagination_header, lock_order, fixture_bug)
