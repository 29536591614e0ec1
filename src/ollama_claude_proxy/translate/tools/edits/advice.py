"""What a model is told of an edit that does not apply: the real lines, with their numbers."""

from collections.abc import Sequence

from ollama_claude_proxy.translate.tools.edits.locating import Located, Place

_NEIGHBOURS = 2
_MAX_SHOWN_PLACES = 5
_MAX_CHARACTERS = 6_000


def describe_problem(located: Located, path: str) -> str:
    """Return in a few words why an edit does not apply."""
    if located.finding == "several":
        count = len(located.places)
        return f"the text to replace fits {count} places in {path}"
    return f"the text to replace is not in {path} as it was written"


def show_lines(located: Located) -> str:
    """Return the lines of the file that an edit may mean; empty if they are too long to show."""
    neighbours = _NEIGHBOURS if located.finding == "several" else 0
    parts = [_show(place, neighbours) for place in located.places[:_MAX_SHOWN_PLACES]]
    shown = "\n".join(parts)
    hint = _SEVERAL if located.finding == "several" else _NEAR
    return f"{shown}\n{hint}\n" if len(shown) <= _MAX_CHARACTERS else ""


_SEVERAL = (
    "Write as the text to replace one of these places with enough of the lines around it that it "
    "fits no other, or replace all."
)
_NEAR = "Write the text to replace exactly as it is in the file."


def _show(place: Place, neighbours: int) -> str:
    run, span = place.run, place.span
    first, last = run.line_of(span.start), run.line_of(max(span.end - 1, span.start))
    begin, end = max(first - neighbours, run.first), min(last + neighbours, run.last)
    lines = _lines(run.text, begin - run.first, end - run.first + 1)
    fence = "````" if any("```" in line for line in lines) else "```"
    where = f"Line {first}" if first == last else f"Lines {first} to {last}"
    around = f" (shown: {begin} to {end})" if neighbours else ""
    return "\n".join([f"{where}{around}:", fence, *lines, fence])


def _lines(text: str, begin: int, end: int) -> Sequence[str]:
    return text.split("\n")[begin:end]
