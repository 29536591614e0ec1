"""Stories that a pronoun points at later, with the help of what was said just before."""

from collections.abc import Iterator

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
        before=[
            Exchange(
                "Is the circuit breaker of NordPost in production?",
                "Yes, it went out with the last deployment and has opened twice since then.",
            )
        ],
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
        before=[
            Exchange(
                "Customs forms eat as much memory as the label renderer did.",
                "I see: the whole PDF is built before the first byte is sent, as it was in labels.",
            )
        ],
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
        before=[
            Exchange(
                "Is it today that I meet Vesna?",
                "Yes, at two, in the customs office at the harbour.",
            ),
            Exchange("Thanks.", "You are welcome. Shall I prepare something for it?"),
        ],
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
        before=[
            Exchange(
                "Scans from Tallinn are an hour ahead of all others.",
                "Then I'd suspect the gateway of that depot: it stamps the scans.",
            )
        ],
    )


def holiday_calendar(w: SessionWriter) -> Iterator[None]:
    w.user("Depots are closed on holidays; where do we take them from?")
    w.say("Three calendars are possible: workalendar, the ministry's iCal, or a table of our own.")
    w.user("A table: columns day, depot, closes_at, and a NULL in closes_at means all day.")
    w.write("migrations/0043_holidays.sql", "CREATE TABLE holidays (day date, depot text);\n")
    w.say("The migration is written, without the last column; I add it when the depots agree.")
    yield
    w.ask(
        Kind.PRONOUN,
        "They do. Then add it.",
        "closes_at",
        "migrations/0043_holidays.sql",
        before=[
            Exchange(
                "Have all depots agreed to the table of holidays?",
                "You wanted to ask them in the meeting; I have not heard of an answer.",
            )
        ],
    )


def two_printers(w: SessionWriter) -> Iterator[None]:
    w.user("The Riga depot has two label printers: 10.40.7.21 for pallets, 10.40.7.33 for parcels.")
    w.bash("lpstat -h 10.40.7.21 -p", "printer pallets is idle")
    w.say("The one for pallets answers.")
    yield
    w.ask(
        Kind.PRONOUN,
        "And the second one? Ask it as well.",
        "10.40.7.33",
        before=[
            Exchange("Is the printer for pallets in Riga idle again?", "Yes, its queue is empty."),
            Exchange("Very well, then we can start at noon.", "Good, I have noted noon."),
        ],
    )


REFERENCES = (
    circuit_breakers,
    label_memory,
    customs_call,
    depot_hosts,
    holiday_calendar,
    two_printers,
)
