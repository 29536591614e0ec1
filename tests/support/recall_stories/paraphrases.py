"""Stories that are asked for in quite other words."""

from collections.abc import Iterator

from support.recall_writer import Kind, SessionWriter


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


PARAPHRASES = (double_delivery, tone_of_errors, night_shift, memory_leak)
