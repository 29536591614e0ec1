"""The prompt that a model is shown, as a real Ollama 0.32.15 renders it.

Renderers are named as in `tests/data/rendering.json.gz`, which has the prompts of the real one.
"""

from collections.abc import Callable, Mapping

from support import fake_rendering_go as go
from support.fake_rendering_chatml import native_qwen
from support.fake_rendering_cohere import cohere
from support.fake_rendering_deepseek import cogito, deepseek
from support.fake_rendering_gemma import gemma
from support.fake_rendering_glimmer import glimmer
from support.fake_rendering_glm import glm
from support.fake_rendering_laguna import laguna
from support.fake_rendering_nemotron import nemotron
from support.fake_rendering_python import lfm2, olmo3
from support.fake_rendering_qwen import qwen3_5, qwen3_8, qwen3_coder
from support.go_structs import Body

RENDERERS: Mapping[str, Callable[[Body], str]] = {
    "go-template:qwen2.5": go.qwen,
    "go-template:lossless": go.lossless,
    "go-template:plain": go.without_tools,
    "go-template:llama3.1": go.llama,
    "native:qwen2.5-jinja": native_qwen,
    "renderer:qwen3-coder": qwen3_coder,
    "renderer:qwen3.5": qwen3_5,
    "renderer:qwen3.8": qwen3_8,
    "renderer:glm-4.7": glm,
    "renderer:gemma4": gemma,
    "renderer:deepseek3.1": deepseek,
    "renderer:nemotron-3-nano": nemotron,
    "renderer:lfm2": lfm2,
    "renderer:cogito": cogito,
    "renderer:olmo3": olmo3,
    "renderer:cohere": cohere,
    "renderer:glimmer": glimmer,
    "renderer:laguna": laguna,
}


def render(renderer: str, body: Body) -> str:
    """Return the prompt of a `/api/chat` body; `renderer` may end in ` think=false`."""
    name, _, setting = renderer.partition(" ")
    return RENDERERS[name](body | {"think": False} if setting == "think=false" else body)
