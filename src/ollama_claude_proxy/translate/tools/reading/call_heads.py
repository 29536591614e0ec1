"""Whether the first characters after an opener may begin calls; if not, it is text at once.

Each function answers for any prefix, too, because the text comes in pieces.
"""

import re
from collections.abc import Callable, Mapping

from ollama_claude_proxy.translate.tools.reading.markup import Head, Markup

_NAME_START = re.compile(r"(?:call:\s*)?[\w.:\-/]+ {0,3}(?:[\n<({\[｜|`=\r\]]|$)")
_REACT_ACTION = re.compile(
    r"Action:\s*(?:`{0,3}|```\w*\s*(?:[\[{].*)?|"
    r"`?[\w.\-/]+`?[ \t\r]*(?:\n\s*(?P<input>[A-Za-z: *]*)\s*(?:`{0,3}|```\w*\s*)(?:\{.*)?)?)",
    re.DOTALL,
)
# What follows the channel of a call; a channel with anything else is text.
_CHANNEL_RECIPIENTS = ("to=", "<|")
# After a tool's name at the beginning of a line: `Read:0<|…|>{`, `Read file_path="…"`.
_AFTER_NAME = re.compile(
    r"(?::(?:\d{1,4}(?:<(?:\|.*)?)?)?|[ \t]+(?:\w+(?:=(?:[\"'].*)?)?)?|\[(?:[A-Z_]+(?:\].*)?)?|)",
    re.DOTALL,
)
_RECIPIENT = re.compile(r"[\w.\-]*(?:\s*(?:[<{jc].*)?)?", re.DOTALL)
_GEMMA_NAME = re.compile(r"[\w.\-]*\s*(?:[({].*)?", re.DOTALL)


def may_begin_body(markup: Markup, head: str) -> bool:
    """Whether calls in these marks may begin with these characters.

    `head` begins with the opener where that is part of the body.
    """
    return _HEADS[markup.head](head[len(markup.opener) :] if markup.opener_in_body else head)


def _tag(rest: str) -> bool:
    return "\n" not in rest.partition(">")[0]


def _body(rest: str) -> bool:
    body = rest.lstrip()
    return not body or body[0] in "{[<`]" or _NAME_START.match(body) is not None


def _action(rest: str) -> bool:
    action = _REACT_ACTION.fullmatch("Action:" + rest)
    begun = (action["input"] or "").strip().replace("*", "") if action else ""
    return action is not None and "Action Input:".startswith(begun)


def _channel(rest: str) -> bool:
    rest = rest.lstrip()
    return rest.startswith(_CHANNEL_RECIPIENTS) or any(
        recipient.startswith(rest) for recipient in _CHANNEL_RECIPIENTS
    )


def _pattern(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda rest: pattern.fullmatch(rest) is not None


_HEADS: Mapping[Head, Callable[[str], bool]] = {
    "body": _body,
    "tag": _tag,
    "list": lambda _: True,
    "object": lambda rest: rest[:1] in {"", "{"},
    "action": _action,
    "channel": _channel,
    "recipient": _pattern(_RECIPIENT),
    "gemma": _pattern(_GEMMA_NAME),
    "name": _pattern(_AFTER_NAME),
}
