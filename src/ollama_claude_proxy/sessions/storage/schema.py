"""The tables of `sessions.db`, and the migrations from older ones.

A conversation is a chain of messages, each with its parent, so that forks share what they have in
common: `heads` are the ends of a conversation's chains, one for each branch that a rewind or a
compaction left. A message is a row of blocks, and equal blocks are kept once. `root` is the first
message of a chain and of all its forks; passages are numbered from `root << 24`, so that the
passages of one are a range of numbers.

`fitted_turns` tell what was done for a turn, by the hash of its last message.

`words` has no text of its own (FTS5 calls it contentless): the passages are slices of the blocks.
"""

from collections.abc import Sequence

_FIRST = """
CREATE TABLE IF NOT EXISTS turns (key TEXT PRIMARY KEY, raw TEXT NOT NULL, at INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS turns_at ON turns (at);
CREATE TABLE IF NOT EXISTS facts (kind TEXT, model TEXT, value TEXT NOT NULL,
    PRIMARY KEY (kind, model)) WITHOUT ROWID;
"""

_CONVERSATIONS = """
DELETE FROM facts WHERE kind = 'boundary';
CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    hash INTEGER NOT NULL UNIQUE,
    parent INTEGER,
    root INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    role TEXT NOT NULL,
    at INTEGER NOT NULL
);
CREATE TABLE blocks (id INTEGER PRIMARY KEY, hash INTEGER NOT NULL UNIQUE, body BLOB NOT NULL);
CREATE TABLE contents (
    message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    block INTEGER NOT NULL REFERENCES blocks (id),
    reference TEXT NOT NULL,
    PRIMARY KEY (message, position)
) WITHOUT ROWID;
CREATE INDEX contents_block ON contents (block);
CREATE TABLE sources (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY,
    block INTEGER NOT NULL REFERENCES blocks (id),
    start INTEGER NOT NULL,
    length INTEGER NOT NULL,
    source INTEGER NOT NULL REFERENCES sources (id)
);
CREATE INDEX passages_block ON passages (block);
CREATE VIRTUAL TABLE words USING fts5 (text, content = '', tokenize = 'porter unicode61');
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    session TEXT NOT NULL,
    agent TEXT NOT NULL,
    project TEXT NOT NULL,
    model TEXT NOT NULL,
    title TEXT NOT NULL,
    created REAL NOT NULL,
    used REAL NOT NULL
);
CREATE INDEX conversations_project ON conversations (project);
CREATE TABLE heads (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    at REAL NOT NULL,
    PRIMARY KEY (conversation, message)
) WITHOUT ROWID;
CREATE TABLE boundaries (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    model TEXT NOT NULL,
    state BLOB NOT NULL,
    PRIMARY KEY (conversation, model)
) WITHOUT ROWID;
CREATE TABLE vectors (
    passage INTEGER NOT NULL REFERENCES passages (id) ON DELETE CASCADE,
    model TEXT NOT NULL,
    signs BLOB NOT NULL,
    parts BLOB NOT NULL,
    PRIMARY KEY (passage, model)
) WITHOUT ROWID;
"""

_FITTED_TURNS = """
CREATE TABLE fitted_turns (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    model TEXT NOT NULL,
    message INTEGER NOT NULL,
    report BLOB NOT NULL,
    PRIMARY KEY (conversation, model, message)
) WITHOUT ROWID;
"""

# The version of a file is how many of these it has seen.
MIGRATIONS: Sequence[str] = (_FIRST, _CONVERSATIONS, _FITTED_TURNS)
