"""Long texts of any shape are searched in linear time: a step for each character, and not more.

Somebody pastes a minified file or a log of a megabyte. Where each character cost a pass over all
others, that were 10^12 steps and no end; then the alarm of a test that hangs rings.
"""

import signal
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from ollama_claude_proxy.sessions.digest import write_digest
from ollama_claude_proxy.sessions.recall.account import account
from ollama_claude_proxy.sessions.recall.earlier_turns import EarlierTurns
from ollama_claude_proxy.sessions.recall.enumerations import find_enumerations, find_pairs
from ollama_claude_proxy.sessions.recall.german import translate
from ollama_claude_proxy.sessions.recall.intents import Ordinal, read_intents
from ollama_claude_proxy.sessions.recall.open_work import find_open_work
from ollama_claude_proxy.sessions.recall.passages import Passage, split_passages
from ollama_claude_proxy.sessions.recall.question import read_question
from ollama_claude_proxy.sessions.recall.search_terms import query_terms
from ollama_claude_proxy.sessions.recall.snippets import matching_lines, telling_lines
from ollama_claude_proxy.sessions.recall.surroundings import enclosing, lines_around
from ollama_claude_proxy.translate.response.runaway import RunawayDetector
from ollama_claude_proxy.translate.tools.edits.edit_repair import EditRepair
from ollama_claude_proxy.translate.tools.reading.lenient_json import parse_json_value
from ollama_claude_proxy.translate.tools.resolved_call import ResolvedCall
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import ToolUseBlock
from support.call_reading import chunks, read, toolbox
from support.chat import call, result, said
from support.file_session import numbered
from support.timeouts import HANG_SECONDS

MEGABYTE = 1_000_000
# Repeated up to a megabyte.
PATTERNS = {
    "one word": "x",
    "blank lines": "\n",
    "backticks": "`",
    "colons": "::",
    "dots": ".",
    "file names": "a.b and ",
    "digits": "0",
    "brackets": "[(",
    "JSON in one line": '{"a": [1, "because "], ',
    "short lines": "ab\n",
    "bullets": "-\n",
    "numbers": "1.\n",
    "failures": f"FAILED a{' ' * 480}b\n",
    "durations": f"FAILED {' (1' * 160}\n",
    "names": f"{'Abc ' * 100}\n",
    "ordinals": "first of the ",
    "changes": "as was a before ",
    "questions": "what which ",
    "Chinese": "数",
    "openers": "<tool_call>",
    "invokes": '<invoke name="Bash">',
    "closing tags": "</tool_call>x",
    "keys": "<arg_key>a</arg_key><arg_value>",
    "parameters": "<parameter=a>x</parameter>",
    "ReAct": "Action: Bash\n",
    "names of tools": "Read the file\n",
    "braces": "{",
    "stray quotes": "'t x ",
    "keys without quotes": "a: b, ",
}
WHOLE_CALL = '<tool_call>{"name": "Bash", "arguments": {"command": "ls"}}</tool_call>'


def _turns(text: str) -> list[Message]:
    return [said("user", text), said("assistant", text), call("Bash", command=text), result(text)]


def _search_work(text: str) -> object:
    return list(find_open_work(EarlierTurns(_turns(text), 0, 4)))


def _search_enumerations(text: str) -> object:
    return find_enumerations([Passage(1, 1, "", text)], [Ordinal(2, "approach")], "the locks", 3)


def _watch(text: str) -> object:
    detector = RunawayDetector(text[:100_000])
    return [detector.feed(text[at : at + 4], in_call=True) for at in range(0, len(text), 4)]


def _read_calls(opened: str) -> Callable[[str], object]:
    """Return what reads a text behind the beginning of a call, or behind a whole one."""
    return lambda text: read(chunks(opened + text, 400), toolbox("coding"))


def _repair_edits(text: str) -> object:
    """Look for a part of a file with slips, and for one that is nowhere."""
    call_id, path = "toolu_1", "/srv/a"
    read = Message("assistant", (ToolUseBlock(call_id, "Read", {"file_path": path}),))
    repair = EditRepair([read, result(numbered(text))])
    part = text[4000:4900]
    slipped = (
        f"{part} \nz",
        part.replace("\n", " \r\n").replace('"', "“"),
        numbered(f"{part}\n{part}"),
        f"{part[:100]}{part[:100]}\\n&lt;",
    )
    arguments = [{"file_path": path, "old_string": old, "new_string": "y"} for old in slipped]
    return [repair.repair(ResolvedCall("Edit", one)) for one in arguments]


def _part(text: str) -> Passage:
    return Passage(1, 1, "Read /a b.py", text[:400], whole=text)


# What reads whole texts reads a megabyte, or less where a character takes longer; a question in
# which ways to point back are searched is some thousand characters at most.
READERS: dict[str, tuple[Callable[[str], object], int]] = {
    "question": (read_question, MEGABYTE),
    "digest": (lambda text: write_digest(_turns(text)[:1], 1000), MEGABYTE),
    "account of results": (lambda text: account(_turns(text)[2:]), MEGABYTE // 2),
    "enumerations": (_search_enumerations, MEGABYTE // 2),
    "pairs": (lambda text: find_pairs([Passage(1, 1, "", text)], 3), MEGABYTE),
    "open work": (_search_work, MEGABYTE // 4),
    "passages": (lambda text: list(split_passages(text)), MEGABYTE),
    "lines": (lambda text: matching_lines(text, {"a": 1.0, "a b": 2.0}), MEGABYTE // 4),
    "telling lines": (
        lambda text: telling_lines(text, {"a": 1.0, "a b": 2.0}, 2000),
        MEGABYTE // 4,
    ),
    "enclosing": (lambda text: enclosing(_part(text), {"a": 1.0, "a b": 2.0}, 2000), MEGABYTE),
    "around": (lambda text: lines_around(_part(text)), MEGABYTE),
    "terms": (query_terms, MEGABYTE // 8),
    "intents": (read_intents, MEGABYTE // 20),
    "German": (translate, MEGABYTE // 2),
    "runaway": (_watch, MEGABYTE),
    "calls": (_read_calls(""), MEGABYTE // 20),
    "text behind a call": (_read_calls(WHOLE_CALL), MEGABYTE // 20),
    "a value in tags": (_read_calls("<function=Bash>\n<parameter=command>\n"), MEGABYTE // 20),
    "a value of GLM": (_read_calls("<tool_call>Bash<arg_key>a</arg_key><arg_value>"), 50_000),
    "broken JSON": (lambda text: parse_json_value(f'{{"a": {text}}}', 0), MEGABYTE // 10),
    "edits": (_repair_edits, MEGABYTE),
}


@pytest.fixture(autouse=True)
def _alarm() -> Iterator[None]:
    """Fail a test that hangs."""

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, HANG_SECONDS)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("name", READERS)
def test_a_megabyte_of_anything_is_read(name: str) -> None:
    read, length = READERS[name]
    for pattern in PATTERNS.values():
        read((pattern * (length // len(pattern) + 1))[:length])


def test_the_digest_of_many_files_in_a_folder_is_written() -> None:
    left = [call("Edit", file_path=f"/srv/{number}.py") for number in range(30_000)]
    assert "29999.py" in write_digest(left, 1000)
