"""Match a name that the tool does not have to the parameter that the model meant.

Only a parameter that is missing, and only if exactly one matches: equal except for case and
separators (`filePath`), a usual synonym (`cmd` for `command`), or some of its words (`path` of
`file_path`).
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

_SYNONYMS = tuple(
    frozenset(group.split())
    for group in (
        "file_path path filepath file filename file_name absolute_path target_file",
        "command cmd shell_command bash_command commands",
        "content contents text file_text body data file_content",
        "old_string old_str old old_text search find",
        "new_string new_str new new_text replace replacement",
        "pattern regex query regexp search_pattern glob_pattern",
        "path directory dir folder cwd root",
        "url uri link address",
        "prompt instruction instructions question",
        "limit max_lines num_lines line_count count",
        "offset start start_line line",
    )
)
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")


def match_parameter_names(names: Iterable[str], schema: dict[str, Any]) -> dict[str, str]:
    """Return the parameters that were meant, by the unknown names of a call's arguments."""
    properties = schema.get("properties") or {}
    required = set(schema.get("required") or ())
    called = dict.fromkeys(names)
    missing = [parameter for parameter in properties if parameter not in called]
    if schema.get("additionalProperties") not in (None, False):
        missing = [parameter for parameter in missing if parameter in required]
    matches: dict[str, str] = {}
    for name in called:
        if name in properties:
            continue
        parameter = _match(name, missing, required)
        if parameter is not None and parameter not in matches.values():
            matches[name] = parameter
    return matches


def _match(name: str, missing: list[str], required: set[str]) -> str | None:
    """Return the only parameter that matches by the strictest rule that matches any."""
    rules: tuple[Callable[[str], bool], ...] = (
        lambda parameter: _normalized(parameter) == _normalized(name),
        lambda parameter: parameter in required and _are_synonyms(parameter, name),
        lambda parameter: _are_synonyms(parameter, name),
        lambda parameter: parameter in required and _share_words(parameter, name),
    )
    for matches in rules:
        candidates = [parameter for parameter in missing if matches(parameter)]
        if candidates:
            return candidates[0] if len(candidates) == 1 else None
    return None


def _normalized(name: str) -> str:
    return "".join(_split_words(name))


def _split_words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]


def _are_synonyms(parameter: str, name: str) -> bool:
    name = "_".join(_split_words(name))
    return any(parameter in group and name in group for group in _SYNONYMS)


def _share_words(parameter: str, name: str) -> bool:
    """Whether all words of one are among the words of the other."""
    left, right = set(_split_words(parameter)), set(_split_words(name))
    return bool(left and right) and (left <= right or right <= left)
