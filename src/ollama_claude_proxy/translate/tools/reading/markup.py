"""The table of the marks that open and close calls, of every dialect that is known.

A new dialect is one entry here and its cases in the tests' data; where its calls have a form of
their own, also a reader in `call_body.py`. Any form may stand in any marks, because models mix
them.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

# What may follow the opener: a body of any form; the rest of a tag; a list; ReAct's name and
# input; a channel's recipient; a recipient's name; Gemma's name; what follows a tool's name.
Head = Literal["body", "tag", "list", "action", "channel", "recipient", "gemma", "name", "object"]


class Markup(Struct, frozen=True):
    """The string that opens calls, and the strings that close them.

    Without `closers` the calls reach to the end of the answer. `opener_in_body`: the opener is part
    of the body, as in `<function=Read>`. `at_line_start`: it opens calls only at a line's start.
    `in_marks` is false where the opener is a word that anybody might write.
    """

    opener: str
    closers: tuple[str, ...] = ()
    opener_in_body: bool = False
    at_line_start: bool = False
    head: Head = "body"
    in_marks: bool = True


def _element(name: str) -> Markup:
    return Markup(f"<{name}>", (f"</{name}>",))


def _tag(opener: str, *closers: str) -> Markup:
    return Markup(opener, closers, opener_in_body=True, head="tag")


def _barred(opener: str, *closers: str) -> list[Markup]:
    """Return a mark with each kind of bars: full-width, ASCII, and either doubled."""
    return [
        Markup(opener.replace("|", bar), tuple(closer.replace("|", bar) for closer in closers))
        for bar in _BARS
    ]


_BARS = ("｜", "|", "｜｜", "||")

_ELEMENTS = (
    "tool_call",  # Qwen, Hermes, GLM, Granite 3.3, and Qwen3-Coder around its functions
    "tool_calls",  # MiniMax M1, Jamba, Hunyuan
    "function_call",
    "function_calls",  # OLMo 3, Claude
    "antml:function_calls",
    "function_invocation",
    "tools",  # small Qwens repeat the tag of their definitions
    "tool_use",
    "tool_code",
    "TOOLCALL",  # Nemotron
    "longcat_tool_call",  # LongCat
    "zyphra_tool_call",  # ZAYA
    "tool_calls:opensource",  # Hunyuan
    "tool_call:opensource",
    "minimax:tool_call",  # MiniMax M2
    "seed:tool_call",  # Seed-OSS
    "atem:function_calls",  # glimmer
)

MARKUPS: tuple[Markup, ...] = (
    *map(_element, _ELEMENTS),
    _tag("<function=", "</function>", "</tool_call>"),  # Qwen3-Coder, Llama 3.1
    _tag("<function name=", "</function>", "/>"),  # Llama, MiniCPM
    _tag("<invoke name=", "</invoke>", "/>"),
    _tag("<antml:invoke name=", "</antml:invoke>", "/>"),
    _tag("<tool name=", "/>", "</tool>"),
    _tag("<tool_call name=", "/>", "</tool_call>"),
    _tag("<tool_call id=", "/>", "</tool_call>"),
    Markup("<|tool_call|>", ("<|/tool_call|>", "</|tool_call|>")),  # Granite 3, Phi-4-mini
    Markup("<|tool_call>", ("<tool_call|>",)),  # Gemma 4
    Markup("<|tool_call_start|>", ("<|tool_call_end|>",)),  # LFM2
    Markup("<|tool_calls_section_begin|>", ("<|tool_calls_section_end|>",)),  # Kimi K2
    Markup("<|tool_call_section_begin|>", ("<|tool_call_section_end|>",)),
    Markup("<|tool_call_begin|>", ("<|tool_call_end|>",)),
    Markup("<|open|>tools<|sep|>", ("<|close|>tools<|sep|>",)),  # Kimi K3
    Markup("<|open|>call ", ("<|close|>call<|sep|>",), opener_in_body=True, head="list"),
    Markup("<|python_tag|>", ("<|eom_id|>", "<|eot_id|>")),  # Llama 3.1 and later
    Markup("<|python_start|>", ("<|python_end|>",)),  # Llama 4
    Markup("<|START_ACTION|>", ("<|END_ACTION|>",)),  # Command R7B and A
    Markup("<|action_start|>", ("<|action_end|>",)),  # InternLM
    Markup("<|tools_prefix|>", ("<|tools_suffix|>",)),  # Apertus
    Markup("<|function_call|>", ("<|end|>", "</s>")),  # GigaChat
    Markup("function call<|role_sep|>", ("<|message_sep|>",), at_line_start=True),
    Markup("function call\n", at_line_start=True, head="object", in_marks=False),
    Markup("<|message_sep|>\n\nfunction call<|role_sep|>", ("<|message_sep|>",)),
    # gpt-oss: the recipient stands before the channel or after it
    Markup(
        "<|start|>assistant<|channel|>commentary",
        ("<|call|>",),
        opener_in_body=True,
        head="channel",
    ),
    Markup("<|start|>assistant to=", ("<|call|>",), opener_in_body=True, head="recipient"),
    Markup("<|start|> assistant to=", ("<|call|>",), opener_in_body=True, head="recipient"),
    Markup("<|channel|>commentary", ("<|call|>",), opener_in_body=True, head="channel"),
    Markup("<|channel|> commentary", ("<|call|>",), opener_in_body=True, head="channel"),
    Markup("<|channel|>analysis to=", ("<|call|>",), opener_in_body=True, head="recipient"),
    *(
        Markup(opener, ("<|call|>",), opener_in_body=True, at_line_start=True, head="recipient")
        for opener in (
            "to=functions.",
            "assistant to=functions.",
            "commentary to=functions.",
            "assistantcommentary to=functions.",
        )
    ),
    Markup("<start_function_call>", ("<end_function_call>",)),  # FunctionGemma
    Markup("call:", ("<tool_call|>",), opener_in_body=True, at_line_start=True, head="gemma"),
    *_barred("<|tool▁calls▁begin|>", "<|tool▁calls▁end|>"),  # DeepSeek V3 and V3.1
    *_barred("<|tool▁call▁begin|>", "<|tool▁call▁end|>"),
    Markup("<｜tool_calls_begin｜>", ("<｜tool_calls_end｜>",)),  # Step 3
    Markup("<｜tool_call_begin｜>", ("<｜tool_call_end｜>",)),
    *_barred("<|DSML|function_calls>", "</|DSML|function_calls>"),  # DeepSeek V3.2
    *_barred("<|DSML|tool_calls>", "</|DSML|tool_calls>"),  # DeepSeek V4
    Markup("<｜GCML｜tool_calls>", ("</｜GCML｜tool_calls>",)),  # GigaChat 3.5
    *(_tag(f"<{bar}DSML{bar}invoke name=", f"</{bar}DSML{bar}invoke>", "/>") for bar in _BARS),
    # MiniMax M3
    Markup("]<]minimax[>[<tool_call>", ("]<]minimax[>[</tool_call>",)),
    Markup(
        "]<]minimax[>[<invoke name=", ("]<]minimax[>[</invoke>",), opener_in_body=True, head="tag"
    ),
    Markup("[TOOL_CALLS]"),  # Mistral
    Markup("[TOOL_REQUEST]", ("[END_TOOL_REQUEST]",)),
    Markup("functools[", opener_in_body=True, at_line_start=True, head="list"),  # Phi-4
    Markup("functools{", opener_in_body=True, at_line_start=True, head="list"),
    Markup("**Action:**", opener_in_body=True, at_line_start=True, head="action"),
    Markup("Action:", opener_in_body=True, at_line_start=True, head="action"),  # ReAct, Command-R
)

# Closing tags that may follow calls: the model forgot their opening tag, or wrote one too many.
STRAY_CLOSERS = (
    "</tool_call>",
    "</tool_calls>",
    "</function_call>",
    "</function_calls>",
    "</function>",
    "</tools>",
    "</invoke>",
    "</parameter>",
    "</minimax:tool_call>",
    "</seed:tool_call>",
    "</longcat_tool_call>",
    "</zyphra_tool_call>",
    "</function_invocation>",
    "</arg_value>",
    "<|tool_call_end|>",
    "<|tool_calls_section_end|>",
    "<|close|>message<|sep|>",
    "<|/tool_call|>",
    "<turn|>",
    "<end_of_turn>",
    "<|end|>",
    "<|eom_id|>",
    "<|eot_id|>",
    "<|im_end|>",
    "<|call|>",
    "</s>",
)

# Info strings of fences that a call may stand in; any other fence shows code.
CALL_FENCES = frozenset(
    {"", "json", "xml", "tool_code", "tool_call", "tool_calls", "tool", "function_call", "jsonc"}
)


def named_markups(names: Iterable[str]) -> list[Markup]:
    """Return the tools' names as openers: `Read:0<|…|>{…}` of Kimi K2, `Read file_path="/a"`."""
    return [
        Markup(
            name,
            ("<|tool_call_end|>",),
            opener_in_body=True,
            at_line_start=True,
            head="name",
            in_marks=False,
        )
        for one in names
        for name in (one, f"functions.{one}")
    ]
