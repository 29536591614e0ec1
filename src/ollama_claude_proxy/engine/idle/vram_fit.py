"""A window that does not fit into the graphics card is made smaller, once, for the next start.

A model whose cache spills into main memory is several times slower. After loading, Ollama reports
how much of it is in which memory. The window is not changed while the proxy runs: that would load
the model anew and lose every cache; the next start uses the next smaller one.
"""

import logging

from ollama_claude_proxy.engine.background_tasks import BackgroundTasks
from ollama_claude_proxy.engine.model_services import ModelServices
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.wire.model import LoadedModel

logger = logging.getLogger(__name__)

FITTING_WINDOW = "window"
# Tokens; below the smallest Claude Code cannot work.
_WINDOW_STEPS = (8_192, 16_384, 32_768, 65_536, 131_072, 262_144)


class VramFit:
    """Checks each model once; a window that the user chose stays."""

    def __init__(self, services: ModelServices, tasks: BackgroundTasks) -> None:
        self._upstream = services.upstream
        self._model_facts = services.model_facts
        self._tasks = tasks
        self._is_window_set = services.settings.num_ctx is not None
        self._checked: set[str] = set()

    def start(self, model: str, window: int) -> None:
        """Check a model that has just answered, with its window in tokens."""
        if model not in self._checked:
            self._checked.add(model)
            self._tasks.start(("vram fit", model), self._check(model, window))

    async def _check(self, model: str, window: int) -> None:
        try:
            models = await self._upstream.loaded()
        except OcpError:  # the next start checks again
            return
        loaded = next((entry for entry in models if entry.is_called(model)), None)
        if loaded is None or not 0 < loaded.size_vram < loaded.size:
            return  # all of it, or nothing: without a graphics card a smaller window helps little
        smaller = max((step for step in _WINDOW_STEPS if step < window), default=None)
        if self._is_window_set or smaller is None:
            _warn(model, loaded)
            return
        self._model_facts.keep(FITTING_WINDOW, loaded.digest, str(smaller))
        logger.warning(
            "only %d %% of %s fit into the graphics card with a window of %d tokens; the next start"
            " uses %d. `--num-ctx` sets it for good.",
            _percent(loaded),
            model,
            window,
            smaller,
        )


def _warn(model: str, loaded: LoadedModel) -> None:
    logger.warning(
        "only %d %% of %s fit into the graphics card: it is slow. Use a smaller window or"
        " model: `ocp serve --num-ctx 16384`, `ocp models`.",
        _percent(loaded),
        model,
    )


def _percent(loaded: LoadedModel) -> int:
    return 100 * loaded.size_vram // loaded.size
