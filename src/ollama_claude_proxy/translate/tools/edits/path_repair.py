"""Paths that differ from the one path that was meant by a slip.

The slips are the case of letters, and what stands at the beginning: `/`, `./` or the folder in
which the client works.
"""

import re
from collections.abc import Iterable, Iterator

from ollama_claude_proxy.translate.tools.edits.conversation_files import ConversationFiles
from ollama_claude_proxy.translate.tools.edits.file_calls import FileCall, file_call

_BEFORE_PATH = re.compile(r"[^\s\"'`:=<>|(){}\[\],;*]*\Z")
_PATH_GOES_ON = re.compile(r"[\w/-]|\.\w")
_MAX_PATH_CHARACTERS = 400
_MIN_TAIL_CHARACTERS = 3


def repair_path(call: FileCall, files: ConversationFiles) -> str:
    """Return the path that was meant, which stands in the conversation; otherwise the call's own.

    A file that is written may be a new one: there only the beginning of a relative path is
    repaired.
    """
    path, folder = call.path, files.working_directory
    tail = path.removeprefix("./").lstrip("/")
    if len(tail) < _MIN_TAIL_CHARACTERS:
        return path
    seen = set(_paths_of_calls(files))
    if path in seen:
        return path
    seen.update(_paths_in_texts(tail, files.texts()))
    if path in seen:
        return path
    if call.action == "write":
        wanted = {form for form in _full_paths(path, folder) if not path.startswith("/")}
        meant = seen & wanted
    else:
        wanted = {form.casefold() for form in (path, *_full_paths(path, folder))}
        meant = {one for one in seen if one.casefold() in wanted}
    return meant.pop() if len(meant) == 1 else path


def _full_paths(path: str, folder: str) -> Iterator[str]:
    tail = path.removeprefix("./")
    if not path.startswith(("/", "./")):
        yield f"/{path}"
    if folder:
        yield f"{folder}/{tail.lstrip('/')}"


def _paths_of_calls(files: ConversationFiles) -> Iterator[str]:
    """Return the absolute paths of the calls that worked."""
    for answered in files.answered_calls:
        known = file_call(answered.call.name, answered.call.input)
        if known is not None and not answered.failed and known.path.startswith("/"):
            yield known.path


def _paths_in_texts(tail: str, texts: Iterable[str]) -> Iterator[str]:
    """Return the absolute paths that end with `tail`, in any case of letters."""
    lowered = tail.lower()
    pattern = re.compile(re.escape(tail), re.IGNORECASE)
    for text in texts:
        if lowered not in text.lower():  # much faster than the pattern
            continue
        for match in pattern.finditer(text):
            if _PATH_GOES_ON.match(text, match.end()):
                continue
            earliest = max(match.start() - _MAX_PATH_CHARACTERS, 0)
            before = _BEFORE_PATH.search(text[earliest : match.start()])
            path = (before[0] if before is not None else "") + match[0]
            if path.startswith("/"):
                yield path
