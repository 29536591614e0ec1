"""Stories that are asked for in German, beside a long log, or in quite other words."""

from collections.abc import Iterator

from support.recall_filler import Filler
from support.recall_logs import json_log, pytest_lines
from support.recall_writer import Kind, SessionWriter


def retry_schedule(w: SessionWriter) -> Iterator[None]:
    w.user("How often does the webhook dispatcher retry before it gives up?")
    w.grep("RETRY_", "src/parcelhub/webhooks/dispatch.py:14:RETRY_SCHEDULE = (5, 35, 240, 1700)")
    w.say("Four times: after 5, 35, 240 and 1700 seconds.")
    yield
    w.ask(
        Kind.GERMAN,
        "Nach wie vielen Sekunden versucht der Webhook-Dispatcher es jeweils nochmal?",
        "(5, 35, 240, 1700)",
    )


def session_cookie(w: SessionWriter) -> Iterator[None]:
    w.user("Logins get lost behind the new load balancer.")
    w.say("The cookie was bound to the host; with `Domain=.parcelhub.example` both hosts see it.")
    w.user("Do that, but keep SameSite=Lax, because the payment provider redirects back by GET.")
    w.edit("src/parcelhub/web/cookies.py", "SameSite=Strict", "SameSite=Lax")
    w.say("Done.")
    yield
    w.ask(
        Kind.GERMAN,
        "Warum steht beim Cookie SameSite auf Lax?",
        "because the payment provider redirects back by GET",
    )


def backup_window(w: SessionWriter) -> Iterator[None]:
    w.user("Nothing heavy between 02:40 and 04:10, that is when the backup of the database runs.")
    w.say("Then I move the nightly vacuum to five o'clock.")
    yield
    w.ask(
        Kind.GERMAN,
        "Zu welcher Uhrzeit läuft das Backup der Datenbank?",
        "between 02:40 and 04:10",
    )


def damaged_parcels(w: SessionWriter) -> Iterator[None]:
    w.user("How shall we treat a damaged parcel at the counter? The depot staff keeps asking.")
    w.say("I would photograph it, open a claim, and offer the recipient to refuse it.")
    w.user("Good, but claims need the signature of two employees.")
    w.say("Then the form gets a second signature field.")
    yield
    w.ask(
        Kind.GERMAN,
        "Wer muss unterschreiben, wenn eine Sendung beschädigt ankommt?",
        "claims need the signature of two employees",
    )


def rename_module(w: SessionWriter) -> Iterator[None]:
    w.user("I hate the name utils.py in tracking. Suggest something.")
    w.say("It only parses what scanners send, so `scan_events.py` would say it.")
    w.user("Take it.")
    w.bash("git mv src/parcelhub/tracking/utils.py src/parcelhub/tracking/scan_events.py", "")
    w.say("Renamed, and the imports are adapted.")
    yield
    w.ask(
        Kind.GERMAN,
        "Wie heißt die Datei utils.py in tracking seit der Umbenennung?",
        "src/parcelhub/tracking/scan_events.py",
    )


def sandbox_key(w: SessionWriter, filler: Filler) -> Iterator[None]:
    w.user("The sandbox of Frachtlink only accepts customer number 77-4410-C, remember that.")
    w.say("I will use it in all Frachtlink examples.")
    yield
    log = json_log(w.random, 45)
    w.ask(
        Kind.LOG,
        f"Which customer number does the Frachtlink sandbox accept?\n\n```\n{log}\n```",
        "77-4410-C",
    )


def postcode_rule(w: SessionWriter, filler: Filler) -> Iterator[None]:
    w.user("Irish addresses fail validation, the Eircode check is too strict.")
    w.edit(
        "src/parcelhub/addresses/eircode.py",
        "PATTERN = r'^[A-Z][0-9]{2}$'",
        "PATTERN = r'^[AC-FHKNPRTV-Y][0-9]{2}[ ]?[0-9AC-FHKNPRTV-Y]{4}$'",
    )
    w.say("Both halves of the Eircode are checked now, with or without a blank.")
    yield
    log = "\n".join(pytest_lines(w.random, 90))
    w.ask(
        Kind.LOG,
        f"{log}\n\nIgnore the above for now. What is the Eircode pattern that you wrote?",
        "^[AC-FHKNPRTV-Y][0-9]{2}[ ]?[0-9AC-FHKNPRTV-Y]{4}$",
    )


def rota_service(w: SessionWriter, filler: Filler) -> Iterator[None]:
    w.user("On-call is decided by the rota service. Its owner is team Kingfisher, room 4.12.")
    w.say("Thanks, I will mention them in the runbook.")
    yield
    path, source = filler.excerpt()
    w.ask(
        Kind.LOG,
        f"Here's what I have open ({path}):\n\n{source}\n\nwho owns the rota service by the way?",
        "team Kingfisher, room 4.12",
    )


def slow_query(w: SessionWriter, filler: Filler) -> Iterator[None]:
    w.user("Analyse the slow query of the depot dashboard.")
    w.bash(
        "psql local -f ops/explain_dashboard.sql",
        "Nested Loop  (cost=0.85..91342.10 rows=18 width=96)\n"
        "  Rows Removed by Join Filter: 1184220\nPlanning Time: 0.9 ms",
    )
    w.say("The dashboard's join throws away 1184220 rows, since the depot is compared as text.")
    yield
    log = json_log(w.random, 60)
    w.ask(
        Kind.LOG,
        "Before you read this: how many rows did the join of the depot dashboard's slow query "
        f"remove?\n{log}",
        "1184220",
    )


def double_delivery(w: SessionWriter) -> Iterator[None]:
    w.user("Whenever a courier drops a parcel twice, bill the sender only once.")
    w.say("I will take the earliest scan and skip the rest.")
    yield
    w.ask(
        Kind.PARAPHRASE,
        "How do we charge for duplicate shipments?",
        "bill the sender only once",
    )


def tone_of_errors(w: SessionWriter) -> Iterator[None]:
    w.user("Never blame the customer in messages; say what helps, in at most 12 words.")
    w.say("I'll follow that.")
    yield
    w.ask(
        Kind.PARAPHRASE,
        "Which style guide applies to error texts shown to users?",
        "say what helps, in at most 12 words",
    )


def night_shift(w: SessionWriter) -> Iterator[None]:
    w.user("The folks in Rotterdam sort by hand after ten in the evening, so ring them at 5512.")
    w.say("Good to know.")
    yield
    w.ask(
        Kind.PARAPHRASE,
        "Whats the phone extension of our Dutch night crew?",
        "ring them at 5512",
    )


def memory_leak(w: SessionWriter) -> Iterator[None]:
    w.user("Why does the worker grow until the kernel shoots it?")
    w.say("Each job registers a listener that nobody takes off again, so old jobs stay reachable.")
    yield
    w.ask(
        Kind.PARAPHRASE,
        "What was the root cause behind our out-of-memory crashes?",
        "registers a listener that nobody takes off again",
    )


WORDINGS = (
    retry_schedule,
    session_cookie,
    backup_window,
    damaged_parcels,
    rename_module,
    double_delivery,
    tone_of_errors,
    night_shift,
    memory_leak,
)
BESIDE_LOGS = (sandbox_key, postcode_rule, rota_service, slow_query)
