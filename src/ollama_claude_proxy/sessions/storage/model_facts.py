"""Facts about models that outlive the proxy, such as the window that fits into this machine."""

from ollama_claude_proxy.sessions.storage.database import Database


class ModelFacts:
    """Texts in the database, by their kind and the model."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_model(self, kind: str) -> dict[str, str]:
        """Return all facts of a kind by model."""
        rows = self._database.rows("SELECT model, value FROM facts WHERE kind = ?", kind)
        return {str(model): str(value) for model, value in rows}

    def keep(self, kind: str, model: str, value: str) -> None:
        """Store a fact about a model."""
        self._database.write("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", kind, model, value)
