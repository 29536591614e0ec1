"""Stories that are asked for above or below a long text that the user pasted."""

from collections.abc import Iterator

from support.recall_filler import Filler
from support.recall_logs import git_log, json_log, pytest_lines
from support.recall_writer import PASTED, Kind, SessionWriter


def sandbox_key(w: SessionWriter) -> Iterator[None]:
    w.user("The sandbox of Frachtlink only accepts customer number 77-4410-C, remember that.")
    w.say("I will use it in all Frachtlink examples.")
    yield
    log = json_log(w.random, 45)
    w.ask(
        Kind.LOG,
        f"Which customer number does the Frachtlink sandbox accept?\n\n```\n{PASTED}\n```",
        "77-4410-C",
        pasted=log,
    )


def postcode_rule(w: SessionWriter) -> Iterator[None]:
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
        f"{PASTED}\n\nIgnore the above for now. What is the Eircode pattern that you wrote?",
        "^[AC-FHKNPRTV-Y][0-9]{2}[ ]?[0-9AC-FHKNPRTV-Y]{4}$",
        pasted=log,
    )


def rota_service(w: SessionWriter, filler: Filler) -> Iterator[None]:
    w.user("On-call is decided by the rota service. Its owner is team Kingfisher, room 4.12.")
    w.say("Thanks, I will mention them in the runbook.")
    yield
    path, source = filler.excerpt()
    w.ask(
        Kind.LOG,
        f"Here's what I have open:\n\n{PASTED}\n\nwho owns the rota service by the way?",
        "team Kingfisher, room 4.12",
        pasted=f"{path}\n{source}",
    )


def slow_query(w: SessionWriter) -> Iterator[None]:
    w.user("Analyse the slow query of the depot dashboard.")
    w.bash(
        "psql local -f ops/explain_dashboard.sql",
        "Nested Loop  (cost=0.85..91342.10 rows=18 width=96)\n"
        "  Rows Removed by Join Filter: 1184220\nPlanning Time: 0.9 ms",
    )
    w.say("The dashboard's join throws away 1184220 rows, since the depot is compared as text.")
    yield
    log = json_log(w.random, 110)
    w.ask(
        Kind.LOG,
        "Before you read this: how many rows did the join of the depot dashboard's slow query "
        f"remove?\n{PASTED}",
        "1184220",
        pasted=log,
    )


def seal_colour(w: SessionWriter) -> Iterator[None]:
    w.user("Sealed bags: blue seals for valuables, orange ones for medicine. Print it on labels.")
    w.edit("src/parcelhub/labels/seal.py", "SEALS = {}", "SEALS = {'V': 'blue', 'M': 'orange'}")
    w.say("Labels of sealed bags name the colour.")
    yield
    log = git_log(w.random, 40)
    w.ask(
        Kind.LOG,
        f"{PASTED}\nThat's the history up to yesterday, keep it. Which seals does medicine get?",
        "orange ones for medicine",
        pasted=log,
    )


def tour_planner(w: SessionWriter, filler: Filler) -> Iterator[None]:
    w.user("Why did we pin ortools to 9.8?")
    w.bash("git log -n 1 --format=%B -S ortools==9.8", "Pin ortools, 9.9 needs AVX2 on the depots")
    w.say("The machines in the depots have no AVX2, and 9.9 needs it.")
    yield
    path, source = filler.excerpt()
    w.ask(
        Kind.LOG,
        f"May I lift the pin of ortools, or what was the reason for it?\n\n{PASTED}",
        "9.9 needs AVX2 on the depots",
        pasted=f"{path}:\n{source}",
    )


BESIDE_LOGS = (sandbox_key, postcode_rule, slow_query, seal_colour)
BESIDE_SOURCES = (rota_service, tour_planner)
