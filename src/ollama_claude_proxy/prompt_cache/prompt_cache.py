"""What is known of prompts, for all models: what was shown, what it counted, what was generated."""

from ollama_claude_proxy.prompt_cache.generated_turns import GeneratedTurns
from ollama_claude_proxy.prompt_cache.prompt_history import PromptHistory
from ollama_claude_proxy.prompt_cache.reading_speed import ReadingSpeed
from ollama_claude_proxy.prompt_cache.token_counter import TokenCounter
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.model_facts import ModelFacts
from ollama_claude_proxy.sessions.storage.turn_store import TurnStore


class PromptCache:
    """The prompts that were sent (`history`), their tokens (`counter`), the models' own `turns`.

    `speed` is how fast they are read.
    """

    def __init__(self, database: Database) -> None:
        self.history = PromptHistory()
        self.counter = TokenCounter(ModelFacts(database))
        self.speed = ReadingSpeed()
        self.turns = GeneratedTurns(TurnStore(database))
