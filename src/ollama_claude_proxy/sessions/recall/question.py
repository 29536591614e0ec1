"""What a request asks, apart from what is pasted with it.

People put a question above or below a log of a thousand lines. The log must not drown the question:
lines of prose are told from others by the words that hold sentences together and by a form that no
other line has, and only the prose at the beginning and at the end is the question.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from msgspec import Struct

from ollama_claude_proxy.sessions.block_text import is_request, newest_request, user_text
from ollama_claude_proxy.sessions.recall.stop_words import STOP_WORDS
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import TextBlock

# Characters. A text that is not longer is all question.
_MAX_PLAIN = 600
# What is taken of the question at each end of what is pasted, and of the lines that are pasted.
_MAX_PROSE = 1500
_MAX_PASTED = 3000
# How much is searched of the request before, and of what the model said in a step.
_MAX_CONTEXT = 500
_MIN_STEP, _MAX_STEP = 20, 500
_MAX_CAPTION = 60
_MIN_STOP_SHARE = 0.2
_MAX_SIGN_SHARE = 0.08
_MAX_CACHED = 8
_WORD = re.compile(r"[^\W\d_]+")
_SIGN = re.compile(r"[^\w\s.,;:!?'\"()`-]")
_NUMBER = re.compile(r"\d+")
# So many lines of one form are of a log or of a table; of a line its beginning is compared.
_MIN_ALIKE, _MAX_FORM = 3, 200
_PASTED_START = re.compile(
    r"\s{4,}|\t|```|[\[{<|+>$#@]|\d{2,4}[-:/.]\d\d|\w+: \w+=|(?:ERROR|WARN|INFO|DEBUG|TRACE)\b"
    r"|Traceback \("
)
_CODE_ENDS = ("{", ";")
# Also those of Chinese and of Arabic.
_QUESTION_MARKS = ("?", "？", "؟")
FAILURE_SIGN = re.compile(r"error|exception|fail|fatal|panic|traceback", re.IGNORECASE)


class Question(Struct, frozen=True):
    """What is looked for: the user's `words`, and what is `pasted` with them.

    `step` is what the model said and called last, in the turns that follow a request; `context` is
    the request before, where this one only points to it.
    """

    words: str = ""
    pasted: str = ""
    step: str = ""
    context: str = ""

    @property
    def text(self) -> str:
        """What is asked, as one text."""
        return "\n".join(filter(None, (self.words, self.step)))


@lru_cache(_MAX_CACHED)
def read_question(text: str, step: str = "", context: str = "") -> Question:
    """Return what a user's text asks; it is asked several times while a request is planned."""
    text = text.strip()
    if len(text) <= _MAX_PLAIN:
        return Question(text, "", step, context)
    lines = text.splitlines()
    forms = _repeated_forms(lines)
    above = _prose_until(lines, forms)
    below = _prose_until(lines[len(above) :][::-1], forms)[::-1]
    pasted = lines[len(above) : len(lines) - len(below)]
    if not above and not below:  # of a language whose words are not known, or no question at all
        above, below, pasted = lines[:2], lines[2:][-2:], lines[2:][:-2]
    if above and _is_caption(above[-1]) and any(map(_asks, below)):
        pasted = [above.pop(), *pasted]
    words = "\n".join(filter(None, (_ends("\n".join(above)), _ends("\n".join(below)))))
    return Question(words, _telling(pasted), step, context)


def last_question(messages: Sequence[Message], *, with_request: bool) -> Question:
    """Return what the end of a conversation asks.

    That is the user's newest message, or in a tool loop the model's last step; `with_request`:
    there too the request that it works on.
    """
    newest = messages[-1]
    if is_request(newest):
        earlier = (message for message in messages[-2::-1] if is_request(message))
        before = next((user_text(message) for message in earlier), "")
        return read_question(user_text(newest), context=before[:_MAX_CONTEXT])
    replies = (message for message in reversed(messages) if message.role == "assistant")
    blocks = next((message.content for message in replies), ())
    step = "\n".join(block.text for block in blocks if isinstance(block, TextBlock)).strip()
    step = step[-_MAX_STEP:] if len(step) >= _MIN_STEP else ""
    if not with_request:
        return Question(step=step)
    return read_question(user_text(messages[newest_request(messages)]), step)


def is_prose(line: str) -> bool:
    """Whether a line is of a sentence, and not of a log, of code or of data."""
    end = line.rstrip()
    if _PASTED_START.match(line) or end.endswith(_CODE_ENDS):
        return False
    words = _WORD.findall(line)
    if words and _asks(end):
        return True
    if not words or len(_SIGN.findall(line)) > _MAX_SIGN_SHARE * len(line):
        return False
    stop_words = sum(word.lower() in STOP_WORDS for word in words)
    return stop_words >= _MIN_STOP_SHARE * len(words)


def _is_caption(line: str) -> bool:
    """Whether a line tells of what is pasted below it, and asks nothing."""
    return len(line) <= _MAX_CAPTION and line.rstrip().endswith(":")


def _asks(line: str) -> bool:
    return line.rstrip().endswith(_QUESTION_MARKS)


def _repeated_forms(lines: Iterable[str]) -> Collection[str]:
    """Return the forms of lines that several lines have, and that are half of numbers."""
    counts = Counter(map(_form, lines))
    repeated = (form for form, count in counts.items() if count >= _MIN_ALIKE)
    return {form for form in repeated if 2 * form.count("0") >= form.count("a") > 0}


def _form(line: str) -> str:
    """Return a line with the same word for all words, and the same number for all numbers."""
    return _NUMBER.sub("0", _WORD.sub("a", line[:_MAX_FORM]))


def _prose_until(lines: Iterable[str], repeated_forms: Collection[str]) -> list[str]:
    """Return the lines before the first that is pasted; short ones may stand between sentences."""
    taken: list[str] = []
    pending: list[str] = []
    for line in lines:
        if is_prose(line) and _form(line) not in repeated_forms:
            taken += [*pending, line]
            pending = []
        elif not line.strip():
            pending.append(line)
        else:
            break
    return taken


def _ends(text: str) -> str:
    """Return a text without its middle, where it is long."""
    return text if len(text) <= 2 * _MAX_PROSE else f"{text[:_MAX_PROSE]}\n{text[-_MAX_PROSE:]}"


def _telling(lines: Sequence[str]) -> str:
    """Return the lines of what is pasted that tell the most: those about failures, each once."""
    failures = dict.fromkeys(line for line in lines if FAILURE_SIGN.search(line))
    return "\n".join(list(failures) or lines)[:_MAX_PASTED]
