"""How requests point to what was before is read from their words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.recall.intents import (
    Intent,
    Ordinal,
    read_intents,
    read_ordinals,
)

UNDO = """
Undo that.
Revert the edit of config.toml.
Please roll back your change to the scheduler.
Roll that back.
Put it back the way it was.
Change it back.
Take that back.
Set the limit back to what we had.
Restore the old docstring.
What did the function look like before you changed it?
What did line 40 say before your edit?
What was the line before the refactoring?
What was the timeout before?
How was it originally written?
What did the message use to be, previously?
Back out the last commit.
I liked the former wording better.
Go back to the earlier version of the loop.
Bring back the old error message.
Get rid of your last edit.
Mach das rückgängig.
Mach die Änderung an config.toml rückgängig.
Setz das zurück.
Nimm die Änderung am Puffer zurück.
Wie hieß die Variable vorher?
Wie lautete die Zeile zuvor?
Was stand da ursprünglich?
Stell den alten Text wieder her.
Wie war der Code vor deiner Änderung?
Die frühere Fassung war besser.
"""
ORDER = """
Go with the second approach.
Take option B.
Let's take option a and see.
Let's do option 2.
What was the first thing I asked?
The last one, please.
I prefer the latter.
Do step 3 now.
Use #2.
Number two sounds good.
Which error came second?
What was the last command you ran?
Continue with point (2).
Nimm den zweiten Ansatz.
Wir nehmen Variante B.
Mach Schritt 3.
Das letzte bitte.
Was war das Erste, was ich wollte?
"""
LIST = """
List the failing tests.
Which files did you change?
Which of the modules did you edit?
What commands did you run?
What are the open tasks?
What's still open?
Summarise what we did so far.
Give me an overview of the decisions.
Who asked for the cache?
How many tests failed?
Name the files you touched.
Recap please.
Welche Dateien hast du geändert?
Welche Tests sind fehlgeschlagen?
Liste die offenen Aufgaben auf.
Zähl die Fehler auf.
Fass die Sitzung zusammen.
Gib mir eine Zusammenfassung.
Wer hat den Cache gewünscht?
Was ist noch offen?
Wie viele Tests schlugen fehl?
"""
BACK_REFERENCE = """
Go on.
Continue.
Yes.
Do the same for the module that writes invoices to the archive.
Now apply it to the other module of the archive writer, please.
Again, with larger batches of invoices in the archive.
Where were we?
What's next?
Next task of the archive migration, with invoices and ledgers.
Carry on with the archive migration of ledgers and invoices.
Do that for the archive writer of the ledger service as well.
And the tests?
Mach weiter.
Das gleiche für den Client der Ablage, mit Rechnungen und Konten.
Mach das auch für den Writer der Ablage mit Rechnungen.
Wie besprochen, mit Rechnungen, Konten und Belegen der Ablage.
Und jetzt die Tests.
"""
ORDINARY = """
Fix the failing test in auth.py
Add a retry with exponential backoff to the uploader in upload.py.
Write a unit test for the invoice parser and run it.
Rename the class Foo to Bar in models.py.
Explain how the scheduler in engine.py picks requests from the queue.
Check which version is installed before deploying to staging.
Validate the input before it is written to disk.
Make the old tests pass on Windows without network access.
Wait one second between retries of the upload request.
Add an item a user can buy to the shop's start page.
There is no a priori reason for the upload limit in the client.
Is there a way I can speed up the upload of large invoices?
Plan a release of the upload client for Monday morning.
Close issue #7, the upload client handles redirects.
At last the upload works, now deploy the client to staging.
Fix the second argument of connect() in upload.py.
Read the last line of upload.log and explain the number.
Füge dem Uploader einen Wiederholungsversuch mit Wartezeit hinzu.
Ergänze das letzte Feld im Formular der Rechnung mit Prüfung.
"""


def requests(text: str) -> list[str]:
    return text.strip().splitlines()


@pytest.mark.parametrize(
    ("intent", "request_text"),
    [
        (intent, request)
        for intent, text in (
            (Intent.UNDO, UNDO),
            (Intent.ORDER, ORDER),
            (Intent.LIST, LIST),
            (Intent.BACK_REFERENCE, BACK_REFERENCE),
        )
        for request in requests(text)
    ],
)
def test_a_request_that_points_back_is_recognised(intent: Intent, request_text: str) -> None:
    assert intent in read_intents(request_text)
    assert intent in read_intents(request_text.upper())
    assert intent in read_intents(f"Well,\n{request_text.replace(' ', chr(10))}")


@pytest.mark.parametrize("request_text", requests(ORDINARY))
def test_an_ordinary_request_points_to_nothing(request_text: str) -> None:
    assert read_intents(request_text) == frozenset()


@pytest.mark.parametrize(
    ("request_text", "wrong"),
    [
        ("Add a retry to the uploader", {Intent.UNDO, Intent.ORDER, Intent.LIST}),
        ("What is the bus speed?", {Intent.UNDO, Intent.ORDER, Intent.LIST}),
        ("What does this do?", {Intent.UNDO, Intent.ORDER, Intent.LIST}),
        ("What was the status of the process?", {Intent.ORDER, Intent.LIST}),
        ("Which class is slow?", {Intent.UNDO, Intent.ORDER, Intent.LIST}),
        ("What happens if it crashes?", {Intent.UNDO, Intent.ORDER, Intent.LIST}),
        ("Carry on with what you were doing.", {Intent.UNDO}),
        ("No one calls this function.", {Intent.ORDER}),
        ("Go on.", {Intent.UNDO, Intent.ORDER, Intent.LIST}),
        ("Mach weiter.", {Intent.UNDO, Intent.ORDER, Intent.LIST}),
        ("Take option B.", {Intent.UNDO, Intent.LIST}),
        ("Undo that.", {Intent.ORDER, Intent.LIST}),
    ],
)
def test_a_request_is_not_read_as_what_it_is_not(request_text: str, wrong: set[Intent]) -> None:
    assert not wrong & read_intents(request_text)


def test_a_request_of_few_words_can_only_mean_what_was_before() -> None:
    assert Intent.BACK_REFERENCE in read_intents(
        "Now the uploader, then the client and the server."
    )
    assert Intent.BACK_REFERENCE not in read_intents(
        "Now the uploader, the client, the server, DNS."
    )


@pytest.mark.parametrize("text", ["", "  \n\t"])
def test_nothing_points_to_nothing(text: str) -> None:
    assert read_intents(text) == frozenset()
    assert read_ordinals(text) == []


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("the second approach", [(2, "approach")]),
        ("the 3rd idea", [(3, "idea")]),
        ("your first two suggestions", [(1, "suggestions")]),
        ("the second of the three approaches", [(2, "approaches")]),
        ("the last one", [(-1, "")]),
        ("the latter", [(-1, "")]),
        ("the former", [(1, "")]),
        ("Which did you edit first?", [(1, "")]),
        ("the first, then the third step", [(1, ""), (3, "step")]),
        ("the final step", [(-1, "step")]),
        ("option B", [(2, "option")]),
        ("Option (c)", [(3, "option")]),
        ("option a", [(1, "option")]),
        ("step iii", [(3, "step")]),
        ("No. 4", [(4, "no")]),
        ("number four", [(4, "number")]),
        ("variant2", [(2, "variant")]),
        ("#5", [(5, "")]),
        ("den zweiten Ansatz", [(2, "ansatz")]),
        ("Variante B", [(2, "variante")]),
        ("Variante e", [(5, "variante")]),
        ("Möglichkeit 2", [(2, "möglichkeit")]),
        ("die fünfte Idee", [(5, "idee")]),
        ("der letzte Vorschlag", [(-1, "vorschlag")]),
        ("dein erster Vorschlag", [(1, "vorschlag")]),
        ("das Dritte", [(3, "")]),
        ("optional", []),
        ("option 12", []),
        ("no one", []),
        ("one second", []),
        ("30 second timeout", []),
        ("secondary, lastly, firstborn", []),
        ("at last", []),
        ("the planets", []),
    ],
)
def test_places_are_read_with_what_they_are_of(text: str, places: list[tuple[int, str]]) -> None:
    assert read_ordinals(text) == [Ordinal(place, noun) for place, noun in places]


@given(st.text())
def test_any_text_has_places_that_can_be_counted(text: str) -> None:
    assert all(ordinal.place in {-1, *range(1, 10)} for ordinal in read_ordinals(text))
    assert read_intents(text) <= frozenset(Intent)
