"""Who sends a request: which conversation it belongs to, and how urgent it is.

Claude Code says so in headers (`CLAUDE_CODE_GATEWAY_HINT_HEADERS=1`); other clients are
recognised by the shape of their requests.
"""

from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from ollama_claude_proxy.upstream.scheduler import Priority
from ollama_claude_proxy.wire.anthropic import MessagesRequest
from ollama_claude_proxy.wire.events import encode_json

_PRIORITIES = {
    "main": Priority.MAIN,
    "compaction": Priority.MAIN,
    "subagent": Priority.SUBAGENT,
    "auxiliary": Priority.AUXILIARY,
}
_SESSION_HEADER = "x-claude-code-session-id"
_AGENT_HEADER = "x-claude-code-agent-id"
_CLASS_HEADER = "x-claude-code-request-class"
_MAX_DIGEST_CHARACTERS = 4000


class Caller(Struct, frozen=True):
    """A `session` of a client, and one `conversation` in it (an `agent`'s, or the main one).

    `priority` decides which request runs first; `is_named`: the client itself said which session
    it is.
    """

    session: str
    conversation: str
    priority: Priority
    is_named: bool = False
    agent: str = ""

    @property
    def is_small_job(self) -> bool:
        """Whether a named session asks for something small, such as a title."""
        return self.is_named and self.priority is Priority.AUXILIARY


def identify_caller(headers: Mapping[str, str], request: MessagesRequest) -> Caller:
    """Return who sends a request; the names of `headers` are in lower case."""
    session = headers.get(_SESSION_HEADER) or _session_of(request.metadata)
    agent = headers.get(_AGENT_HEADER) or ""
    priority = _priority(headers, request, agent)
    if not session:
        digest = _first_message_digest(request)
        return Caller(digest, digest, priority)
    small_job = _first_message_digest(request) if priority is Priority.AUXILIARY else ""
    conversation = f"{session} {agent} {small_job}".strip()
    return Caller(session, conversation, priority, is_named=True, agent=agent)


def is_subagent(headers: Mapping[str, str]) -> bool:
    """Whether a subagent of Claude Code sends the request."""
    return _AGENT_HEADER in headers


def _priority(headers: Mapping[str, str], request: MessagesRequest, agent: str) -> Priority:
    """Return the priority that the client names, otherwise the one that its request looks like."""
    named = _PRIORITIES.get(headers.get(_CLASS_HEADER, ""))
    if named is not None:
        return named
    if agent:
        return Priority.SUBAGENT
    return Priority.MAIN if request.tools else Priority.AUXILIARY


def _session_of(metadata: dict[str, Any] | None) -> str:
    """Read the session in `metadata.user_id`: JSON, or `user_..._session_...` in older clients."""
    user = (metadata or {}).get("user_id")
    if not isinstance(user, str):
        return ""
    with suppress(msgspec.DecodeError):
        fields = msgspec.json.decode(user)
        return str(fields.get("session_id") or "") if isinstance(fields, dict) else ""
    return user.rpartition("_session_")[2] if "_session_" in user else ""


def _first_message_digest(request: MessagesRequest) -> str:
    """Return a digest of the first message, by which a conversation is recognised."""
    content = request.messages[0].raw if request.messages else ""
    text = content if isinstance(content, str) else encode_json(content).decode()
    digest = sha256(text[:_MAX_DIGEST_CHARACTERS].encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]
