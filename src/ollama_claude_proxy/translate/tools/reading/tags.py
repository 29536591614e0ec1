"""Calls written between tags: functions, invokes, keys and values, elements with attributes.

A value is what stands between its tags, less one line break at each end. It ends at its closing
tag only where another tag of the call follows, for a file's content may hold that tag itself; where
the closing tag is missing it ends where the next tag begins.
"""

import re

from ollama_claude_proxy.translate.tools.reading.found_call import FoundCall
from ollama_claude_proxy.translate.tools.reading.loose_json import argument_object, value_at

Read = tuple[list[FoundCall], int]

# `<invoke` of Claude, MiniMax, Step 3 and DeepSeek, with whatever stands for its name space
_SPACE = r"(?:[\w-]+:|｜DSML｜)?"
_FUNCTION = re.compile(r"<function(?:=|\s+name=)\s*[\"']?([^>\"'\s]+)[\"']?\s*>")
_INVOKE = re.compile(rf"<{_SPACE}invoke\s+name=[\"']?([^>\"']+?)[\"']?\s*>")
_PARAMETER = re.compile(
    rf"\s*<{_SPACE}parameter(?:=|\s+name=)[\"']?([^>\"']+?)[\"']?(\s[^>]*)?>", re.DOTALL
)
_PARAMETER_END = re.compile(rf"</{_SPACE}parameter>")
_CALL_END = re.compile(rf"\s*</{_SPACE}(?:function|invoke)>")
_AFTER_VALUE = re.compile(
    rf"\s*(?:<{_SPACE}parameter[=\s]|</?{_SPACE}(?:function|invoke|tool_call|function_calls)\b|\Z)"
)
_NEXT_TAG = re.compile(
    rf"\n?<{_SPACE}parameter(?:=|\s+name=)|</{_SPACE}(?:function|invoke|tool_call|function_calls)>"
)
_KEYS = re.compile(r"([\w.:\-/]+)\s*(?=<arg_key>)")
_KEY = re.compile(r"\s*<arg_key>(.*?)</arg_key>\s*<arg_value>", re.DOTALL)
_VALUE_END = re.compile(r"</arg_value>(?=\s*(?:<arg_key>|</tool_call>|<tool_call>|\Z))")
_ELEMENT = re.compile(
    r"<(?:tool|tool_call|function)\s+name=(?P<quote>[\"'])(?P<name>.+?)(?P=quote)\s*"
)
_ATTRIBUTE = re.compile(r"(?:args|arguments|parameters|input)=(?P<quote>[\"'])")


def functions_at(text: str, at: int) -> Read | None:
    """Read `<function=NAME>` with parameters or JSON in it, or `<invoke name="NAME">`."""
    opened = _FUNCTION.match(text, at) or _INVOKE.match(text, at)
    if opened is None:
        return None
    at = opened.end()
    arguments = _json_inside(text, at)
    if arguments is not None:
        call = FoundCall(opened[1], arguments[0])
        at = arguments[1]
    else:
        values, at, ragged = _parameters(text, at)
        closed = _CALL_END.match(text, at) is not None
        if not (values or closed):  # a tag that is only named
            return None
        ragged = ragged or not closed
        call = FoundCall(opened[1], values, texts=True, ragged=ragged)
    end = _CALL_END.match(text, at)
    return [call], end.end() if end else at


def keys_at(text: str, at: int) -> Read | None:
    """Read GLM's `NAME<arg_key>k</arg_key><arg_value>v</arg_value>…`."""
    opened = _KEYS.match(text, at)
    if opened is None:
        return None
    arguments: dict[str, str] = {}
    at = opened.end()
    ragged = False
    while key := _KEY.match(text, at):
        closed = _VALUE_END.search(text, key.end())
        end, at = (closed.start(), closed.end()) if closed else (len(text), len(text))
        ragged = ragged or closed is None
        arguments[key[1].strip()] = _trimmed(text[key.end() : end])
    return [FoundCall(opened[1], arguments, texts=True, ragged=ragged)], at


def element_at(text: str, at: int) -> Read | None:
    """Read `<tool name="NAME" args='{…}'/>` and `<tool name="NAME">{…}</tool>`."""
    opened = _ELEMENT.match(text, at)
    if opened is None:
        return None
    at = opened.end()
    attribute = _ATTRIBUTE.match(text, at)
    if attribute is not None:
        end = text.find(f"{attribute['quote']}", attribute.end())
        found = value_at(text, attribute.end())
        at = found[1] + 1 if found else end + 1
    else:
        at = text.find(">", at) + 1
        found = value_at(text, _after_space(text, at))
        at = found[1] if found else at
    arguments = found[0] if found and isinstance(found[0], dict) else {}
    closed = re.compile(r"\s*(?:/?>)?\s*(?:</(?:tool|tool_call|function)>)?").match(text, at)
    return [FoundCall(opened["name"], arguments)], closed.end() if closed else at


def _json_inside(text: str, at: int) -> tuple[dict[str, object], int] | None:
    start = _after_space(text, at)
    if text[start : start + 1] != "{":
        return None
    found = value_at(text, start)
    if found is None:
        return None
    arguments = argument_object(found[0])
    return None if arguments is None else (arguments, found[1])


def _parameters(text: str, at: int) -> tuple[dict[str, object], int, bool]:
    """Read parameters; give them, where they end, and whether one was not closed."""
    values: dict[str, object] = {}
    ragged = False
    while opened := _PARAMETER.match(text, at):
        end, at, closed = _value(text, opened.end())
        ragged = ragged or not closed
        values[opened[1].strip()] = _trimmed(text[opened.end() : end])
    return values, at, ragged


def _value(text: str, at: int) -> tuple[int, int, bool]:
    """Give where a value ends, where what follows it begins, and whether it was closed."""
    for closed in _PARAMETER_END.finditer(text, at):
        if _AFTER_VALUE.match(text, closed.end()) and _balanced(text, at, closed.start()):
            return closed.start(), closed.end(), True
    following = _NEXT_TAG.search(text, at)
    end = following.start() if following else len(text)
    return end, end, False


def _balanced(text: str, at: int, end: int) -> bool:
    """Whether every parameter that a value itself shows is closed in it, too."""
    return text.count("<parameter", at, end) <= text.count("</parameter", at, end)


def _trimmed(value: str) -> str:
    """Take one line break off each end."""
    return value.removeprefix("\n").removesuffix("\n")


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
