"""Stories in English that are asked for in German."""

from collections.abc import Iterator

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


def courier_strike(w: SessionWriter) -> Iterator[None]:
    w.user("Because of the strike, parcels to Bergen go by ferry until the 19th, with a surcharge.")
    w.edit("src/parcelhub/zones/bergen.py", "SURCHARGE = 0", "SURCHARGE = Money('4.60')")
    w.say("Bergen has a surcharge of 4.60 now.")
    yield
    w.ask(
        Kind.GERMAN,
        "Wie hoch ist der Zuschlag nach Bergen, und bis wann gilt er?",
        "4.60",
        "until the 19th",
    )


GERMAN = (
    retry_schedule,
    session_cookie,
    backup_window,
    damaged_parcels,
    rename_module,
    courier_strike,
)
