"""What `ocp sessions` reads: the file, a conversation in it by its name, and words about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ollama_claude_proxy.cli.units import when
from ollama_claude_proxy.errors import UsageError
from ollama_claude_proxy.settings import data_path

if TYPE_CHECKING:
    from ollama_claude_proxy.sessions.conversation import State
    from ollama_claude_proxy.sessions.storage.database import Database
    from ollama_claude_proxy.sessions.storage.listing import Listed, Listing


@contextmanager
def opened() -> Iterator["Database"]:
    """Open the file; where there is none, an empty one in memory: a look must not make one."""
    from ollama_claude_proxy.sessions.storage.database import Database  # noqa: PLC0415  # help is faster

    path = data_path()
    database = Database(path if path.exists() else None)
    try:
        yield database
    finally:
        database.close()


def listing_of(database: "Database") -> "Listing":
    """Give what reads the conversations."""
    from ollama_claude_proxy.sessions.storage.listing import Listing  # noqa: PLC0415  # help is faster

    return Listing(database)


def find(listing: "Listing", which: str) -> "Listed":
    """Find a conversation by its number, the client's session, or `last`."""
    listed = listing.conversations()
    found = [one for one in listed if which in {str(one.id), one.session}]
    if which == "last":
        found = listed
    if not found:
        found = [one for one in listed if one.session and one.session.startswith(which)]
    if not found:
        raise UsageError(
            f"No conversation {which!r} is kept.", remedy="`ocp sessions list` shows them."
        )
    return found[0]


def about_of(one: "Listed") -> Iterator[tuple[str, str]]:
    """Give names and values that tell of a conversation."""
    yield "begun", when(one.created)
    yield "last used", when(one.used)
    for name in ("session", "agent", "project"):
        if value := getattr(one, name):
            yield name, value
    yield "turns", str(one.turns)
    if one.branches > 1:
        yield "branches", f"{one.branches} (rewound or compacted; this is the newest)"


def shown_of(state: "State") -> dict[str, Any]:
    """Give what a model was shown of a conversation, for scripts."""
    return {
        "left_out": state.cut.left,
        "shortened": state.cut.short,
        "digest": state.digest,
        "loaded": list(state.loaded.values()),
    }


def told_of(state: dict[str, Any]) -> str:
    """Say in words what a model was shown."""
    told = []
    if state["left_out"]:
        told.append(f"an account in place of the early messages before number {state['left_out']}")
    if state["shortened"]:
        told.append(f"long results before number {state['shortened']} shortened")
    told += [_first_line(text) for text in state["loaded"]]
    return "; ".join(told) or "all of it"


def _first_line(text: str) -> str:
    places = [line[1:-1] for line in text.splitlines() if line.startswith("[turn ")]
    return f"loaded again: {', '.join(places)}"


def builtins_of(value: Any) -> dict[str, Any]:
    """Give a struct as what JSON can hold."""
    import msgspec  # noqa: PLC0415  # as above

    built: dict[str, Any] = msgspec.to_builtins(value)
    return built
