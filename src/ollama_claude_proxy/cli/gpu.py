"""How much of a loaded model is in GPU memory, from `/api/ps`.

There `size` is the whole model in bytes, `size_vram` the part of it in GPU memory.
"""

from ollama_claude_proxy.wire.model import LoadedModel


def gpu_percent(model: LoadedModel) -> int:
    """Return the share in GPU memory in per cent, rounded down; 100 only if all of it is there."""
    if model.size <= 0 or model.size_vram >= model.size:
        return 100 if model.size_vram > 0 else 0
    return 100 * model.size_vram // model.size


def format_placement(model: LoadedModel) -> str:
    """Return where the model is loaded as `GPU`, `CPU`, or `63 % GPU`."""
    percent = gpu_percent(model)
    return {100: "GPU", 0: "CPU"}.get(percent, f"{percent} % GPU")
