"""Generates a long session of a coding assistant, with questions about what was said in it.

The stories are written by hand and told in turns with each other and with ordinary work, in an
order that follows from the seed. The end of the session is a task that is not finished.
"""

from collections.abc import Iterator
from typing import NamedTuple

from support.recall_filler import Filler
from support.recall_stories.changes import CHANGES
from support.recall_stories.facts import FACTS
from support.recall_stories.german import GERMAN
from support.recall_stories.lists import LISTS, ask_for_edited_files
from support.recall_stories.long_results import LONG_RESULTS
from support.recall_stories.loops import LOOPS
from support.recall_stories.neighbours import neighbours
from support.recall_stories.order import ORDER, ask_for_beginning
from support.recall_stories.paraphrases import PARAPHRASES
from support.recall_stories.pasted import BESIDE_LOGS, BESIDE_SOURCES
from support.recall_stories.references import REFERENCES
from support.recall_stories.tasks import double_invoices, migration_guide, port_exporters
from support.recall_stories.undo import UNDO
from support.recall_writer import FOLDER, Message, Question, SessionWriter, texts_of

CHARACTERS_PER_TOKEN = 4
# So much the model reads by itself in a task that it does not finish; the last fills the window.
_TASK_CHARACTERS = 24_000
_LAST_TASK_CHARACTERS = 44_000
# How many tokens are between two requests of a session that is played in strides.
_STRIDE_CHARACTERS = 30_000

_INSTRUCTIONS = (
    "As you answer the user's questions, you can use the following context:\n# claudeMd\n"
    f"Contents of {FOLDER}/CLAUDE.md (project instructions, checked into the codebase):\n\n"
    "# Parcelhub\nShipping for small shops. Python, Postgres, no frameworks.\n"
    "Tests are next to what they test by name. Keep functions short."
)
_GIT_STATUS = "gitStatus: This is the git status at the start of the conversation.\n\n(clean)"
_ENVIRONMENT = f"# Environment\n - Primary working directory: {FOLDER}\n - Platform: linux"


class RecallSession(NamedTuple):
    """A session, the places where it is sent, and the questions about it."""

    messages: list[Message]
    strides: list[int]
    questions: list[Question]


def generate(seed: int, tokens: int = 60_000) -> RecallSession:
    """Return a session of about so many tokens; what is asked needs about 50,000."""
    writer = SessionWriter(seed)
    filler = Filler(writer)
    _begin(writer)
    _tell(writer, filler, tokens * CHARACTERS_PER_TOKEN)
    migration_guide(writer, filler, _LAST_TASK_CHARACTERS)
    ask_for_edited_files(writer)
    ask_for_beginning(writer)
    end = len(writer.messages)
    questions = [
        question._replace(asked_after=question.asked_after or end) for question in writer.questions
    ]
    return RecallSession(writer.messages, _strides(writer.messages), questions)


def _begin(writer: SessionWriter) -> None:
    request = "Hi. We'll work on parcelhub all day, on many small things. Ready?"
    writer.user(request, _INSTRUCTIONS, _GIT_STATUS)
    writer.system(_ENVIRONMENT)
    writer.say("Ready. Tell me what comes first.")


def _tell(writer: SessionWriter, filler: Filler, characters: int) -> None:
    """Tell all stories, with ordinary work between their parts for a session of this length."""
    parts, told = _measure(writer.random.randrange(2**32))
    stories = _stories(writer, filler)
    tasks = {parts // 3: port_exporters, parts * 2 // 3: double_invoices}
    rest = max(characters - told - 2 * _TASK_CHARACTERS - _LAST_TASK_CHARACTERS, 0)
    done, worked = 0, 0
    while stories:
        _tell_part(writer, stories)
        done += 1
        if done in tasks:
            tasks[done](writer, filler, _TASK_CHARACTERS)
        before = writer.characters
        filler.work(rest * done // parts - worked)
        worked += writer.characters - before


def _tell_part(writer: SessionWriter, stories: list[Iterator[None]]) -> None:
    """Tell the next part of some story; a story that has ended is removed."""
    story = writer.random.choice(stories)
    if next(story, "ended") == "ended":
        stories.remove(story)


def _measure(seed: int) -> tuple[int, int]:
    """Return how many parts the stories have, with their ends, and how many characters."""
    writer = SessionWriter(seed)
    parts = sum(len([*story]) + 1 for story in _stories(writer, Filler(writer)))
    return parts, writer.characters


def _stories(writer: SessionWriter, filler: Filler) -> list[Iterator[None]]:
    plain = (*FACTS, *LONG_RESULTS, *CHANGES, *UNDO, *LISTS, *ORDER, *REFERENCES)
    stories = [story(writer) for story in (*plain, *GERMAN, *BESIDE_LOGS, *PARAPHRASES)]
    with_files = [story(writer, filler) for story in (*LOOPS, *BESIDE_SOURCES)]
    return [*stories, *with_files, *neighbours(writer)]


def _strides(messages: list[Message]) -> list[int]:
    """Return numbers of messages: where a request is sent, the last being the user's."""
    strides: list[int] = []
    characters = 0
    for number, message in enumerate(messages, 1):
        characters += len(texts_of([message]))
        if characters >= _STRIDE_CHARACTERS and message["role"] == "user":
            strides.append(number)
            characters = 0
    return strides
