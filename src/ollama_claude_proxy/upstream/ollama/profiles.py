"""What `/api/tags` and `/api/show` tell of a model, and which of several is the best."""

import re
from collections.abc import Iterable

from ollama_claude_proxy.wire.model import ModelProfile
from ollama_claude_proxy.wire.ollama import Show, TagsModel

_CLOUD = re.compile(r"[:-]cloud$", re.IGNORECASE)
# `ollama show` writes the line at the end, and only there is it no word of a licence.
_PARSER = re.compile(r"^PARSER (\S+)$", re.MULTILINE)
# A line of `/api/show`'s parameters, as `PARAMETER num_ctx 8192` in a Modelfile makes it.
_NUM_CTX = re.compile(r"^num_ctx\s+(\d+)", re.MULTILINE)
# Go's templates name fields with a leading dot; llama.cpp's jinja has statements and plain names.
_JINJA = re.compile(r"\{%|\{\{-?\s*(bos_token|messages|raise_exception)\b")
# Families made for tools and code, the best first.
_CODERS = (
    "qwen3-coder",
    "devstral",
    "gpt-oss",
    "qwen3",
    "glm",
    "qwen2.5-coder",
    "llama3",
    "mistral",
)
_FEWEST_BILLIONS = 3.0
_MOST_BILLIONS = 35.0


def is_cloud(name: str) -> bool:
    """Tell whether a name is that of a model that runs in Ollama's cloud."""
    return bool(_CLOUD.search(name))


def described(model: TagsModel, show: Show) -> ModelProfile:
    """Give what is known of a model."""
    details = show.details
    return ModelProfile(
        name=model.name,
        digest=model.digest,
        size=model.size,
        family=details.family,
        parameter_size=details.parameter_size,
        quantization=details.quantization_level,
        modified_at=model.modified_at or show.modified_at,
        context_length=_context_length(model, show),
        usual_window=_usual_window(show),
        capabilities=frozenset(show.capabilities or ("completion",)),
        path=_path(show),
        template=show.template,
        cloud=bool(show.remote_host or model.remote_host or is_cloud(model.name)),
    )


def best(profiles: Iterable[ModelProfile]) -> ModelProfile | None:
    """Give the model to take when none was chosen, or None.

    Only one that can call tools, and on this machine: nothing is sent away unasked. Of 3 to 35
    billion parameters, if there is one: smaller models do not get through a task, larger ones do
    not fit. Then of a family made for code and tools, then the largest, then the newest.
    """
    able = [one for one in profiles if one.tools and one.completion and not one.cloud]
    able.sort(key=lambda one: one.name)
    able.sort(key=lambda one: one.modified_at, reverse=True)
    return min(able, key=_rank, default=None)


def _rank(profile: ModelProfile) -> tuple[int, int, float]:
    billions = _billions(profile.parameter_size)
    if billions > _MOST_BILLIONS:
        return 1, 0, billions
    size_class = 0 if billions >= _FEWEST_BILLIONS else 2
    family = next((at for at, coder in enumerate(_CODERS) if coder in profile.name), len(_CODERS))
    return size_class, family, -billions


def _billions(parameter_size: str) -> float:
    """Read `7.6B` or `135M`."""
    number = re.match(r"\d+(\.\d+)?", parameter_size)
    if number is None:
        return 0.0
    return float(number[0]) / (1000 if parameter_size.upper().endswith("M") else 1)


def _usual_window(show: Show) -> int | None:
    found = _NUM_CTX.search(show.parameters)
    return int(found[1]) if found else None


def _context_length(model: TagsModel, show: Show) -> int | None:
    about = show.model_info or {}
    # A model that sees has a second one, of its eyes.
    own = about.get(f"{about.get('general.architecture')}.context_length")
    if isinstance(own, int):
        return own
    for key, value in about.items():
        if key.endswith(".context_length") and isinstance(value, int):
            return value
    return show.details.context_length or model.details.context_length


def _path(show: Show) -> str:
    """Which way Ollama takes to render and parse, as `/api/show` lets one tell."""
    if parsers := _PARSER.findall(show.modelfile):
        return f"parser:{parsers[-1]}"
    if show.details.family in {"gptoss", "gpt-oss"}:
        return "parser:harmony"
    return "native" if _JINJA.search(show.template) else "go-template"
