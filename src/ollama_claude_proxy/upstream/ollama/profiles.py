"""What `/api/tags` and `/api/show` report of a model."""

import re

from ollama_claude_proxy.wire.model import InstalledModel, ModelProfile, is_cloud
from ollama_claude_proxy.wire.ollama import ShowResponse, TagsEntry

# Ollama writes the line at the end; earlier it may be a line of a licence.
_PARSER = re.compile(r"^PARSER (\S+)$", re.MULTILINE)
# A line of `/api/show`'s parameters, as `PARAMETER num_ctx 8192` in a Modelfile makes it.
_NUM_CTX = re.compile(r"^num_ctx\s+(\d+)", re.MULTILINE)
# Go's templates name fields with a leading dot; llama.cpp's jinja has statements and plain names.
_JINJA = re.compile(r"\{%|\{\{-?\s*(bos_token|messages|raise_exception)\b")


def installed_model(tag: TagsEntry) -> InstalledModel:
    """Return an entry of `/api/tags` as the rest of the program knows it."""
    return InstalledModel(
        name=tag.name,
        digest=tag.digest,
        size=tag.size,
        modified_at=tag.modified_at,
        context_length=tag.details.context_length,
        cloud=bool(tag.remote_host or is_cloud(tag.name)),
    )


def model_profile(model: InstalledModel, show: ShowResponse) -> ModelProfile:
    """Return what is known of a model."""
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
        render_path=_render_path(show),
        template=show.template,
        cloud=bool(show.remote_host or model.cloud),
    )


def _usual_window(show: ShowResponse) -> int | None:
    match = _NUM_CTX.search(show.parameters)
    return int(match[1]) if match else None


def _context_length(model: InstalledModel, show: ShowResponse) -> int | None:
    info = show.model_info or {}
    # A model with vision has a second one, of its image encoder.
    length = info.get(f"{info.get('general.architecture')}.context_length")
    if isinstance(length, int):
        return length
    for key, value in info.items():
        if key.endswith(".context_length") and isinstance(value, int):
            return value
    return show.details.context_length or model.context_length


def _render_path(show: ShowResponse) -> str:
    """Return the way in which Ollama renders and parses, as far as `/api/show` shows it."""
    if parsers := _PARSER.findall(show.modelfile):
        return f"parser:{parsers[-1]}"
    if show.details.family in {"gptoss", "gpt-oss"}:
        return "parser:harmony"
    return "native" if _JINJA.search(show.template) else "go-template"
