"""An index of what happened in turns that left: by rules, no model is asked.

For each kind of thing that a session is asked about (what the user wanted, decisions, files,
commands, tests, errors, open tasks) it has one short line each, oldest first, each once where it
was said last. It is complete; who shows it takes what there is room for.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from posixpath import commonprefix

from msgspec import Struct

from ollama_claude_proxy.sessions.block_text import (
    WRITING_TOOLS,
    block_text,
    call_subject,
    is_reminder,
)
from ollama_claude_proxy.sessions.recall.decisions import DECISION
from ollama_claude_proxy.sessions.recall.open_work import open_tasks
from ollama_claude_proxy.sessions.recall.phrases import any_phrase
from ollama_claude_proxy.sessions.recall.word_worth import word_worth
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import TextBlock, ToolResultBlock, ToolUseBlock
from ollama_claude_proxy.wire.reminder import REMINDER_TAG

# Searched line by line, of each its beginning: over whole texts some would take quadratic time.
_MAX_SEARCHED = 500
_ERROR_WORDS = ("error:", "exception:", "failed:", "fatal:", "panic:")
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?=\S)[^.!?\n]*)*[.!?]?")
_FAILED_TEST = re.compile(
    r"\s*(?:FAILED|FAIL:|ERROR:?|--- FAIL:|[✕✗\u00d7]|not ok \d+ -?)\s+(\S.{0,100}?)"
    r"(?: - .*| \(\d.*\))?$"
    r"|\s*(?:test )?(\S{1,200}) (?:\.\.\. )?FAILED\b"
)
_PASSED_TEST = re.compile(
    r"\s*(?:PASSED|--- PASS:|✓|✔|ok \d+ -?)\s+(\S.{0,100}?)(?: \(\d.*\))?$"
    r"|\s*(?!not ok)(?:test )?(\S{1,200}(?: \(\S{1,200}\))?) (?:\.\.\. )?(?:PASSED|ok)\b"
)
_FAILED_SIGN = re.compile(r"FAIL|ERROR|[✕✗\u00d7]|not ok")
_PASSED_SIGN = re.compile(r"PASS|[✓✔]|\bok\b")
# Somebody's name: amid a sentence a word with a capital that is no code, no acronym, no date; at
# its beginning one that does something.
_NAME = re.compile(
    r"(?<=[a-zäöüß,;:] )(?!I\b|I'|January|February|March|April|May|June|July|August|September"
    r"|October|November|December|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
    r"|\w+(?:ian|ish|ese|ic) )[A-ZÄÖÜ][a-zäöüßéèáó]+\b(?![.(_/]\w)"
    r"|^\s*[A-ZÄÖÜ][a-zäöüßéèáó]+ (?:[A-ZÄÖÜ]\w+ )?(?:(?:from|of|in|at) .{1,30})?"
    r"(?:is|was|will|would|can|has|had|wants?|needs?|says?|said|tells?|told|asks?|asked|thinks?"
    r"|likes?|prefers?|reports?|reported|owns?|waits?|and [A-ZÄÖÜ][a-z]+)\b"
)
_MAX_LINE_CHARACTERS = 140
# Of a command with its outcome.
_MAX_COMMAND, _MAX_OUTCOME = 70, 67
_MIN_COMMON = 3
FILE_KINDS = frozenset({"Files written", "Files read"})


class AccountKind(Struct, frozen=True):
    """A kind of thing: its `title`, and the `asked` words of questions that mean it."""

    title: str
    asked: re.Pattern[str]


def account(left: Sequence[Message]) -> Mapping[str, list[str]]:
    """Return the lines of each kind by its title, oldest first; only kinds that have any."""
    found = {kind.title: _shortened(find(left)) for kind, find in _KINDS.items()}
    return {title: lines for title, lines in found.items() if lines}


def asked_lines(
    kinds: Mapping[str, Sequence[str]], words: str, room: int, *, oldest: bool = False
) -> Iterator[tuple[str, str]]:
    """Yield titles and numbered lines of an account that a question asks for, within a room.

    The kinds that it names come first and share the room, in characters; of others there are the
    lines that share words with it.
    """
    asked = [kind.title for kind in _KINDS if kind.title in kinds and kind.asked.search(words)]
    others = [title for title in kinds if title not in asked]
    for place, title in enumerate((*asked, *others)):
        lines = [f"{number}. {line}" for number, line in enumerate(_below(title, kinds[title]), 1)]
        if title in others:
            worth = word_worth(lines, words)
            lines = [line for line, shared in zip(lines, worth, strict=True) if shared]
        share = room // max(len(asked) - place, 1) - len(title) - 2
        text = fitting_lines(lines, share, words, oldest=oldest)
        room -= len(text)
        if text:
            yield title, text


def fitting_lines(lines: Sequence[str], room: int, words: str = "", *, oldest: bool = False) -> str:
    """Return lines that fit into some characters, in their order.

    Those that share the most with the `words` come first, then the newest, or the oldest.
    """
    worth = word_worth(lines, words)
    places = range(len(lines)) if oldest else range(len(lines) - 1, -1, -1)
    fitting: list[int] = []
    for place in sorted(places, key=lambda place: -worth[place]):
        room -= len(lines[place]) + 1
        if room < 0:
            break
        fitting.append(place)
    return "\n".join(lines[place] for place in sorted(fitting))


def _below(title: str, lines: Sequence[str]) -> Sequence[str]:
    """Return paths below the folder that they have in common, all others as they are."""
    if title not in FILE_KINDS or len(lines) < _MIN_COMMON:
        return lines
    common = commonprefix([line.rpartition("/")[0] + "/" for line in lines]).rpartition("/")[0]
    return [line.removeprefix(f"{common}/") for line in lines] if common else lines


def _requests(left: Sequence[Message]) -> Iterator[str]:
    for message in left:
        if message.role == "user":
            yield from (text for text in _texts(message) if text.strip() and not is_reminder(text))


def _decisions(left: Sequence[Message]) -> Iterator[str]:
    # sentences first: to search a whole text for a sentence with a word takes quadratic time
    for message in left:
        for text in _texts(message):
            if REMINDER_TAG not in text:
                yield from filter(DECISION.search, _sentences(text))


def _names(left: Sequence[Message]) -> Iterator[str]:
    """Yield what the user said with the name of somebody."""
    for text in _requests(left):
        yield from filter(_NAME.search, _sentences(text))


def _written_files(left: Sequence[Message]) -> Iterator[str]:
    return _files(left, writing=True)


def _read_files(left: Sequence[Message]) -> Iterator[str]:
    return _files(left, writing=False)


def _files(left: Sequence[Message], *, writing: bool) -> Iterator[str]:
    for call in _calls(left):
        if (call.name.lower() in WRITING_TOOLS) == writing:
            path = call.input.get("file_path") or call.input.get("notebook_path")
            path = path or call.input.get("path")
            if path and isinstance(path, str):
                yield path


def _commands(left: Sequence[Message]) -> Iterator[str]:
    """Yield the commands, each with the last line that it wrote, where that is a short one."""
    results = {result.tool_use_id: result for result in _results(left)}
    for call in _calls(left):
        if "command" in call.input:
            command = call_subject(call).partition(" ")[2]
            outcome = _last_line(block_text(results[call.id])) if call.id in results else ""
            yield f"{command[:_MAX_COMMAND]} → {outcome}" if outcome else command


def _last_line(text: str) -> str:
    """Return the last line of a text, if it is short."""
    line = text.rstrip()[-_MAX_OUTCOME - 1 :].rpartition("\n")[2].strip()
    return line if len(line) <= _MAX_OUTCOME else ""


def _failed_tests(left: Sequence[Message]) -> Iterator[str]:
    return _matches(_FAILED_TEST, left, _FAILED_SIGN)


def _passed_tests(left: Sequence[Message]) -> Iterator[str]:
    return _matches(_PASSED_TEST, left, _PASSED_SIGN)


def _errors(left: Sequence[Message]) -> Iterator[str]:
    return filter(_names_error, _result_lines(left, _names_error))


def _names_error(text: str) -> bool:
    lower = text.lower()
    return any(word in lower for word in _ERROR_WORDS)


def _open_tasks(left: Sequence[Message]) -> Iterator[str]:
    lists = (call.input.get("todos") or call.input.get("plan") for call in _calls(left))
    newest = [tasks for tasks in lists if isinstance(tasks, list)][-1:]
    for tasks in newest:
        yield from filter(None, open_tasks(tasks))


def _matches(
    pattern: re.Pattern[str], left: Sequence[Message], sign: re.Pattern[str]
) -> Iterator[str]:
    for line in _result_lines(left, sign.search):
        match = pattern.match(line)
        if match:
            yield match[1] or match[2]


def _result_lines(left: Sequence[Message], has_sign: Callable[[str], object]) -> Iterator[str]:
    """Yield the lines of results that have a sign somewhere: most have none, and are long."""
    for result in _results(left):
        text = block_text(result)
        if has_sign(text):
            for line in text.splitlines():
                yield line[:_MAX_SEARCHED].rstrip()


def _sentences(text: str) -> Iterator[str]:
    return (sentence[:_MAX_SEARCHED] for sentence in _SENTENCE.findall(text))


def _calls(messages: Iterable[Message]) -> Iterator[ToolUseBlock]:
    for message in messages:
        yield from (block for block in message.content if isinstance(block, ToolUseBlock))


def _results(messages: Iterable[Message]) -> Iterator[ToolResultBlock]:
    for message in messages:
        yield from (block for block in message.content if isinstance(block, ToolResultBlock))


def _texts(message: Message) -> Iterator[str]:
    return (block.text for block in message.content if isinstance(block, TextBlock))


def _shortened(lines: Iterable[str]) -> list[str]:
    """Return lines with single spaces, cut where they are long, each once where it was last."""
    unique = dict.fromkeys(line[:_MAX_SEARCHED] for line in reversed(list(lines)))
    short = [" ".join(line.split())[:_MAX_LINE_CHARACTERS] for line in unique]
    return list(dict.fromkeys(filter(None, short)))[::-1]


_KINDS = {
    AccountKind(
        "The user asked",
        any_phrase("""
            ask* | request* | want* | instruct* | told | tell | said | mention* | tasks?
            jobs? | things? | prompts? | messages? | questions? | aufgabe* | frage* | bat | gebeten
        """),
    ): _requests,
    AccountKind(
        "Decisions",
        any_phrase("decid* | decision* | choice* | chose* | choos* | agree* | settle* | entsch*"),
    ): _decisions,
    AccountKind(
        "Open tasks",
        any_phrase("""
            open | tasks? | to-?dos? | left | remain* | pending | outstanding | offen* | aufgabe*
        """),
    ): _open_tasks,
    AccountKind(
        "Files written",
        any_phrase("""
            files? | modules? | edit* | chang* | touch* | modif* | write* | written | wrote | creat*
            datei* | geändert* | bearbeit* | angefasst
        """),
    ): _written_files,
    AccountKind(
        "Files read",
        any_phrase("read | look* | inspect* | open* | view* | gelesen | angesehen | angeschaut"),
    ): _read_files,
    AccountKind(
        "Commands",
        any_phrase("command* | ran | run | execut* | install* | shell | befehl* | ausgeführt"),
    ): _commands,
    AccountKind(
        "Tests failed", any_phrase("tests? | fail* | red | broke* | fehlgeschlagen* | rot")
    ): _failed_tests,
    AccountKind(
        "Tests passed", any_phrase("pass* | green | succeed* | bestanden | grün")
    ): _passed_tests,
    AccountKind(
        "Names",
        any_phrase("""
            who | whom | whose | people | persons? | names? | named | everybody | everyone | anyone
            anybody | colleague* | team | wer | wem | wen | leute | namen | personen | kolleg*
        """),
    ): _names,
    AccountKind(
        "Errors",
        any_phrase("error* | exception* | crash* | fail* | trace* | problem* | fehler* | absturz"),
    ): _errors,
}
