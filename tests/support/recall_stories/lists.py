"""Stories over many turns whose parts are asked for together, as a list."""

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
        ("Thandiwe", "in billing asks if the CSV export could have a column with the depot."),
        ("Oskar", "from the Gdynia depot wants larger fonts on the pick lists."),
        ("Ms Halloran", "our auditor, would like read access to the ledger until Friday."),
        ("Bao", "from support says that the portal's error pages confuse people."),
        ("Ludovica", "the new designer, waits for the list of our icons."),
    ]
    for name, wish in wishes:
        w.user(f"Just so that you know: {name} {wish} Nothing to do now.")
        w.say("Noted.")
        yield
    w.ask(
        Kind.LIST,
        "Who is waiting for something from us? Name everybody I told you about.",
        *[name for name, _ in wishes],
    )


def before_release(w: SessionWriter) -> Iterator[None]:
    reminders = [
        "Before the release we must not forget to rotate the signing key.",
        "Another thing for the release: the status page needs the new depots.",
        "Put it on the list for the release too: warn the shops about the old webhook format.",
        "And for the release somebody has to renew the certificate of the label printer.",
        "Release list, last entry: take the demo accounts offline.",
    ]
    for reminder in reminders:
        w.user(reminder)
        w.say("I keep it in mind.")
        yield
    w.ask(
        Kind.LIST,
        "What is on our list for the release?",
        "rotate the signing key",
        "status page needs the new depots",
        "warn the shops about the old webhook format",
        "renew the certificate of the label printer",
        "take the demo accounts offline",
    )


def environment_variables(w: SessionWriter) -> Iterator[None]:
    names = [
        ("The mailer's host must be configurable.", "mail/host.py", "PH_SMTP_RELAY"),
        ("Let operations choose where scans are stored.", "scans/store.py", "PH_SCAN_BUCKET"),
        ("Make the length of a session configurable.", "web/login.py", "PH_LOGIN_HOURS"),
        ("The printers' folder differs from depot to depot.", "labels/spool.py", "PH_SPOOL"),
    ]
    for request, file, name in names:
        w.user(f"{request} An environment variable, please.")
        w.edit(
            f"src/parcelhub/{file}", "VALUE = DEFAULT", f"VALUE = environ.get('{name}', DEFAULT)"
        )
        w.say("It is read from the environment now, with the old value as default.")
        yield
    w.ask(
        Kind.LIST,
        "Ops need to know every environment variable that we introduced today.",
        *[name for _, _, name in names],
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


LISTS = (failed_returns_tests, staging_scripts, people, before_release, environment_variables)
