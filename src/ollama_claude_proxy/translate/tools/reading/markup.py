"""The table of the markup that opens and closes calls, of every dialect that is known.

A new dialect is one entry here, its cases in the tests' data and, where its calls have a form of
their own, a reader in `call_body.py`. Any form may stand in any markup, because models mix them.
"""

from msgspec import Struct


class Markup(Struct, frozen=True):
    """The string that opens calls, and the strings that close them.

    Without `closers` the calls reach to the end of the answer. `opener_in_body`: the opener is part
    of the body, as in `<function=Read>`. `at_line_start`: it opens calls only at a line's start.
    """

    opener: str
    closers: tuple[str, ...] = ()
    opener_in_body: bool = False
    at_line_start: bool = False


def _tag_pair(name: str) -> Markup:
    return Markup(f"<{name}>", (f"</{name}>",))


_TAG_NAMES = (
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
    *map(_tag_pair, _TAG_NAMES),
    Markup(
        "<function=", ("</function>", "</tool_call>"), opener_in_body=True
    ),  # Qwen3-Coder, Llama 3.1
    Markup("<function name=", ("</function>",), opener_in_body=True),
    Markup("<invoke name=", ("</invoke>",), opener_in_body=True),
    Markup("<tool name=", ("/>", "</tool>"), opener_in_body=True),
    Markup("<tool_call name=", ("/>", "</tool_call>"), opener_in_body=True),
    Markup("<|tool_call|>", ("<|/tool_call|>", "</|tool_call|>")),  # Granite 3, Phi-4-mini
    Markup("<|tool_call>", ("<tool_call|>",)),  # Gemma 4
    Markup("<|tool_call_start|>", ("<|tool_call_end|>",)),  # LFM2
    Markup("<|tool_calls_section_begin|>", ("<|tool_calls_section_end|>",)),  # Kimi K2
    Markup("<|tool_call_begin|>", ("<|tool_call_end|>",)),
    Markup("<|python_tag|>", ("<|eom_id|>", "<|eot_id|>")),  # Llama 3.1 and later
    Markup("<|START_ACTION|>", ("<|END_ACTION|>",)),  # Command R7B and A
    Markup("<|action_start|>", ("<|action_end|>",)),  # InternLM
    Markup(
        "<|start|>assistant<|channel|>commentary", ("<|call|>",), opener_in_body=True
    ),  # gpt-oss
    Markup("<|channel|>commentary", ("<|call|>",), opener_in_body=True),
    Markup("<|channel|>analysis to=", ("<|call|>",), opener_in_body=True),
    Markup("<start_function_call>", ("<end_function_call>",)),  # FunctionGemma
    Markup("<｜tool▁calls▁begin｜>", ("<｜tool▁calls▁end｜>",)),  # DeepSeek V3 and V3.1
    Markup("<｜tool▁call▁begin｜>", ("<｜tool▁call▁end｜>",)),
    Markup("<｜tool_calls_begin｜>", ("<｜tool_calls_end｜>",)),  # Step 3
    Markup("<｜DSML｜function_calls>", ("</｜DSML｜function_calls>",)),  # DeepSeek V3.2
    Markup("<｜DSML｜tool_calls>", ("</｜DSML｜tool_calls>",)),
    Markup("<｜DSML｜invoke name=", ("</｜DSML｜invoke>",), opener_in_body=True),
    Markup("[TOOL_CALLS]"),  # Mistral
    Markup("[TOOL_REQUEST]", ("[END_TOOL_REQUEST]",)),
    Markup("functools[", opener_in_body=True, at_line_start=True),  # Phi-4
    Markup("Action:", opener_in_body=True, at_line_start=True),  # ReAct, Command-R
)

# Closing tags that may follow calls: the model forgot their opening tag, or wrote one too many.
STRAY_CLOSERS = ("</tool_call>", "</tool_calls>", "</function_call>", "</tools>")

# Info strings of fences that a call may stand in; any other fence shows code.
CALL_FENCES = frozenset(
    {"", "json", "xml", "tool_code", "tool_call", "tool_calls", "tool", "function_call", "jsonc"}
)
