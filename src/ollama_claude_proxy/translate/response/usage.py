"""What an answer cost, in Anthropic's words.

Ollama's `prompt_eval_count` includes what came from its prefix cache, so it is the true size of the
prompt; `eval_count` includes the end token.
"""

from ollama_claude_proxy.wire.events import Usage
from ollama_claude_proxy.wire.ollama import ChatLine


def usage_of(done: ChatLine | None, *, estimated_input: int, lines: int) -> Usage:
    """Give the usage in tokens.

    Without a last line (the answer was ended here) the input is the estimate and the output the
    number of lines, which are one token each as a rule.
    """
    if done is None:
        return Usage(input_tokens=estimated_input, output_tokens=lines)
    return Usage(
        input_tokens=done.prompt_eval_count or estimated_input,
        output_tokens=done.eval_count or lines,
    )
