"""Stories with several proposals or questions, of which one is named by its number."""

from collections.abc import Iterator

from support.recall_writer import Kind, SessionWriter


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


def found_bugs(w: SessionWriter) -> Iterator[None]:
    w.user("Review the locker code, and tell me what is wrong with it.")
    w.read(
        "src/parcelhub/lockers/open.py",
        "def open_door(code, doors):\n    for door in doors:\n        if door.code == code:\n"
        "            door.unlock()\n            log.info('opened with %s', code)\n",
    )
    w.say(
        "First, it compares the code with `==`, which leaks its length by timing. Second, it goes "
        "on after a match and may open two doors. And third, it writes the code into the log."
    )
    w.user("Thanks, I'll open tickets.")
    w.say("Good.")
    yield
    w.ask(
        Kind.ORDER,
        "In your review of the lockers, fix the 2nd bug you found, and the last one.",
        "it goes on after a match and may open two doors",
        "it writes the code into the log",
    )


def ask_for_beginning(w: SessionWriter) -> None:
    """Ask what the session began with; its greeting is not it."""
    said = [message["content"] for message in w.messages if isinstance(message["content"], str)]
    first = next(text for text in said if not text.startswith("#"))
    w.ask(Kind.ORDER, "What was the very first job that I gave you today?", first)


ORDER = (flaky_webhook, archive_options, rate_lookup, portal_questions, found_bugs)
