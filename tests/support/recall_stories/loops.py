"""Stories that the model needs later in its own work, while the user says nothing."""

from collections.abc import Iterator

from support.recall_filler import Filler
from support.recall_writer import SessionWriter


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


def invoice_mailer(w: SessionWriter, filler: Filler) -> Iterator[None]:
    w.user("Half of the invoice mails bounce, because the provider limits us.")
    w.edit(
        "src/parcelhub/invoices/mailer.py",
        "for mail in outbox: send(mail)",
        "for mail in outbox: limiter.take('smtp', per_minute=55); send(mail)",
    )
    w.say("The invoice mailer is throttled now, nothing bounces.")
    yield
    _ask_in_loop(
        w,
        filler,
        "Reminders for pickups get lost, please repair that.",
        "Same provider, same bounces. So here I use the throttle of the invoice mailer as well.",
        "limiter.take('smtp', per_minute=55)",
    )


def _ask_in_loop(
    w: SessionWriter, filler: Filler, request: str, remark: str, *answers: str
) -> None:
    """Let the model read three files by itself, and name something old before the fourth."""
    loop = SessionWriter(0, first_call=100_000)
    loop.user(request)
    for number in range(4):
        loop.read(*filler.excerpt(), say=remark if number == 3 else "")
    w.ask_in_loop(remark, loop.messages, *answers)


def tariff_file(w: SessionWriter, filler: Filler) -> Iterator[None]:
    w.user("The tariff file of PolarFreight is a mess, how do we read it?")
    w.bash("file tariffs/polar.csv", "ISO-8859 text, with CRLF line terminators")
    w.say("As `open(path, encoding='cp1252', newline='')`, and with `;` between the columns.")
    yield
    _ask_in_loop(
        w,
        filler,
        "Import this year's surcharges.",
        "The surcharges come from PolarFreight too, so the file will have the same encoding as "
        "their tariffs. Let me see what the importer does at present.",
        "encoding='cp1252'",
    )


LOOPS = (
    poller_jitter,
    pagination_header,
    lock_order,
    fixture_bug,
    invoice_mailer,
    tariff_file,
)
