"""Calls written between tags: functions, invokes, keys and values, elements with attributes.

A value is the text between its tags, without one line break at each end. It ends at its closing tag
only where another tag of the call follows, because a file's content may contain that tag itself;
where the closing tag is missing, it ends where the next tag begins.
"""

import re

from ollama_claude_proxy.translate.tools.reading.found_call import CallsAndEnd, FoundCall
from ollama_claude_proxy.translate.tools.reading.lenient_json import (
    parse_arguments,
    parse_json_value,
)

# The optional namespace of `<invoke` (Claude, MiniMax, Step 3, DeepSeek).
_NAMESPACE = r"(?:[\w-]+:|｜DSML｜)?"
_FUNCTION = re.compile(r"<function(?:=|\s+name=)\s*[\"']?([^>\"'\s]+)[\"']?\s*>")
_INVOKE = re.compile(rf"<{_NAMESPACE}invoke\s+name=[\"']?([^>\"']+?)[\"']?\s*>")
_PARAMETER = re.compile(
    rf"\s*<{_NAMESPACE}parameter(?:=|\s+name=)[\"']?([^>\"']+?)[\"']?(\s[^>]*)?>", re.DOTALL
)
_PARAMETER_END = re.compile(rf"</{_NAMESPACE}parameter>")
_CALL_END = re.compile(rf"\s*</{_NAMESPACE}(?:function|invoke)>")
_AFTER_VALUE = re.compile(
    rf"\s*(?:<{_NAMESPACE}parameter[=\s]"
    rf"|</?{_NAMESPACE}(?:function|invoke|tool_call|function_calls)\b|\Z)"
)
_NEXT_TAG = re.compile(
    rf"\n?<{_NAMESPACE}parameter(?:=|\s+name=)"
    rf"|</{_NAMESPACE}(?:function|invoke|tool_call|function_calls)>"
)
_KEYED_CALL = re.compile(r"([\w.:\-/]+)\s*(?=<arg_key>)")
_KEY = re.compile(r"\s*<arg_key>(.*?)</arg_key>\s*<arg_value>", re.DOTALL)
_VALUE_END = re.compile(r"</arg_value>(?=\s*(?:<arg_key>|</tool_call>|<tool_call>|\Z))")
_ELEMENT = re.compile(
    r"<(?:tool|tool_call|function)\s+name=(?P<quote>[\"'])(?P<name>.+?)(?P=quote)\s*"
)
_ELEMENT_END = re.compile(r"\s*(?:/?>)?\s*(?:</(?:tool|tool_call|function)>)?")
_ATTRIBUTE = re.compile(r"(?:args|arguments|parameters|input)=(?P<quote>[\"'])")


def read_function_tag(text: str, at: int) -> CallsAndEnd | None:
    """Read `<function=NAME>` with parameters or JSON in it, or `<invoke name="NAME">`."""
    opening = _FUNCTION.match(text, at) or _INVOKE.match(text, at)
    if opening is None:
        return None
    at = opening.end()
    json_arguments = _read_json_arguments(text, at)
    if json_arguments is not None:
        call = FoundCall(opening[1], json_arguments[0])
        at = json_arguments[1]
    else:
        values, at, unclosed = _read_parameters(text, at)
        closed = _CALL_END.match(text, at) is not None
        if not (values or closed):  # a tag that is only mentioned
            return None
        unclosed = unclosed or not closed
        call = FoundCall(opening[1], values, untyped=True, unclosed=unclosed)
    closing = _CALL_END.match(text, at)
    return [call], closing.end() if closing else at


def read_key_value_tags(text: str, at: int) -> CallsAndEnd | None:
    """Read GLM's `NAME<arg_key>k</arg_key><arg_value>v</arg_value>…`."""
    opening = _KEYED_CALL.match(text, at)
    if opening is None:
        return None
    arguments: dict[str, str] = {}
    at = opening.end()
    unclosed = False
    while key := _KEY.match(text, at):
        closing = _VALUE_END.search(text, key.end())
        end, at = closing.span() if closing else (len(text), len(text))
        unclosed = unclosed or closing is None
        arguments[key[1].strip()] = _trim_line_breaks(text[key.end() : end])
    return [FoundCall(opening[1], arguments, untyped=True, unclosed=unclosed)], at


def read_element(text: str, at: int) -> CallsAndEnd | None:
    """Read `<tool name="NAME" args='{…}'/>` and `<tool name="NAME">{…}</tool>`."""
    opening = _ELEMENT.match(text, at)
    if opening is None:
        return None
    at = opening.end()
    attribute = _ATTRIBUTE.match(text, at)
    if attribute is not None:
        end = text.find(f"{attribute['quote']}", attribute.end())
        parsed = parse_json_value(text, attribute.end())
        at = parsed[1] + 1 if parsed else end + 1
    else:
        at = text.find(">", at) + 1
        parsed = parse_json_value(text, _skip_space(text, at))
        at = parsed[1] if parsed else at
    arguments = parsed[0] if parsed and isinstance(parsed[0], dict) else {}
    closing = _ELEMENT_END.match(text, at)
    return [FoundCall(opening["name"], arguments)], closing.end() if closing else at


def _read_json_arguments(text: str, at: int) -> tuple[dict[str, object], int] | None:
    start = _skip_space(text, at)
    if text[start : start + 1] != "{":
        return None
    parsed = parse_json_value(text, start)
    if parsed is None:
        return None
    arguments = parse_arguments(parsed[0])
    return None if arguments is None else (arguments, parsed[1])


def _read_parameters(text: str, at: int) -> tuple[dict[str, object], int, bool]:
    """Return the parameters, where they end, and whether one of them is not closed."""
    values: dict[str, object] = {}
    unclosed = False
    while opening := _PARAMETER.match(text, at):
        end, at, closed = _find_value_end(text, opening.end())
        unclosed = unclosed or not closed
        values[opening[1].strip()] = _trim_line_breaks(text[opening.end() : end])
    return values, at, unclosed


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
    """Remove one line break from each end."""
    return value.removeprefix("\n").removesuffix("\n")


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
