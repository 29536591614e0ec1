"""Stories whose answers are lists: things said over many turns, and things told by their number."""

from collections.abc import Iterator

from support.recall_logs import pytest_run
from support.recall_writer import FOLDER, Kind, Message, SessionWriter


def failed_returns_tests(w: SessionWriter) -> Iterator[None]:
    names = [
        ("Start with the returns portal: run its tests.", ["refund_twice", "expired_code"]),
        ("And again, please, I merged main.", ["expired_code", "foreign_address"]),
        ("I fixed something by hand, one more run of the returns.", ["locker_full"]),
        ("The portal again, with the new fixtures.", ["photo_missing", "late_pickup"]),
    ]
    for request, failed in names:
        lines = [f"FAILED tests/returns/test_portal.py::test_{name}" for name in failed]
        w.user(request)
        output = "\n".join([pytest_run(w.random, 2), *lines])
        w.bash("pytest -q tests/returns", output, failed=True)
        w.say(f"{len(failed)} of them failed this time.")
        yield
    found = dict.fromkeys(f"test_{name}" for _, failed in names for name in failed)
    w.ask(
        Kind.LIST,
        "Which tests of the returns portal failed at one time or another? I need all of them.",
        *found,
    )


def staging_scripts(w: SessionWriter) -> Iterator[None]:
    scripts = [
        ("Get rid of the rows without an owner in staging.", "drop_orphans"),
        ("The depots were imported twice there, repair it.", "merge_depots"),
        ("Now fill the new column, still in staging.", "backfill_zone"),
        ("And let staging forget the old sessions.", "purge_sessions"),
        ("Staging needs the new roles, too.", "grant_readers"),
    ]
    for request, name in scripts:
        w.user(request)
        w.bash(f"psql staging -f ops/{name}.sql", f"UPDATE {w.random.randrange(9000)}\nCOMMIT")
        w.say("Ran through without an error.")
        yield
    w.ask(
        Kind.LIST,
        "For the runbook: what did you run against the staging database, in order?",
        *[f"ops/{name}.sql" for _, name in scripts],
    )


def people(w: SessionWriter) -> Iterator[None]:
    wishes = [
        ("Thandiwe in billing", "asks if the CSV export could have a column with the depot."),
        ("Oskar from the Gdynia depot", "wants larger fonts on the pick lists."),
        ("Ms Halloran, our auditor,", "would like read access to the ledger until Friday."),
        ("Bao from support", "says that the portal's error pages confuse people."),
        ("Ludovica, the new designer,", "waits for the list of our icons."),
    ]
    for name, wish in wishes:
        w.user(f"Just so that you know: {name} {wish} Nothing to do now.")
        w.say("Noted.")
        yield
    w.ask(
        Kind.LIST,
        "Who is waiting for something from us? Name everybody I told you about.",
        *[name.split()[1] if name.startswith("Ms") else name.split()[0] for name, _ in wishes],
    )


def ask_for_edited_files(w: SessionWriter) -> None:
    """Ask for all files that were edited or written in the whole session."""
    w.ask(
        Kind.LIST,
        "Make me a list of all the files that you have edited or created in this session.",
        *dict.fromkeys(path for message in w.messages for path in _changed(message)),
    )


def _changed(message: Message) -> list[str]:
    blocks = message["content"] if isinstance(message["content"], list) else []
    calls = [block for block in blocks if block["type"] == "tool_use"]
    return [
        call["input"]["file_path"].removeprefix(f"{FOLDER}/")
        for call in calls
        if call["name"] in {"Edit", "Write"}
    ]


def flaky_webhook(w: SessionWriter) -> Iterator[None]:
    w.user("test_delivery_order of the webhooks is flaky. How could we make it stable?")
    w.say(
        "Two approaches come to mind.\n\n"
        "**Approach A**: freeze the clock with a fake `monotonic` and step it by hand.\n\n"
        "**Approach B**: let the dispatcher write a sequence number into `X-Delivery-Index` and "
        "sort by it in the assertion.\n\nA is less work, B also helps our customers."
    )
    w.user("Let me think about it. First something else.")
    w.say("Sure.")
    yield
    w.ask(
        Kind.ORDER,
        "About that flaky webhook test: go with the second approach you mentioned.",
        "write a sequence number into `X-Delivery-Index`",
    )


def archive_options(w: SessionWriter) -> Iterator[None]:
    w.user("Old scans fill the disk of the archive. What are our options?")
    w.say(
        "Option 1: compress them in place with zstd, that gives about a third back.\n"
        "Option 2: move everything older than a year to the cold bucket `scans-attic`.\n"
        "Option 3: keep only a perceptual hash and the thumbnail of delivered parcels.\n"
        "Option 4: buy another shelf.\n"
    )
    w.user("I will ask the depot.")
    w.say("Fine, I have changed nothing yet.")
    yield
    w.ask(
        Kind.ORDER,
        "Option 3, please.",
        "keep only a perceptual hash and the thumbnail of delivered",
    )


def rate_lookup(w: SessionWriter) -> Iterator[None]:
    w.user("The rate lookup takes 80 ms. Any ideas?")
    w.grep("def lookup", "src/parcelhub/rates/lookup.py:57:def lookup(zone, weight, day):")
    w.say(
        "I have two ideas. One is to preload the tariff rows into a sorted array and `bisect` by "
        "weight. The other one is a covering index, so that the query needs no heap access."
    )
    w.user("Try the index first.")
    w.bash("psql local -c 'EXPLAIN ANALYZE EXECUTE lookup'", "Execution Time: 61.118 ms")
    w.say("Only a little faster with the index.")
    yield
    w.ask(
        Kind.ORDER,
        "Then let's do the first of your two ideas for the rate lookup after all.",
        "preload the tariff rows into a sorted array and `bisect` by weight",
    )


def portal_questions(w: SessionWriter) -> Iterator[None]:
    w.user("Plan the address book for customers. Ask me what you need to know.")
    w.say(
        "Before I plan it:\n\n"
        "1. May two entries have the same name?\n"
        "2. Who may see the entries of a whole company?\n"
        "3. Shall a deleted entry stay readable on old shipments?\n"
        "4. Is there an upper limit of entries?\n"
    )
    w.user("I'll answer tomorrow, when I have talked to sales.")
    w.say("All right.")
    yield
    w.ask(
        Kind.ORDER,
        "Sales answered. Your third question on the address book: yes. The last one: no limit.",
        "Shall a deleted entry stay readable on old shipments?",
        "Is there an upper limit of entries?",
    )


LISTS = (
    failed_returns_tests,
    staging_scripts,
    people,
    flaky_webhook,
    archive_options,
    rate_lookup,
    portal_questions,
)
