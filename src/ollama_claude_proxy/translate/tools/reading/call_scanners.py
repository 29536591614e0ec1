"""Find where the calls that a marker opened end, chunk by chunk.

A scanner is fed what follows the opener and returns its state after each chunk. At each closing
tag, or when the last bracket closes, the text so far is read as calls. The tag may be part of a
value (a file's content may contain any tag): then the calls are incomplete and the scan goes on.
Reading costs time proportional to the length, so the longer the text, the fewer readings are tried.
"""

import re
from typing import Literal

from ollama_claude_proxy.translate.tools.reading.bracket_scanner import BracketScanner
from ollama_claude_proxy.translate.tools.reading.call_body import CallBody, read_call_body
from ollama_claude_proxy.translate.tools.reading.call_heads import may_begin_body
from ollama_claude_proxy.translate.tools.reading.json_calls import CALL_KEYS
from ollama_claude_proxy.translate.tools.reading.markup import Markup

# "open": the calls may go on; "failed": these are no calls; "ended": the calls are complete.
ScanState = Literal["open", "failed", "ended"]

# The first characters show whether calls may begin so; a little more than the longest name.
HEAD_CHARS = 160
# A model that is stuck in a call must not fill the memory.
_MAX_CHARS = 8_000_000
# Up to this length reading is fast enough to be tried at every closing tag.
_SHORT_CHARS = 16_384
# So much may follow the closing tag of a call that cannot be read before it is given up as text.
_AFTER_BROKEN_CHARS = 200

_NAME_CHARACTERS = re.compile(r"[\w.\-]*")
_FIRST_KEY = re.compile(r"[\[\s]*(?:\{\s*(?:[\"']?(?P<key>\w*)[\"']?\s*(?P<closed>:)?)?)?")
_SECOND_KEY = re.compile(r'[\[\s]*\{\s*"\w+"\s*:\s*"[^"\\]*"\s*,\s*"(?P<key>[^"]+)"\s*:')
# What only a call has inside its marks.
_ATTEMPT = re.compile(
    r"[\"'](?:name|arguments|parameters)[\"']\s*:|<(?:\w+:)?(?:parameter|invoke|function)[=\s>]"
    r"|</?arg_|call:\w|\w\(\w+\s*="
)

# Second keys of the commonest documents that begin with a name.
_DOCUMENT_KEYS = frozenset({"version", "email", "age", "title", "value", "url", "description"})


class MarkedCallScanner:
    """Scans calls in marks.

    After "ended", `body` holds the calls and `end` says where they end, in characters after the
    opener.
    """

    def __init__(self, markup: Markup) -> None:
        self.body = CallBody()
        self.end = 0
        self._markup = markup
        self._chunks = [markup.opener] if markup.opener_in_body else []
        self._opener_chars = len(markup.opener) if markup.opener_in_body else 0
        self._size = self._opener_chars
        self._carry = ""  # the end of the last chunk, in which a closing tag may begin
        self._carry_chars = max(map(len, markup.closers), default=1) - 1
        self._next_reading_at = 0
        self._broken_end = 0  # where a call ended that cannot be read
        # the first calls with an unclosed value, and their end: taken if nothing better follows
        self._candidate: tuple[CallBody, int] | None = None

    @property
    def skipped_chars(self) -> int:
        """How much of the opener is not part of the body."""
        return len(self._markup.opener) - self._opener_chars

    @property
    def is_attempt(self) -> bool:
        """Whether what was scanned has the parts of a call."""
        return _ATTEMPT.search("".join(self._chunks)) is not None

    def feed(self, chunk: str) -> ScanState:
        """Scan the next chunk."""
        self._chunks.append(chunk)
        before, self._size = self._size, self._size + len(chunk)
        if before < HEAD_CHARS and not self.may_begin("".join(self._chunks)[:HEAD_CHARS]):
            return "failed"
        if self._size > _MAX_CHARS:
            return "failed"
        window = self._carry + chunk
        self._carry = window[max(len(window) - self._carry_chars, 0) :]
        origin = self._size - len(window)
        for end in self._closer_ends(window):
            state = self._read_up_to(origin + end)
            if state != "open":
                return state
        gives_up = self._broken_end and self._size - self._broken_end > _AFTER_BROKEN_CHARS
        return "failed" if gives_up else "open"

    def flush(self) -> ScanState:
        """Return the state when nothing follows: calls that are still open end here."""
        text = "".join(self._chunks)
        self.body = read_call_body(text, may_end_early=True)
        self.end = self.body.end - self._opener_chars
        if self._candidate is not None and (self.body.unclosed or not self.body.calls):
            self.body, self.end = self._candidate
        return "ended" if self.body.calls and not self.body.half else "failed"

    def may_begin(self, head: str) -> bool:
        """Whether calls may begin with these characters."""
        return may_begin_body(self._markup, head)

    def _closer_ends(self, window: str) -> list[int]:
        """Return where the closing tags in the window end."""
        ends: list[int] = []
        for closer in self._markup.closers:
            at = window.find(closer)
            while at >= 0:
                ends.append(at + len(closer))
                at = window.find(closer, at + 1)
        return sorted(ends)

    def _read_up_to(self, end: int) -> ScanState:
        """Read the text up to the end of a closing tag as calls."""
        if end < self._next_reading_at:
            return "open"
        text = "".join(self._chunks)
        self._chunks = [text]
        closer = next(c for c in self._markup.closers if text.endswith(c, 0, end))
        body = read_call_body(text[: end if self._markup.opener_in_body else end - len(closer)])
        self._next_reading_at = 0 if end < _SHORT_CHARS else end + end // 8
        if body.calls and not body.unclosed:
            self.body, self.end = body, end - self._opener_chars
            return "ended"
        if body.calls and self._candidate is None and not body.half:
            self._candidate = body, end - self._opener_chars
        if body.calls or body.incomplete:
            return "open"
        self._broken_end = self._broken_end or end
        return "open" if _ATTEMPT.search(text) else "failed"


class BareCallScanner:
    """Scans JSON, or Python's list of calls, that stands in the text without marks.

    `names` are those of the tools in lower case: a list of calls of other functions is code. After
    "ended", `body` holds the calls and `end` says where they end, in characters from the first
    bracket.
    """

    def __init__(self, names: frozenset[str]) -> None:
        self.body = CallBody()
        self.end = 0
        self._names = names
        self._chunks: list[str] = []
        self._size = 0
        self._brackets = BracketScanner()

    def feed(self, chunk: str) -> ScanState:
        """Scan the next chunk."""
        self._chunks.append(chunk)
        before, self._size = self._size, self._size + len(chunk)
        if self._size > _MAX_CHARS:
            return "failed"
        if before < HEAD_CHARS and not self.may_begin("".join(self._chunks)[:HEAD_CHARS]):
            return "failed"
        end = self._brackets.feed(chunk)
        if end is None:
            return "open"
        self.end = before + end
        self.body = read_call_body("".join(self._chunks)[: self.end])
        return "ended" if self.body.calls else "failed"

    def flush(self) -> ScanState:
        """Return the state when nothing follows; a last bracket may be missing."""
        self.body = read_call_body("".join(self._chunks), may_end_early=True)
        self.end = self.body.end
        return "ended" if self.body.calls and not self.body.half else "failed"

    def may_begin(self, head: str) -> bool:
        """Whether calls may begin like this: with one of the keys of a call, or a tool's name."""
        if head[0] == "[" and head[1:].lstrip()[:1] not in {"", "{"}:
            return self._may_begin_with_tool(head[1:].lstrip())
        first = _FIRST_KEY.match(head)
        if first is None:
            return False
        key = first["key"] or ""
        if first["closed"] is None:
            goes_on = first.end() == len(head)
            return goes_on and any(call_key.startswith(key) for call_key in CALL_KEYS)
        second = _SECOND_KEY.match(head)
        return key in CALL_KEYS and (second is None or second["key"] not in _DOCUMENT_KEYS)

    def _may_begin_with_tool(self, head: str) -> bool:
        """Whether a list begins with a call of a tool, or may do so with more text."""
        match = _NAME_CHARACTERS.match(head)
        name = match[0].lower() if match else ""
        if len(name) == len(head):
            return any(tool_name.startswith(name) for tool_name in self._names)
        return head[len(name)] == "(" and name in self._names
