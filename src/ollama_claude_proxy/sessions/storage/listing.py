"""What is stored, for showing: conversations, their messages, passages by words."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from ollama_claude_proxy.sessions.block_text import block_text
from ollama_claude_proxy.sessions.fit_state import FitState, decode_fit_state
from ollama_claude_proxy.sessions.fitted_turn import FittedTurn
from ollama_claude_proxy.sessions.message_chain import parse_stored, restore_block, restore_raw
from ollama_claude_proxy.sessions.recall.search_terms import query_terms
from ollama_claude_proxy.sessions.storage.compression import decompress
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.passage_numbers import PASSAGE_BITS, root_of
from ollama_claude_proxy.wire.blocks import RawBlock


class ListedConversation(Struct, frozen=True):
    """A conversation: times in seconds since 1970, `turns` of its newest branch, and `branches`."""

    id: int
    session: str
    agent: str
    project: str
    model: str
    title: str
    created: float
    used: float
    turns: int
    branches: int


class StoredMessage(Struct, frozen=True):
    """A message as it is stored; images are hashes."""

    turn: int
    role: str
    at: float
    content: list[RawBlock]

    def texts(self) -> Iterator[str]:
        """Return the text of each block."""
        return (block_text(parse_stored(raw)) for raw in self.content)


class StoredFit(Struct, frozen=True):
    """What was done for a turn so that it fits the window of a model."""

    turn: int
    model: str
    fit: FittedTurn


class SearchHit(Struct, frozen=True):
    """A passage that a search found, and its place."""

    conversation: int
    turn: int
    source: str
    text: str


class _Match(Struct, frozen=True):
    """A row of the search."""

    number: int
    block: int
    start: int
    length: int
    source: str
    body: bytes

    @property
    def text(self) -> str:
        whole = block_text(restore_block(decompress(self.body)))
        return whole[self.start : self.start + self.length].strip()


class Listing:
    """Reads what is stored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def conversations(self) -> list[ListedConversation]:
        """Return all conversations, the newest first."""
        rows = self._database.rows(
            "SELECT id, session, agent, project, model, title, created, used,"
            " IFNULL((SELECT turn FROM heads JOIN messages AS m ON m.id = message"
            " WHERE conversation = c.id ORDER BY heads.at DESC LIMIT 1), 0),"
            " (SELECT COUNT(*) FROM heads WHERE conversation = c.id)"
            " FROM conversations AS c ORDER BY used DESC"
        )
        return [ListedConversation(*row) for row in rows]

    def messages(self, conversation: int) -> list[StoredMessage]:
        """Return the messages of the newest branch of a conversation, from its beginning."""
        rows = self._database.rows(
            "WITH RECURSIVE up (id, parent) AS (SELECT m.id, m.parent FROM messages AS m"
            " WHERE m.id = (SELECT message FROM heads WHERE conversation = ?"
            " ORDER BY at DESC LIMIT 1)"
            " UNION ALL SELECT m.id, m.parent FROM messages AS m JOIN up ON m.id = up.parent)"
            " SELECT m.id, m.turn, m.role, m.at, c.reference, b.body FROM up"
            " JOIN messages AS m ON m.id = up.id JOIN contents AS c ON c.message = m.id"
            " JOIN blocks AS b ON b.id = c.block ORDER BY m.id, c.position",
            conversation,
        )
        messages: dict[int, StoredMessage] = {}
        for number, turn, role, at, reference, body in rows:
            message = messages.setdefault(number, StoredMessage(turn, role, at, []))
            message.content.append(restore_raw(reference, decompress(body)))
        return list(messages.values())

    def fit_states(self, conversation: int) -> dict[str, FitState]:
        """Return how a conversation is fitted, by model."""
        rows = self._database.rows(
            "SELECT model, state FROM boundaries WHERE conversation = ?", conversation
        )
        return {str(model): decode_fit_state(decompress(state)) for model, state in rows}

    def fitted_turns(self, conversation: int) -> list[StoredFit]:
        """Return what was done for the turns of a conversation, the oldest first."""
        rows = self._database.rows(
            "SELECT m.turn, f.model, f.report FROM fitted_turns AS f"
            " JOIN messages AS m ON m.hash = f.message WHERE f.conversation = ? ORDER BY m.id",
            conversation,
        )
        return [
            StoredFit(turn, model, msgspec.json.decode(decompress(report), type=FittedTurn))
            for turn, model, report in rows
        ]

    def search(self, words: str, max_hits: int, conversation: int | None = None) -> list[SearchHit]:
        """Return passages that have all of some words, otherwise any of them; the best first."""
        terms = [f'"{term}"' for term in query_terms(words)]
        for operator in (" ", " OR ") if terms else ():
            matches = self._matching(operator.join(terms), max_hits, conversation)
            if matches:
                return [hit for match in matches for hit in self._hits(match, conversation)]
        return []

    def _matching(self, query: str, max_hits: int, conversation: int | None) -> list[_Match]:
        rows = self._database.rows(
            "SELECT w.rowid, p.block, p.start, p.length, s.text, b.body FROM words AS w"
            " JOIN passages AS p ON p.id = w.rowid JOIN blocks AS b ON b.id = p.block"
            " JOIN sources AS s ON s.id = p.source"
            " WHERE words MATCH ? AND (? IS NULL OR w.rowid >> ? IN"
            " (SELECT root FROM heads JOIN messages ON id = message WHERE conversation = ?))"
            " ORDER BY w.rank LIMIT ?",
            query,
            conversation,
            PASSAGE_BITS,
            conversation,
            max_hits,
        )
        return [_Match(*row) for row in rows]

    def _hits(self, match: _Match, conversation: int | None) -> Iterator[SearchHit]:
        """Yield a match in the conversation that was used last."""
        rows = self._database.rows(
            "SELECT h.conversation, said.turn FROM heads AS h JOIN messages AS head"
            " ON head.id = h.message JOIN contents AS c ON c.block = ?"
            " JOIN messages AS said ON said.id = c.message AND said.root = head.root"
            " WHERE head.root = ? AND (? IS NULL OR h.conversation = ?)"
            " ORDER BY h.at DESC, said.id DESC LIMIT 1",
            match.block,
            root_of(match.number),
            conversation,
            conversation,
        )
        for number, turn in rows:
            yield SearchHit(number, turn, match.source, match.text)
