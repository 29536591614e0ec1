"""What the stand-in says. It is no model: it looks for a file to read, and has a few sentences."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MODEL = "ocp-demo"
WHO = f"I am {MODEL}, a stand-in and no model: my answers are fixed."

_REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
_FILE = re.compile(r"(?:^|[\s\"'`(])(?P<path>[~\w./\\:-]*[\w-]\.\w{1,8})(?=$|[\s\"'`),;:?!.])")
_PATH_NAMES = ("file_path", "path", "file", "filename", "notebook_path")
_MOST_QUOTED = 400

_ANSWERS = (
    (re.compile(r"\b(who|what) are you\b", re.IGNORECASE), WHO),
    (
        re.compile(r"\bhow (do|does|can)\b.*\b(work|it)\b", re.IGNORECASE),
        f"{WHO} Your request came in Anthropic's form and went on in Ollama's; this came back.",
    ),
    (re.compile(r"\b(hello|hi|hey)\b", re.IGNORECASE), f"Hello! {WHO}"),
)
_ELSE = (
    f"{WHO} Ask me to read a file, and I call a tool for it. For real answers, start `ocp serve`."
)


@dataclass(frozen=True)
class Call:
    """A call of an offered tool."""

    name: str
    arguments: Mapping[str, str]


def answer(messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]) -> str | Call:
    """Give the answer to an Ollama conversation: a call where a file is asked for, else text."""
    last = messages[-1] if messages else {}
    said = _REMINDER.sub("", str(last.get("content", ""))).strip()
    if last.get("role") == "tool":
        return f"The tool gave me this:\n\n{said[:_MOST_QUOTED]}\n\n{WHO}"
    wanted = _FILE.search(said)
    call = _reading(wanted["path"], tools) if wanted else None
    if call is not None:
        return call
    return next((text for pattern, text in _ANSWERS if pattern.search(said)), _ELSE)


def _reading(path: str, tools: Sequence[Mapping[str, Any]]) -> Call | None:
    """Call the tool that reads files, if one is offered, whatever it is named."""
    for tool in tools:
        function = tool.get("function", {})
        name = str(function.get("name", ""))
        properties = function.get("parameters", {}).get("properties", {})
        parameter = next((one for one in _PATH_NAMES if one in properties), None)
        if parameter is not None and "read" in name.lower():
            return Call(name, {parameter: path})
    return None
