"""A request of a model in Ollama's words.

`num_ctx` goes with every request and is the same for a model every time: a change reloads the model
and loses every cache, and Ollama's own default is 4,096 tokens on most machines. `truncate: false`
makes Ollama refuse a prompt that is too long, which it would cut silently otherwise. What is
constant stands first, so that equal prompts are equal bytes up to where they differ.
"""

from ollama_claude_proxy.wire.chat import ModelRequest
from ollama_claude_proxy.wire.ollama import ChatOptions, ChatRequest


def chat_request(request: ModelRequest) -> ChatRequest:
    """Return the body of `/api/chat` for a request."""
    sampling = request.sampling
    return ChatRequest(
        model=request.model,
        think=request.think,
        tools=request.tools or None,
        messages=request.messages,
        format=request.schema,
        options=ChatOptions(
            num_ctx=request.window,
            num_predict=request.max_tokens,
            num_keep=request.keep_tokens,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            top_k=sampling.top_k,
        ),
        keep_alive=request.keep_alive,
        truncate=False,
        logprobs=request.token_texts or None,
        stream=True,
    )
