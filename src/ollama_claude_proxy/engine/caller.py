"""Who asks: which conversation a request belongs to, and how urgent it is.

Claude Code says so in headers (`CLAUDE_CODE_GATEWAY_HINT_HEADERS=1`); other clients are told by the
shape of what they ask.
"""

from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from ollama_claude_proxy.upstream.scheduler import Rank
from ollama_claude_proxy.wire.anthropic import MessagesRequest
from ollama_claude_proxy.wire.events import encode_json

_CLASSES = {
    "main": Rank.MAIN,
    "compaction": Rank.MAIN,
    "subagent": Rank.SUBAGENT,
    "auxiliary": Rank.AUXILIARY,
}


class Asker(Struct, frozen=True):
    """A `session` of a client, one `conversation` in it (an `agent`'s, or the main one).

    `rank` tells who goes first; `named`: the client itself said which session it is.
    """

    session: str
    conversation: str
    rank: Rank
    named: bool = False
    agent: str = ""


def asker_of(headers: Mapping[str, str], request: MessagesRequest) -> Asker:
    """Tell who asks."""
    session = headers.get("x-claude-code-session-id") or _session_of(request.metadata)
    agent = headers.get("x-claude-code-agent-id") or ""
    rank = _CLASSES.get(headers.get("x-claude-code-request-class", ""))
    if rank is None:
        rank = Rank.SUBAGENT if agent else Rank.MAIN if request.tools else Rank.AUXILIARY
    if not session:
        return Asker(_beginning(request), _beginning(request), rank)
    side = "" if rank is not Rank.AUXILIARY else _beginning(request)
    return Asker(session, f"{session} {agent} {side}".strip(), rank, named=True, agent=agent)


def _session_of(metadata: dict[str, Any] | None) -> str:
    """Read the session in `metadata.user_id`: JSON, or `user_..._session_...` in older clients."""
    user = (metadata or {}).get("user_id")
    if not isinstance(user, str):
        return ""
    with suppress(msgspec.DecodeError):
        said = msgspec.json.decode(user)
        return str(said.get("session_id") or "") if isinstance(said, dict) else ""
    return user.rpartition("_session_")[2] if "_session_" in user else ""


def _beginning(request: MessagesRequest) -> str:
    """Name a conversation by its first message, which stays as it is."""
    first = request.messages[0].content if request.messages else ""
    text = first if isinstance(first, str) else encode_json(first).decode()
    return sha256(text[:4000].encode("utf-8", "surrogatepass")).hexdigest()[:16]
