"""Calls written between tags: functions, invokes, keys and values, elements with attributes.

A value is the text between its tags, without one line break at each end. It ends at its closing tag
only where another tag of the call follows, because a file's content may contain that tag itself;
where the closing tag is missing, it ends where the next tag begins. A value that nothing ends is
half a value.
"""

import re

from ollama_claude_proxy.translate.tools.reading.found_call import CallsAndEnd, FoundCall
from ollama_claude_proxy.translate.tools.reading.lenient_json import (
    parse_arguments,
    parse_json_value,
)
from ollama_claude_proxy.translate.tools.reading.tag_values import trim_line_breaks

# The optional namespace of a tag (Claude, MiniMax, Step 3, DeepSeek with any bars).
NAMESPACE = r"(?:[\w-]+:|[|｜]{1,2}[DG][SC]ML[|｜]{1,2})?"
_CALL_TAGS = "function|invoke|tool_call|tool_use|tool"
_OPENING = re.compile(
    rf"<{NAMESPACE}(?:{_CALL_TAGS})(?:=\s*[\"']?(?P<name>[^>\"'\s/]+)[\"']?)?(?=[\s/>])"
)
_ATTRIBUTE = re.compile(r"\s+(?P<key>[\w-]+)=(?:(?P<quote>[\"'])|(?=[{\w.:/-]))")
_BARE_ATTRIBUTE = re.compile(r"[^\s>\"']+?(?=\s|/?>)")
_TAG_END = re.compile(r"\s*(/?)>")
_JSON_ATTRIBUTES = frozenset({"args", "arguments", "parameters", "input"})
_METADATA_ATTRIBUTES = frozenset({"id", "type", "index"})

_PARAMETER_WORD = r"(?:parameter|param|argument|arg)"
_PARAMETER = re.compile(
    rf"\s*<{NAMESPACE}{_PARAMETER_WORD}(?:=|\s+(?:name|key)=)\s*[\"']?([^>\"']+?)[\"']?(\s[^>]*)?>",
    re.DOTALL,
)
_PARAMETER_END = re.compile(rf"</{NAMESPACE}{_PARAMETER_WORD}>")
_CALL_CLOSER = re.compile(rf"</{NAMESPACE}(?:{_CALL_TAGS})>")
_CALL_END = re.compile(rf"\s*{_CALL_CLOSER.pattern}")
_STRAY_TAGS = re.compile(rf"(?:\s*</{NAMESPACE}(?:{_PARAMETER_WORD}|parameters|arguments)>)*")
_WRAPPER = r"function_calls|tool_calls|function_invocation"
_AFTER_VALUE = re.compile(
    rf"\s*(?:<{NAMESPACE}{_PARAMETER_WORD}[=\s>]"
    rf"|</?{NAMESPACE}(?:{_CALL_TAGS}|{_WRAPPER}|parameters|arguments|{_PARAMETER_WORD})\b|\Z)"
)
_NEXT_TAG = re.compile(
    rf"\n?<{NAMESPACE}{_PARAMETER_WORD}(?:=|\s+name=)"
    rf"|</{NAMESPACE}(?:{_CALL_TAGS}|{_WRAPPER})>"
)
# ZAYA's `<parameter><name>k</name><type>string</type><value>v</value></parameter>`.
_NESTED_PARAMETER = re.compile(
    r"\s*<parameter>\s*<name>\s*([\w.-]+)\s*</name>\s*(?:<type>[^<]*</type>\s*)?<value>", re.DOTALL
)
_NESTED_END = re.compile(r"</value>\s*(?:<type>[^<]*</type>\s*)?</parameter>")
# MiniMax M3's `<k>v</k>`.
_NAMED_ELEMENT = re.compile(rf"\s*<(?!{_PARAMETER_WORD}>)([A-Za-z_][\w-]*)>")
_PARAMETERS = re.compile(rf"\s*<{NAMESPACE}(?:parameters|arguments)>")
_CDATA = re.compile(r"\s*<!\[CDATA\[(.*)\]\]>\s*", re.DOTALL)


def read_function_tag(text: str, at: int) -> CallsAndEnd | None:
    """Read `<function=NAME>` or `<invoke name="NAME">` with parameters, attributes or JSON."""
    opening = _OPENING.match(text, at)
    if opening is None:
        return None
    tag = _read_tag(text, opening)
    if tag is None:
        return None
    name, attributes, json_attribute, at, is_empty = tag
    if is_empty or attributes or json_attribute is not None:
        arguments = attributes if json_attribute is None else json_attribute
        closing = _CALL_END.match(text, at)
        flat = bool(attributes)
        call = FoundCall(name, arguments, flat=flat, untyped=flat, only_in_marks=not arguments)
        return [call], closing.end() if closing else at
    return _read_content(text, at, name)


def read_nameless_parameters(text: str, at: int) -> CallsAndEnd | None:
    """Read parameters whose function's line is missing."""
    if _PARAMETER.match(text, at) is None:
        return None
    values, at, unclosed, half = _read_parameters(text, at)
    call = FoundCall("", values, untyped=True, unclosed=unclosed, half=half)
    return [call], _end_of_call(text, at)[0]


def _read_tag(
    text: str, opening: re.Match[str]
) -> tuple[str, dict[str, object], dict[str, object] | None, int, bool] | None:
    """Return the name, further attributes, arguments in an attribute, end, and whether empty."""
    name, at = opening["name"] or "", opening.end()
    attributes: dict[str, object] = {}
    json_attribute: dict[str, object] | None = None
    while attribute := _ATTRIBUTE.match(text, at):
        key = attribute["key"]
        if key in _JSON_ATTRIBUTES:
            parsed = _read_json(text, attribute.end())
            if parsed is None:
                return None
            json_attribute, at = parsed
            at += text.startswith(attribute["quote"] or "\0", at)
            continue
        value = _read_attribute(text, attribute)
        if value is None:
            return None
        word, at = value
        if key in {"name", "tool"} and not name:
            name = word
        elif key not in _METADATA_ATTRIBUTES:
            attributes[key] = word
    end = _TAG_END.match(text, at)
    if end is None or not name:
        return None
    return name, attributes, json_attribute, end.end(), bool(end[1])


def _read_attribute(text: str, attribute: re.Match[str]) -> tuple[str, int] | None:
    quote = attribute["quote"]
    if quote:
        end = text.find(quote, attribute.end())
        return None if end < 0 else (text[attribute.end() : end], end + 1)
    bare = _BARE_ATTRIBUTE.match(text, attribute.end())
    return (bare[0], bare.end()) if bare else None


def _read_content(text: str, at: int, name: str) -> CallsAndEnd | None:
    """Read what stands between the tags of a call."""
    parsed = _read_json(text, _skip_space(text, at))
    if parsed is not None:
        arguments, at = parsed
        return [FoundCall(name, arguments)], _end_of_call(text, at)[0]
    values, at, unclosed, half = _read_parameters(text, at)
    at, closed = _end_of_call(text, at)
    if not (values or closed):  # a tag that is only mentioned, or what nobody can read
        return None
    unclosed = unclosed or not closed
    call = FoundCall(
        name, values, untyped=True, unclosed=unclosed, half=half, only_in_marks=not values
    )
    return [call], at


def _end_of_call(text: str, at: int) -> tuple[int, bool]:
    """Skip stray closing tags; return where the call ends, and whether a tag closes it."""
    stray = _STRAY_TAGS.match(text, at)
    closing = _CALL_END.match(text, stray.end() if stray else at)
    return (closing.end(), True) if closing else (at, False)


def _read_json(text: str, at: int) -> tuple[dict[str, object], int] | None:
    if text[at : at + 1] != "{":
        return None
    parsed = parse_json_value(text, at)
    if parsed is None and (closing := _CALL_CLOSER.search(text, at)):
        parsed = parse_json_value(text[: closing.start()], at)  # a bracket is missing
    if parsed is None:
        return None
    arguments = parse_arguments(parsed[0])
    return None if arguments is None else (arguments, parsed[1])


def _read_parameters(text: str, at: int) -> tuple[dict[str, object], int, bool, bool]:
    """Return the parameters, their end, whether a tag is missing, and whether a value is half."""
    values: dict[str, object] = {}
    unclosed = half = False
    parameters = _PARAMETERS.match(text, at)
    at = parameters.end() if parameters else at
    while True:
        stray = _STRAY_TAGS.match(text, at)
        opening = _PARAMETER.match(text, stray.end() if stray else at)
        if opening is not None:
            end, at, closed = _find_value_end(text, opening.end())
            unclosed = unclosed or not closed
            half = half or (not closed and end == len(text))
            values[opening[1].strip()] = _trim_line_breaks(text[opening.end() : end])
        elif nested := _NESTED_PARAMETER.match(text, at):
            closing = _NESTED_END.search(text, nested.end())
            end = closing.start() if closing else len(text)
            at = closing.end() if closing else end
            half = half or closing is None
            values[nested[1]] = _trim_line_breaks(text[nested.end() : end])
        else:
            element = _read_named_element(text, at)
            if element is None:
                return values, at, unclosed, half
            values[element[0]], at = element[1], element[2]


def _read_named_element(text: str, at: int) -> tuple[str, str, int] | None:
    """Return the name and value of `<k>v</k>`, and its end; None where there is none."""
    opening = _NAMED_ELEMENT.match(text, at)
    if opening is None:
        return None
    closer = f"</{opening[1]}>"
    end = text.find(closer, opening.end())
    if end < 0:
        return None
    return opening[1], _trim_line_breaks(text[opening.end() : end]), end + len(closer)


def _find_value_end(text: str, at: int) -> tuple[int, int, bool]:
    """Return where a value ends, where its closing tag ends, and whether there is one."""
    for closing in _PARAMETER_END.finditer(text, at):
        if _AFTER_VALUE.match(text, closing.end()) and _is_balanced(text, at, closing.start()):
            return closing.start(), closing.end(), True
    next_tag = _NEXT_TAG.search(text, at)
    end = next_tag.start() if next_tag else len(text)
    return end, end, False


def _is_balanced(text: str, at: int, end: int) -> bool:
    """Whether every parameter tag inside a value is closed inside it, too."""
    return text.count("<parameter", at, end) <= text.count("</parameter", at, end)


def _trim_line_breaks(value: str) -> str:
    """Return a value that stands in lines of its own without the line breaks around it."""
    cdata = _CDATA.fullmatch(value)
    return cdata[1] if cdata else trim_line_breaks(value)


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
