"""The stand-in's answers. It is not a model: it looks for a file name, and has a few sentences."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MODEL = "ocp-demo"
INTRODUCTION = f"I am {MODEL}, a stand-in and not a model: my answers are fixed."

_REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
_FILE = re.compile(r"(?:^|[\s\"'`(])(?P<path>[~\w./\\:-]*[\w-]\.\w{1,8})(?=$|[\s\"'`),;:?!.])")
_PATH_PARAMETERS = ("file_path", "path", "file", "filename", "notebook_path")
_MAX_QUOTED_CHARS = 400

_ANSWERS = (
    (re.compile(r"\b(who|what) are you\b", re.IGNORECASE), INTRODUCTION),
    (
        re.compile(r"\bhow (do|does|can)\b.*\b(work|it)\b", re.IGNORECASE),
        f"{INTRODUCTION} The proxy translated your request to Ollama's API, and the answer back.",
    ),
    (re.compile(r"\b(hello|hi|hey)\b", re.IGNORECASE), f"Hello! {INTRODUCTION}"),
)
_FALLBACK_ANSWER = (
    f"{INTRODUCTION} Ask me to read a file, and I call a tool for it."
    " For real answers, start `ocp serve`."
)


@dataclass(frozen=True)
class ScriptedToolCall:
    """A call of an offered tool."""

    name: str
    arguments: Mapping[str, str]


def choose_answer(
    messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]
) -> str | ScriptedToolCall:
    """Return the answer to an Ollama conversation: a call if it names a file, otherwise text."""
    last = messages[-1] if messages else {}
    text = _REMINDER.sub("", str(last.get("content", ""))).strip()
    if last.get("role") == "tool":
        return f"The tool gave me this:\n\n{text[:_MAX_QUOTED_CHARS]}\n\n{INTRODUCTION}"
    file = _FILE.search(text)
    call = _read_call(file["path"], tools) if file else None
    if call is not None:
        return call
    answers = (answer for pattern, answer in _ANSWERS if pattern.search(text))
    return next(answers, _FALLBACK_ANSWER)


def _read_call(path: str, tools: Sequence[Mapping[str, Any]]) -> ScriptedToolCall | None:
    """Return a call of the tool that reads files, whatever its name; None if there is none."""
    for tool in tools:
        function = tool.get("function", {})
        tool_name = str(function.get("name", ""))
        properties = function.get("parameters", {}).get("properties", {})
        parameter = next((name for name in _PATH_PARAMETERS if name in properties), None)
        if parameter is not None and "read" in tool_name.lower():
            return ScriptedToolCall(tool_name, {parameter: path})
    return None
