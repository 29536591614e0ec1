"""The markup that opens and closes calls, of every dialect we know: one table.

A new dialect is one entry here, its cases in the tests' data and, where its calls have a form of
their own, a reader in `body.py`. Which body stands in which markup is not said: models mix them.
"""

from msgspec import Struct


class Markup(Struct, frozen=True):
    """What opens calls, and what closes them.

    Without `closers` they last to the end of the answer. `inside`: the opener is part of the body,
    as in `<function=Read>`. `line` asks for the start of a line.
    """

    opener: str
    closers: tuple[str, ...] = ()
    inside: bool = False
    line: bool = False


def _pair(name: str) -> Markup:
    return Markup(f"<{name}>", (f"</{name}>",))


_WRAPPERS = (
    "tool_call",  # Qwen, Hermes, GLM, Granite 3.3, and Qwen3-Coder around its functions
    "tool_calls",  # MiniMax M1, Jamba, Hunyuan
    "function_call",
    "function_calls",  # OLMo 3, Claude
    "tools",  # small Qwens repeat the tag of their definitions
    "tool_use",
    "tool_code",
    "minimax:tool_call",  # MiniMax M2
    "seed:tool_call",  # Seed-OSS
    "atem:function_calls",  # glimmer
)

MARKUPS: tuple[Markup, ...] = (
    *map(_pair, _WRAPPERS),
    Markup("<function=", ("</function>", "</tool_call>"), inside=True),  # Qwen3-Coder, Llama 3.1
    Markup("<function name=", ("</function>",), inside=True),
    Markup("<invoke name=", ("</invoke>",), inside=True),
    Markup("<tool name=", ("/>", "</tool>"), inside=True),
    Markup("<tool_call name=", ("/>", "</tool_call>"), inside=True),
    Markup("<|tool_call|>", ("<|/tool_call|>", "</|tool_call|>")),  # Granite 3, Phi-4-mini
    Markup("<|tool_call>", ("<tool_call|>",)),  # Gemma 4
    Markup("<|tool_call_start|>", ("<|tool_call_end|>",)),  # LFM2
    Markup("<|tool_calls_section_begin|>", ("<|tool_calls_section_end|>",)),  # Kimi K2
    Markup("<|tool_call_begin|>", ("<|tool_call_end|>",)),
    Markup("<|python_tag|>", ("<|eom_id|>", "<|eot_id|>")),  # Llama 3.1 and later
    Markup("<|START_ACTION|>", ("<|END_ACTION|>",)),  # Command R7B and A
    Markup("<|action_start|>", ("<|action_end|>",)),  # InternLM
    Markup("<|start|>assistant<|channel|>commentary", ("<|call|>",), inside=True),  # gpt-oss
    Markup("<|channel|>commentary", ("<|call|>",), inside=True),
    Markup("<|channel|>analysis to=", ("<|call|>",), inside=True),
    Markup("<start_function_call>", ("<end_function_call>",)),  # FunctionGemma
    Markup("<｜tool▁calls▁begin｜>", ("<｜tool▁calls▁end｜>",)),  # DeepSeek V3 and V3.1
    Markup("<｜tool▁call▁begin｜>", ("<｜tool▁call▁end｜>",)),
    Markup("<｜tool_calls_begin｜>", ("<｜tool_calls_end｜>",)),  # Step 3
    Markup("<｜DSML｜function_calls>", ("</｜DSML｜function_calls>",)),  # DeepSeek V3.2
    Markup("<｜DSML｜tool_calls>", ("</｜DSML｜tool_calls>",)),
    Markup("<｜DSML｜invoke name=", ("</｜DSML｜invoke>",), inside=True),
    Markup("[TOOL_CALLS]"),  # Mistral
    Markup("[TOOL_REQUEST]", ("[END_TOOL_REQUEST]",)),
    Markup("functools[", inside=True, line=True),  # Phi-4
    Markup("Action:", inside=True, line=True),  # ReAct, Command-R
)

# Closing tags that may follow calls whose opening tag the model forgot, or that are left over.
STRAY_CLOSERS = ("</tool_call>", "</tool_calls>", "</function_call>", "</tools>")

# Info strings of fences that a call may stand in; any other fence shows code.
CALL_FENCES = frozenset(
    {"", "json", "xml", "tool_code", "tool_call", "tool_calls", "tool", "function_call", "jsonc"}
)
