"""The calls of a body: what stands inside the markup of calls, in whichever form.

Any form is read in any markup, because models mix the forms that they were trained on.
"""

import re
from collections.abc import Callable, Sequence

from msgspec import Struct, field

from ollama_claude_proxy.translate.tools.reading.bracket_scanner import BracketScanner
from ollama_claude_proxy.translate.tools.reading.found_call import CallsAndEnd, FoundCall
from ollama_claude_proxy.translate.tools.reading.gemma import read_gemma_call
from ollama_claude_proxy.translate.tools.reading.json_calls import calls_from_json
from ollama_claude_proxy.translate.tools.reading.key_values import (
    read_bare_name,
    read_key_value_tags,
    read_kimi_call,
)
from ollama_claude_proxy.translate.tools.reading.lenient_json import (
    parse_arguments,
    parse_json_value,
)
from ollama_claude_proxy.translate.tools.reading.minimax import read_minimax_call
from ollama_claude_proxy.translate.tools.reading.pythonic import read_pythonic_call
from ollama_claude_proxy.translate.tools.reading.tags import (
    read_function_tag,
    read_nameless_parameters,
)

# What may stand between calls and around them: separators, and tags that only wrap calls.
_SPECIAL_TAG = r"<[|｜]{1,2}[^<>|｜]{1,40}[|｜]{1,2}>"
_WRAPPER_TAG = (
    r"<tool_call(?:\s+(?:id|type|index)=\"[^\"]*\")+\s*>|</?(?:tool_calls?:opensource)>|"
    r"</?(?:[\w-]+:|longcat_|zyphra_)?(?:tool_calls?|function_calls?|function_invocation|tools?"
    r"|tool_use|function|invoke|tool_code|TOOLCALL)>"
    r"|</?[|｜]{1,2}[DG][SC]ML[|｜]{1,2}(?:function_calls|tool_calls)>|<tool_call\|>"
    r"|<(?:start|end)_function_call>|<\|(?:open|close)\|>tools<\|sep\|>"
)
_SEPARATORS = re.compile(
    rf"(?:\s|[,;]|{_WRAPPER_TAG}|(?!<\|open\|>call ){_SPECIAL_TAG}|\[TOOL_CALLS\]"
    r"|function\s*<｜tool_sep｜>[\w.-]+\s*(?=<steptml:)"
    r"|functools(?=[\[{])|function call\n|(?:function|assistant)(?=<[|｜]))*"
)
_FENCE = re.compile(r"```[\w-]*[ \t]*\n?")
# A name, then JSON: `Read[ARGS]{`, `functions.Read:0<|…|>{`, `Read\n```json\n{`,
# `function<sep>Read\n…{`, `<|channel|>commentary to=functions.Read <|constrain|>json<|message|>{`.
_NAME_BEFORE_JSON = re.compile(
    rf"(?:function\s*{_SPECIAL_TAG}\s*)?(?:assistant\s*)?(?:(?:commentary|analysis)\s+)?"
    rf"(?:{_SPECIAL_TAG}json\s+)?(?:json\s+)?(?:to=)?"
    rf"(?:functions[.:]|tools[.:])?(?P<name>[A-Za-z_][\w.\-/]*?)(?::\d+)?\s*"
    rf"(?:{_SPECIAL_TAG}|\[CALL_ID\][^\[{{]*|\[ARGS\]|```(?:json)?|json\b|commentary\b|analysis\b|code\b"
    r"|<tool_sep>|[\s:=])*(?=\{)"
)
# `Read file_path="/a" limit="3"`, as on a command line.
_NAME_BEFORE_PAIRS = re.compile(r"(?P<name>[A-Za-z_][\w.\-]*)(?=[ \t]+\w+=[\"'])")
_PAIR = re.compile(r"[ \t,]+(\w+)=([\"'])(.*?)\2(?=[ \t,]|\s*\Z)", re.DOTALL)
_REACT_ACTION = re.compile(
    r"\*{0,2}Action:\*{0,2}[ \t]*`?(?P<name>[\w.\-/]+)`?[ \t]*\n\s*"
    r"\*{0,2}Action Input:\*{0,2}\s*(?:```\w*\s*)?(?=\{)"
)
_COMMAND_ACTION = re.compile(r"Action:\s*(?=```)")
_OPENING_BRACKET = re.compile(r"[{\[(]")

# Reads the calls in one form at a position; None where there are none in this form.
_FormReader = Callable[[str, int], CallsAndEnd | None]


class CallBody(Struct, frozen=True):
    """The calls of a body, and where they end.

    `unclosed`: a tag that should close a value is missing, and `half`: nothing ends it.
    `incomplete`: there are no calls, but with more text there may be.
    """

    calls: list[FoundCall] = field(default_factory=list)
    end: int = 0
    unclosed: bool = False
    half: bool = False
    incomplete: bool = False


def read_call_body(text: str, *, may_end_early: bool = False) -> CallBody:
    """Read a text that is calls and nothing else; with `may_end_early` text may follow them."""
    calls: list[FoundCall] = []
    at = end = _skip_separators(text, 0)
    while at < len(text):
        calls_and_end = _read_any_form(text, at)
        if calls_and_end is None and (not calls or calls[-1].only_in_marks):
            calls_and_end = read_bare_name(text, at)  # not behind a value, which may hold any name
        if calls_and_end is None and not (may_end_early and calls):
            return CallBody(incomplete=_is_incomplete(text, at))
        if calls_and_end is None:
            break
        calls += calls_and_end[0]
        end = calls_and_end[1]
        at = end = _skip_separators(text, _skip_closing_brackets(text, end))
    unclosed = any(call.unclosed for call in calls)
    half = any(call.half for call in calls)
    return CallBody(calls, _before_space(text, end), unclosed, half)


def _skip_closing_brackets(text: str, at: int) -> int:
    """Skip brackets that close nothing, because models lose count."""
    while text[at : at + 1] in {"}", "]"}:
        at += 1
    return at


def _before_space(text: str, end: int) -> int:
    """Return where the space before `end` begins, unless `end` is the end of the text."""
    while end < len(text) and end and text[end - 1].isspace():
        end -= 1
    return end


def _read_any_form(body: str, at: int) -> CallsAndEnd | None:
    for read_form in _FORM_READERS:
        calls_and_end = read_form(body, at)
        if calls_and_end is not None:
            return calls_and_end
    return None


def _is_incomplete(text: str, at: int) -> bool:
    """Whether a string, a bracket or a tag is still open."""
    if text[at] == "<":
        return True
    bracket = _OPENING_BRACKET.search(text, at)
    return bracket is not None and BracketScanner().feed(text, bracket.start()) is None


def _skip_separators(body: str, at: int) -> int:
    """Skip what only separates or wraps calls."""
    while True:
        separators = _SEPARATORS.match(body, at)
        at = separators.end() if separators else at
        fence = _FENCE.match(body, at) or _COMMAND_ACTION.match(body, at)
        if fence is None:
            return at
        at = fence.end()


def _read_json(body: str, at: int) -> CallsAndEnd | None:
    if body[at] not in "{[":
        return None
    parsed = parse_json_value(body, at)
    calls = calls_from_json(parsed[0]) if parsed is not None else None
    return None if calls is None or parsed is None else (calls, parsed[1])


def _read_pythonic_list(body: str, at: int) -> CallsAndEnd | None:
    if body[at] != "[":
        return None
    calls: list[FoundCall] = []
    at = _skip_separators(body, at + 1)
    while at < len(body) and body[at] != "]":
        calls_and_end = read_pythonic_call(body, at)
        if calls_and_end is None:
            return None
        calls += calls_and_end[0]
        at = _skip_separators(body, calls_and_end[1])
    return (calls, min(at + 1, len(body))) if calls else None


def _read_name_before_json(body: str, at: int) -> CallsAndEnd | None:
    name = _REACT_ACTION.match(body, at) or _NAME_BEFORE_JSON.match(body, at)
    if name is None:
        return None
    parsed = parse_json_value(body, name.end())
    arguments = parse_arguments(parsed[0]) if parsed is not None else None
    if arguments is None or parsed is None:
        return None
    return [FoundCall(name["name"], arguments)], parsed[1]


def _read_name_before_pairs(body: str, at: int) -> CallsAndEnd | None:
    name = _NAME_BEFORE_PAIRS.match(body, at)
    if name is None:
        return None
    at = name.end()
    values: dict[str, object] = {}
    while pair := _PAIR.match(body, at):
        values[pair[1]] = pair[3]
        at = pair.end()
    return ([FoundCall(name["name"], values, untyped=True)], at) if values else None


_FORM_READERS: Sequence[_FormReader] = (
    _read_json,
    read_function_tag,
    read_kimi_call,
    read_minimax_call,
    read_nameless_parameters,
    read_key_value_tags,
    read_gemma_call,
    _read_name_before_json,
    _read_pythonic_list,
    read_pythonic_call,
    _read_name_before_pairs,
)
