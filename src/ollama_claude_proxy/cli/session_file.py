"""Reading the file of conversations for `ocp sessions`, and describing a conversation."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ollama_claude_proxy.cli.units import format_time
from ollama_claude_proxy.errors import UsageError
from ollama_claude_proxy.settings import data_path

if TYPE_CHECKING:
    from ollama_claude_proxy.sessions.fit_state import FitState
    from ollama_claude_proxy.sessions.storage.database import Database
    from ollama_claude_proxy.sessions.storage.listing import ListedConversation, Listing


@contextmanager
def open_database() -> Iterator["Database"]:
    """Open the file; if there is none, an empty database in memory: reading must not create it."""
    from ollama_claude_proxy.sessions.storage.database import Database  # noqa: PLC0415  # help is faster

    path = data_path()
    database = Database(path if path.exists() else None)
    try:
        yield database
    finally:
        database.close()


def create_listing(database: "Database") -> "Listing":
    """Return the reader of the conversations in `database`."""
    from ollama_claude_proxy.sessions.storage.listing import Listing  # noqa: PLC0415  # help is faster

    return Listing(database)


def find_conversation(listing: "Listing", name: str) -> "ListedConversation":
    """Return the conversation with this number or client session, or the newest for `last`.

    Raises UsageError if there is none. The first characters of a client session are enough.
    """
    conversations = listing.conversations()
    matches = [item for item in conversations if name in {str(item.id), item.session}]
    if name == "last":
        matches = conversations
    if not matches:
        matches = [item for item in conversations if item.session and item.session.startswith(name)]
    if not matches:
        raise UsageError(
            f"There is no conversation {name!r}.", remedy="List them with `ocp sessions list`."
        )
    return matches[0]


def conversation_details(conversation: "ListedConversation") -> Iterator[tuple[str, str]]:
    """Yield names and values that describe a conversation."""
    yield "started", format_time(conversation.created)
    yield "last used", format_time(conversation.used)
    for name in ("session", "agent", "project"):
        if value := getattr(conversation, name):
            yield name, value
    yield "turns", str(conversation.turns)
    if conversation.branches > 1:
        yield "branches", f"{conversation.branches} (rewound or compacted; this is the newest)"


def visible_part(state: "FitState") -> dict[str, Any]:
    """Return which part of a conversation a model saw, as JSON for scripts."""
    return {
        "left_out": state.cut.left_until,
        "shortened": state.cut.truncated_until,
        "digest": state.digest,
        "loaded": list(state.loaded.values()),
    }


def format_visible_part(part: dict[str, Any]) -> str:
    """Return the result of `visible_part` as text for people."""
    items = []
    if part["left_out"]:
        items.append(f"a digest instead of the messages before number {part['left_out']}")
    if part["shortened"]:
        items.append(f"long results before number {part['shortened']} shortened")
    items += [_format_loaded_turns(text) for text in part["loaded"]]
    return "; ".join(items) or "all of it"


def _format_loaded_turns(text: str) -> str:
    turns = [line[1:-1] for line in text.splitlines() if line.startswith("[turn ")]
    return f"loaded again: {', '.join(turns)}"


def to_builtins(value: Any) -> dict[str, Any]:
    """Return a struct as a dict that JSON can hold."""
    import msgspec  # noqa: PLC0415  # as above

    builtins: dict[str, Any] = msgspec.to_builtins(value)
    return builtins
