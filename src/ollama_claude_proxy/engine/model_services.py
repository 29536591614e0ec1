"""What the parts of the engine share to reach the models."""

from msgspec import Struct

from ollama_claude_proxy.sessions.storage.model_facts import ModelFacts
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.upstream.catalog import Catalog
from ollama_claude_proxy.upstream.scheduler import Scheduler
from ollama_claude_proxy.upstream.upstream import Upstream


class ModelServices(Struct, frozen=True):
    """The settings, the backend, its catalog, the queue of each model, and stored facts."""

    settings: Settings
    upstream: Upstream
    catalog: Catalog
    scheduler: Scheduler
    model_facts: ModelFacts
