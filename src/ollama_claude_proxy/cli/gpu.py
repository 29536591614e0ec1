"""Where a loaded model lies, from `/api/ps`: `size` is all, `size_vram` what the GPU holds."""

from ollama_claude_proxy.wire.ollama import RunningModel


def gpu_share(model: RunningModel) -> int:
    """Give the share in the graphics card's memory, in per cent; 100 only where all of it is."""
    if model.size <= 0 or model.size_vram >= model.size:
        return 100 if model.size_vram > 0 else 0
    return 100 * model.size_vram // model.size


def place(model: RunningModel) -> str:
    """Give the place as `GPU`, `CPU`, or `63 % GPU`."""
    share = gpu_share(model)
    return {100: "GPU", 0: "CPU"}.get(share, f"{share} % GPU")
