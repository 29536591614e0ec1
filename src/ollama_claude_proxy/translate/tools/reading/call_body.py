"""What stands inside the markup of a call, in whichever form: a list of calls.

Every wrapper is read with every form, for models mix them: one was trained on several.
"""

import re
from collections.abc import Callable, Sequence

from msgspec import Struct, field

from ollama_claude_proxy.translate.tools.reading.braces import braces_at
from ollama_claude_proxy.translate.tools.reading.brackets import Brackets
from ollama_claude_proxy.translate.tools.reading.found_call import FoundCall, calls_in
from ollama_claude_proxy.translate.tools.reading.loose_json import argument_object, value_at
from ollama_claude_proxy.translate.tools.reading.pythonic import pythonic_at
from ollama_claude_proxy.translate.tools.reading.tags import (
    Read,
    element_at,
    functions_at,
    keys_at,
)

# What may stand between calls and around them: separators, and tags that only wrap.
_SPECIAL = r"<[|｜][^<>|｜]{1,40}[|｜]>"
_TAG = (
    r"</?(?:[\w-]+:)?(?:tool_calls?|function_calls?|tools?|tool_use|function|invoke|tool_code)>"
    r"|</?｜DSML｜(?:function_calls|tool_calls)>|<tool_call\|>|<(?:start|end)_function_call>"
)
_BETWEEN = re.compile(
    rf"(?:\s|[,;]|{_SPECIAL}|{_TAG}|\[TOOL_CALLS\]|functools(?=\[)"
    r"|(?:function|assistant)(?=<[|｜]))*"
)
_FENCE = re.compile(r"```[\w-]*[ \t]*\n?")
# A name, then JSON: `Read[ARGS]{`, `functions.Read:0<|…|>{`, `Read\n```json\n{`,
# `function<sep>Read\n…{`, `<|channel|>commentary to=functions.Read <|constrain|>json<|message|>{`.
_NAMED = re.compile(
    rf"(?:function\s*{_SPECIAL}\s*)?(?:(?:commentary|analysis)\s+)?(?:to=)?"
    rf"(?:functions[.:]|tools[.:])?(?P<name>[A-Za-z_][\w.\-/]*?)(?::\d+)?\s*"
    rf"(?:{_SPECIAL}|\[CALL_ID\][^\[{{]*|\[ARGS\]|```(?:json)?|json\b|commentary\b|code\b|[\s:=])*(?=\{{)"
)
_REACT = re.compile(
    r"Action:[ \t]*`?(?P<name>[\w.\-/]+)`?[ \t]*\n\s*Action Input:[ \t]*(?:```\w*\s*)?(?=\{)"
)
_COMMAND = re.compile(r"Action:\s*(?=```)")

Reader = Callable[[str, int], Read | None]


class Body(Struct, frozen=True):
    """The calls of a body, and where they end.

    `ragged`: a tag that should close a value is missing. `unfinished`: there are none, but with
    more text there may be.
    """

    calls: list[FoundCall] = field(default_factory=list)
    end: int = 0
    ragged: bool = False
    unfinished: bool = False


def calls_of(text: str, *, last: bool = False) -> Body:
    """Read the calls that a text is, and nothing else; if it is the `last`, text may follow."""
    calls: list[FoundCall] = []
    at = end = _skip(text, 0)
    while at < len(text):
        read = _first(text, at)
        if read is None and not (last and calls):
            return Body(unfinished=_unfinished(text, at))
        if read is None:
            break
        calls += read[0]
        end = read[1]
        at = end = _skip(text, _behind_brackets(text, end))
    ragged = any(call.ragged for call in calls)
    return Body(calls, _without_space(text, end), ragged)


def _behind_brackets(text: str, at: int) -> int:
    """Pass over brackets that close nothing: models lose count."""
    while text[at : at + 1] in {"}", "]"}:
        at += 1
    return at


def _without_space(text: str, end: int) -> int:
    while end < len(text) and end and text[end - 1].isspace():
        end -= 1
    return end


def _first(body: str, at: int) -> Read | None:
    for reader in _READERS:
        read = reader(body, at)
        if read is not None:
            return read
    return None


def _unfinished(text: str, at: int) -> bool:
    """Whether a string, a bracket or a tag is still open."""
    if text[at] == "<":
        return True
    start = re.compile(r"[{\[(]").search(text, at)
    if start is None:
        return False
    brackets = Brackets()
    return brackets.feed(text, start.start()) is None


def _skip(body: str, at: int) -> int:
    """Pass over what only separates or wraps."""
    while True:
        between = _BETWEEN.match(body, at)
        at = between.end() if between else at
        fence = _FENCE.match(body, at) or _COMMAND.match(body, at)
        if fence is None:
            return at
        at = fence.end()


def _json_at(body: str, at: int) -> Read | None:
    if body[at] not in "{[":
        return None
    found = value_at(body, at)
    calls = calls_in(found[0]) if found is not None else None
    return None if calls is None or found is None else (calls, found[1])


def _python_list_at(body: str, at: int) -> Read | None:
    if body[at] != "[":
        return None
    calls: list[FoundCall] = []
    at = _skip(body, at + 1)
    while at < len(body) and body[at] != "]":
        read = pythonic_at(body, at)
        if read is None:
            return None
        calls += read[0]
        at = _skip(body, read[1])
    return (calls, at + 1) if calls and at < len(body) else None


def _named_at(body: str, at: int) -> Read | None:
    opened = _REACT.match(body, at) or _NAMED.match(body, at)
    if opened is None:
        return None
    found = value_at(body, opened.end())
    arguments = argument_object(found[0]) if found is not None else None
    if arguments is None or found is None:
        return None
    return [FoundCall(opened["name"], arguments)], found[1]


_READERS: Sequence[Reader] = (
    _json_at,
    functions_at,
    keys_at,
    element_at,
    braces_at,
    _named_at,
    _python_list_at,
    pythonic_at,
)
