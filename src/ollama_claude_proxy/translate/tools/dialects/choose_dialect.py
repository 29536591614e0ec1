"""Choose the dialect that a model was trained on, by its template, parser, name and family."""

from collections.abc import Mapping

from ollama_claude_proxy.translate.tools.dialects.dialect import Dialect
from ollama_claude_proxy.translate.tools.dialects.glm import GLM
from ollama_claude_proxy.translate.tools.dialects.hermes import HERMES
from ollama_claude_proxy.translate.tools.dialects.llama import LLAMA
from ollama_claude_proxy.translate.tools.dialects.mistral import MISTRAL
from ollama_claude_proxy.translate.tools.dialects.plain import PLAIN
from ollama_claude_proxy.translate.tools.dialects.qwen_xml import QWEN_XML
from ollama_claude_proxy.wire.model import ModelProfile

# The first string that the template contains decides; the rarer ones come first.
_BY_TEMPLATE: tuple[tuple[str, Dialect], ...] = (
    ("<arg_key>", GLM),
    ("<function=", QWEN_XML),
    ("<tool_call>", HERMES),
    ("[TOOL_CALLS]", MISTRAL),
    ("ipython", LLAMA),
    ("<|python_tag|>", LLAMA),
)
_BY_PARSER: Mapping[str, Dialect] = {
    "parser:qwen3-coder": QWEN_XML,
    "parser:qwen3.5": QWEN_XML,
    "parser:nemotron-3-nano": QWEN_XML,
    "parser:glm-4.7": GLM,
    "parser:laguna": GLM,
    "parser:ministral": MISTRAL,
}
_BY_NAME: tuple[tuple[str, Dialect], ...] = (
    ("qwen3-coder", QWEN_XML),
    ("qwen3.5", QWEN_XML),
    ("qwen", HERMES),
    ("hermes", HERMES),
    ("glm-4", GLM),
    ("mistral", MISTRAL),
    ("mixtral", MISTRAL),
    ("devstral", MISTRAL),
    ("llama3", LLAMA),
    ("llama-3", LLAMA),
)


def choose_dialect(profile: ModelProfile) -> Dialect:
    """Return the dialect that a model knows best; plain where nothing is known."""
    if profile.render_path in _BY_PARSER:
        return _BY_PARSER[profile.render_path]
    for marker, dialect in _BY_TEMPLATE:
        if marker in profile.template:
            return dialect
    name_and_family = f"{profile.name.lower()} {profile.family.lower()}"
    for part, dialect in _BY_NAME:
        if part in name_and_family:
            return dialect
    return PLAIN
