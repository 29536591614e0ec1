"""Which parameter a model meant by a name that the tool does not have.

Only one that is missing, and only if exactly one fits: the same but for case and separators
(`filePath`), a usual word for it (`cmd` for `command`), or a part of its words (`path` of
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


def renamed(values: Iterable[str], schema: dict[str, Any]) -> dict[str, str]:
    """Give the parameters that were meant, by the names that the tool does not have."""
    properties = schema.get("properties") or {}
    required = set(schema.get("required") or ())
    given = set(values)
    missing = [name for name in properties if name not in given]
    if schema.get("additionalProperties") not in (None, False):
        missing = [name for name in missing if name in required]
    names: dict[str, str] = {}
    for key in given - properties.keys():
        meant = _meant(key, missing, required)
        if meant is not None and meant not in names.values():
            names[key] = meant
    return names


def _meant(key: str, missing: list[str], required: set[str]) -> str | None:
    tiers: tuple[Callable[[str], bool], ...] = (
        lambda name: _plain(name) == _plain(key),
        lambda name: name in required and _synonymous(name, key),
        lambda name: _synonymous(name, key),
        lambda name: name in required and _part(name, key),
    )
    for fits in tiers:
        found = [name for name in missing if fits(name)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _plain(name: str) -> str:
    return "".join(_words(name))


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]


def _synonymous(name: str, key: str) -> bool:
    key = "_".join(_words(key))
    return any(name in group and key in group for group in _SYNONYMS)


def _part(name: str, key: str) -> bool:
    one, other = set(_words(name)), set(_words(key))
    return bool(one and other) and (one <= other or other <= one)
