"""What is kept, for whoever wants to see it: conversations, their messages, passages by words."""

from collections.abc import Iterator

from msgspec import Struct

from ollama_claude_proxy.sessions.conversation import State, read_state
from ollama_claude_proxy.sessions.message_chain import Raw, restored, text_of
from ollama_claude_proxy.sessions.passages import wanted
from ollama_claude_proxy.sessions.storage.archive import ROOM
from ollama_claude_proxy.sessions.storage.compression import unpacked
from ollama_claude_proxy.sessions.storage.database import Database


class Listed(Struct, frozen=True):
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


class Said(Struct, frozen=True):
    """A message as it is kept; images are hashes."""

    turn: int
    role: str
    at: float
    content: list[Raw]


class Hit(Struct, frozen=True):
    """A passage that was searched for, and where it was said."""

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
        whole = text_of(restored("", unpacked(self.body)))
        return whole[self.start : self.start + self.length].strip()


class Listing:
    """Reads the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def conversations(self) -> list[Listed]:
        """Give all conversations, the newest first."""
        rows = self._database.rows(
            "SELECT id, session, agent, project, model, title, created, used,"
            " IFNULL((SELECT turn FROM heads JOIN messages AS m ON m.id = message"
            " WHERE conversation = c.id ORDER BY heads.at DESC LIMIT 1), 0),"
            " (SELECT COUNT(*) FROM heads WHERE conversation = c.id)"
            " FROM conversations AS c ORDER BY used DESC"
        )
        return [Listed(*row) for row in rows]

    def messages(self, conversation: int) -> list[Said]:
        """Give the messages of the newest branch of a conversation, from its beginning."""
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
        said: dict[int, Said] = {}
        for number, turn, role, at, reference, body in rows:
            message = said.setdefault(number, Said(turn, role, at, []))
            message.content.append(restored(reference, unpacked(body)))
        return list(said.values())

    def states(self, conversation: int) -> dict[str, State]:
        """Give how a conversation is fitted, by model."""
        rows = self._database.rows(
            "SELECT model, state FROM boundaries WHERE conversation = ?", conversation
        )
        return {str(model): read_state(unpacked(state)) for model, state in rows}

    def search(self, words: str, most: int, conversation: int | None = None) -> list[Hit]:
        """Give passages that have all of some words, or else any of them; the best first."""
        terms = [f'"{term}"' for term in wanted(words)]
        for joint in (" ", " OR ") if terms else ():
            matches = self._matching(joint.join(terms), most, conversation)
            if matches:
                return [hit for one in matches for hit in self._hits(one, conversation)]
        return []

    def _matching(self, query: str, most: int, conversation: int | None) -> list[_Match]:
        rows = self._database.rows(
            "SELECT w.rowid, p.block, p.start, p.length, s.text, b.body FROM words AS w"
            " JOIN passages AS p ON p.id = w.rowid JOIN blocks AS b ON b.id = p.block"
            " JOIN sources AS s ON s.id = p.source"
            " WHERE words MATCH ? AND (? IS NULL OR w.rowid >> ? IN"
            " (SELECT root FROM heads JOIN messages ON id = message WHERE conversation = ?))"
            " ORDER BY w.rank LIMIT ?",
            query,
            conversation,
            ROOM,
            conversation,
            most,
        )
        return [_Match(*row) for row in rows]

    def _hits(self, match: _Match, conversation: int | None) -> Iterator[Hit]:
        """Give a match in the conversation that was used last."""
        rows = self._database.rows(
            "SELECT h.conversation, said.turn FROM heads AS h JOIN messages AS head"
            " ON head.id = h.message JOIN contents AS c ON c.block = ?"
            " JOIN messages AS said ON said.id = c.message AND said.root = head.root"
            " WHERE head.root = ? AND (? IS NULL OR h.conversation = ?)"
            " ORDER BY h.at DESC, said.id DESC LIMIT 1",
            match.block,
            match.number >> ROOM,
            conversation,
            conversation,
        )
        for number, turn in rows:
            yield Hit(number, turn, match.source, match.text)
