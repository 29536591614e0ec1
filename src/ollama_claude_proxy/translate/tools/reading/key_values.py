"""Calls as a name with keys and values between tags: GLM, LongCat, Hunyuan, Kimi K3.

GLM loses tags under load: the opening tag of a key or of a value, or the closing one. Each loss
alone leaves one meaning. A key tag inside a value is no value: two parameters ran together.
"""

import re

from ollama_claude_proxy.translate.tools.reading.found_call import CallsAndEnd, FoundCall
from ollama_claude_proxy.translate.tools.reading.tag_values import trim_line_breaks

_PREFIX = r"(?:longcat_)?"
_SUFFIX = r"(?::opensource)?"  # Hunyuan
_CALL = rf"{_PREFIX}tool_call{_SUFFIX}>"
_KEY_OPEN, _KEY_CLOSE = rf"<{_PREFIX}arg_key{_SUFFIX}>", rf"</{_PREFIX}arg_key{_SUFFIX}>"
_VALUE_OPEN, _VALUE_CLOSE = rf"<{_PREFIX}arg_value{_SUFFIX}>", rf"</{_PREFIX}arg_value{_SUFFIX}>"
_AFTER_NAME = rf"\s*(?:<tool_sep{_SUFFIX}>\s*)?"
_NAME = re.compile(
    rf"([\w.:\-/]+?){_AFTER_NAME}(?=</?{_PREFIX}arg_(?:key|value)|\s[\w-]+{_KEY_CLOSE})"
)
_BARE_NAME = re.compile(rf"([A-Za-z_][\w.\-]*){_AFTER_NAME}(?:{_VALUE_CLOSE})?(?=</{_CALL}|\Z)")
_KEY = re.compile(
    rf"\s*(?:{_KEY_OPEN})?([^<>]*?){_KEY_CLOSE}\s*(?P<value>{_VALUE_OPEN})?"
    rf"|\s*{_KEY_OPEN}([^<>]*?)\s*(?P<unclosed_key>{_VALUE_OPEN})"
)
_VALUE_END = re.compile(rf"{_VALUE_CLOSE}(?=\s*(?:{_KEY_OPEN}|</{_PREFIX}arg_|</?{_CALL}|\Z))")
_KEY_OPENING = re.compile(rf"\s*{_KEY_OPEN}")
_KEY_TAG = re.compile(rf"</?{_PREFIX}arg_key{_SUFFIX}>")
_NEXT_TAG = re.compile(rf"{_KEY_OPEN}|</?{_CALL}")
_STRAY_TAG = re.compile(rf"\s*(?:{_KEY_CLOSE}|{_VALUE_CLOSE})(?!\s*{_VALUE_OPEN})")
_PAIR = re.compile(rf"{_KEY_OPEN}[^<>]*{_KEY_CLOSE}\s*{_VALUE_OPEN}.*?{_VALUE_CLOSE}", re.DOTALL)
_KIMI_CALL = re.compile(r'<\|open\|>call\s+tool="([^"]+)"[^<]*<\|sep\|>')
_KIMI_ARGUMENT = re.compile(
    r'\s*<\|open\|>argument\s+key="([^"]+)"(?:\s+type="(\w+)")?[^<]*<\|sep\|>'
    r"(.*?)<\|close\|>argument<\|sep\|>",
    re.DOTALL,
)
_KIMI_SECTION_END = re.compile(r"\s*(?:<\|close\|>tools<\|sep\|>|\Z)")
_KIMI_END = re.compile(r"\s*<\|close\|>call<\|sep\|>")


def read_key_value_tags(text: str, at: int) -> CallsAndEnd | None:
    """Read GLM's `NAME<arg_key>k</arg_key><arg_value>v</arg_value>…`."""
    opening = _NAME.match(text, at)
    if opening is None:
        return None
    name, at = opening[1], opening.end()
    arguments: dict[str, object] = {}
    unclosed = half = False
    while key := _KEY.match(text, at):
        word = (key[1] if key[1] is not None else key[3] or "").strip()
        has_value = key["value"] or key["unclosed_key"] or not text.startswith("</", key.end())
        if not has_value or (arguments and not word):
            return None
        end, at, closed = _find_value_end(text, key.end())
        value = text[key.end() : end]
        ran_together = not closed and "\n" not in value and _KEY_OPENING.match(text, end)
        if ran_together or _has_key_inside(value):
            return None
        unclosed = unclosed or not closed
        half = half or (not closed and end == len(text))
        arguments[word] = trim_line_breaks(value)
        while stray := _STRAY_TAG.match(text, at):
            at = stray.end()
    if not arguments:
        return None
    call = FoundCall(name, arguments, untyped=True, unclosed=unclosed, half=half)
    return [call], at


def read_bare_name(text: str, at: int) -> CallsAndEnd | None:
    """Read a name alone, which calls a tool without arguments."""
    name = _BARE_NAME.match(text, at)
    return None if name is None else ([FoundCall(name[1], {}, only_in_marks=True)], name.end())


def read_kimi_call(text: str, at: int) -> CallsAndEnd | None:
    """Read Kimi K3's `<|open|>call tool="NAME"<|sep|>` with its arguments."""
    opening = _KIMI_CALL.match(text, at)
    if opening is None:
        return None
    at = opening.end()
    arguments: dict[str, object] = {}
    while argument := _KIMI_ARGUMENT.match(text, at):
        arguments[argument[1]] = argument[3]
        at = argument.end()
    end = _KIMI_END.match(text, at)
    if end is None and not _KIMI_SECTION_END.match(text, at):
        return None
    call = FoundCall(opening[1], arguments, untyped=True, only_in_marks=not arguments)
    return [call], end.end() if end else at


def _find_value_end(text: str, at: int) -> tuple[int, int, bool]:
    """Return where a value ends, where its closing tag ends, and whether there is one."""
    for closing in _VALUE_END.finditer(text, at):
        if not _has_key_inside(text[at : closing.start()]):
            return closing.start(), closing.end(), True
        break
    next_tag = _NEXT_TAG.search(text, at)
    if next_tag is None:
        return len(text), len(text), False
    end = at + len(text[at : next_tag.start()].rstrip())
    return end, end, False


def _has_key_inside(value: str) -> bool:
    """Whether a value holds the tag of a key that is not part of a whole pair."""
    return "arg_key" in value and _KEY_TAG.search(_PAIR.sub("", value)) is not None
