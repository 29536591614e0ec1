"""Habits by which models spoil the texts of an edit."""

import html
import json
import re
from collections.abc import Callable
from typing import NamedTuple


class Spoiled(NamedTuple):
    """What is to be replaced, what replaces it, and the number of its first line."""

    old: str
    new: str
    first_line: int

    def map(self, change: Callable[[str], str]) -> "Spoiled":
        """Return the same with both texts changed."""
        return self._replace(old=change(self.old), new=change(self.new))


class Habit(NamedTuple):
    """A habit; `prepare` gives a file what it shows itself with."""

    name: str
    spoil: Callable[[Spoiled], Spoiled]
    prepare: Callable[[str], str] = lambda text: text


def _lines(change: Callable[[str], str]) -> Callable[[Spoiled], Spoiled]:
    return lambda spoiled: spoiled.map(lambda text: "\n".join(map(change, text.split("\n"))))


def _texts(change: Callable[[str], str]) -> Callable[[Spoiled], Spoiled]:
    return lambda spoiled: spoiled.map(change)


def _with_numbers(template: str) -> Callable[[Spoiled], Spoiled]:
    def spoil(spoiled: Spoiled) -> Spoiled:
        return spoiled.map(
            lambda text: "\n".join(
                template.format(spoiled.first_line + at) + line
                for at, line in enumerate(text.split("\n"))
            )
        )

    return spoil


def _less_indented(spoiled: Spoiled) -> Spoiled:
    """Take from all lines what they are indented in common."""
    lines = [line for line in f"{spoiled.old}\n{spoiled.new}".split("\n") if line.strip()]
    common = min((len(line) - len(line.lstrip(" ")) for line in lines), default=0)
    return _lines(lambda line: line[common:] if line.strip() else line)(spoiled)


def _indent_by_tabs(line: str) -> str:
    indent = re.match(" *", line)
    width = indent.end() if indent else 0
    return "\t" * (width // 4) + " " * (width % 4) + line[width:]


def _curly(text: str) -> str:
    """Make quotes typographic: an opening one behind white space and brackets."""
    text = re.sub(r'(^|[\s(\[{=,:])"', r"\1“", text).replace('"', "”")
    return re.sub(r"(^|[\s(\[{=,:])'", r"\1‘", text).replace("'", "’")  # noqa: RUF001  # the habit


def _dashes(text: str) -> str:
    return text.replace("-", "–")  # noqa: RUF001  # the habit


def _json_escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _with_tabs(line: str) -> str:
    return re.sub("^(?: {4})+", lambda found: "\t" * (found.end() // 4), line)


# In the order in which they come about: what is read, what is written, how it is wrapped.
HABITS = (
    Habit("less indentation", _less_indented),
    Habit("more indentation", _lines(lambda line: line and f"  {line}")),
    Habit("tabs", _lines(_indent_by_tabs)),
    Habit(
        "spaces",
        _lines(lambda line: line.replace("\t", " " * 8)),
        lambda text: "\n".join(map(_with_tabs, text.split("\n"))),
    ),
    Habit("spaces behind lines", _lines(lambda line: f"{line} ")),
    Habit(
        "no spaces behind lines",
        _lines(str.rstrip),
        lambda text: re.sub(r"([,;:{])$", r"\1 ", text, flags=re.MULTILINE),
    ),
    Habit("typographic quotes", _texts(_curly)),
    Habit("typographic dashes", _texts(_dashes)),
    Habit("HTML", _texts(lambda text: html.escape(text, quote=False))),
    Habit("marks", _texts(lambda text: re.sub(r"([<\[])", "\\1\u200b", text))),
    Habit("line numbers", _with_numbers("{}\t")),
    Habit("line numbers of older clients", _with_numbers("{:>6}→")),
    Habit("CRLF", _texts(lambda text: "\r\n".join(text.split("\n")))),
    Habit("JSON in JSON", _texts(_json_escaped)),
)
