"""Prompts as Go templates write them (`fake_templates` has their texts)."""

from support.fake_go import all_sorted, compact, printed
from support.fake_structs import Body, messages, offered

_HEAD = """

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>"""
_TAIL = """
</tools>

For each function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>"""
_ASK = (
    "Given the following functions, please respond with a JSON for a function call with its proper "
    "arguments that best answers the given prompt.\n\n"
    'Respond in the format {"name": function name, "parameters": dictionary of argument name and '
    "its value}. Do not use variables.\n\n"
)


def qwen(body: Body) -> str:
    """Give the prompt of the library's qwen2.5, which prints a tool as a Go struct."""
    return _chatml(body, [_struct(tool) for tool in _tools(body)], lossless=False)


def lossless(body: Body) -> str:
    """Give the same with definitions in JSON and with the text beside calls."""
    return _chatml(body, [compact(tool) for tool in _tools(body)], lossless=True)


def plain(body: Body) -> str:
    """Give the prompt of a template that knows neither tools nor calls."""
    _, collated = _collate(body)
    turns = [f"<|im_start|>{one['role']}\n{one['content']}<|im_end|>\n" for one in collated]
    if _open(collated):
        return "".join(turns).removesuffix("<|im_end|>\n")
    return "".join(turns) + "<|im_start|>assistant\n"


def llama(body: Body) -> str:
    """Give the prompt of the library's llama3.1: tools are told in the last turn alone."""
    system, collated = _collate(body)
    prompt = _header("system") + f"{system}<|eot_id|>" if system else ""
    for place, message in enumerate(collated):
        prompt += _llama_turn(message, body, last=place == len(collated) - 1)
    return prompt if _open(collated) else prompt + _header("assistant")


def _tools(body: Body) -> list[Body]:
    """Give the tools as templates see them: a map of properties has no order."""
    tools = offered(body)
    for tool in tools:
        parameters = tool["function"]["parameters"]
        properties = parameters["properties"] or {}
        parameters["properties"] = {name: properties[name] for name in sorted(properties)}
    return tools


def _struct(tool: Body) -> str:
    function = tool["function"]
    schema = function["parameters"]
    fields = [
        schema["type"],
        printed(schema.get("$defs")),
        printed(schema.get("items")),
        printed(schema.get("required", [])),
        compact(schema["properties"]),
    ]
    named = f"{function['name']} {function.get('description', '')}"
    return f'{{"type": "function", "function": {{{named} {{{" ".join(fields)}}}}}}}'


def _collate(body: Body) -> tuple[str, list[Body]]:
    """Join the system texts; merge a message with one of the same role before it."""
    collated: list[Body] = []
    read = messages(body)
    for message in read:
        same = bool(collated) and collated[-1]["role"] == message["role"] != "tool"
        if same:
            collated[-1] = collated[-1] | {
                "content": f"{collated[-1]['content']}\n\n{message['content']}"
            }
        else:
            collated.append(message)
    system = "\n\n".join(one["content"] for one in read if one["role"] == "system")
    return system, collated


def _open(collated: list[Body]) -> bool:
    return bool(collated) and collated[-1]["role"] == "assistant"


def _chatml(body: Body, tools: list[str], *, lossless: bool) -> str:
    system, collated = _collate(body)
    prompt = ""
    if system or tools:
        told = "".join([_HEAD, *(f"\n{tool}" for tool in tools), _TAIL]) if tools else ""
        said = f"\n{system}" if system else ""
        prompt = f"<|im_start|>system{said}{told}<|im_end|>\n"
    for place, message in enumerate(collated):
        last = place == len(collated) - 1
        prompt += _chatml_turn(message, last=last, lossless=lossless)
    return prompt if _open(collated) else f"{prompt}<|im_start|>assistant\n"


def _chatml_turn(message: Body, *, last: bool, lossless: bool) -> str:
    content = message["content"]
    if message["role"] == "user":
        return f"<|im_start|>user\n{content}<|im_end|>\n"
    if message["role"] == "tool":
        return f"<|im_start|>user\n<tool_response>\n{content}\n</tool_response><|im_end|>\n"
    if message["role"] != "assistant":
        return ""
    calls = "".join(f"{_said(call)}\n" for call in message["tool_calls"])
    block = f"<tool_call>\n{calls}</tool_call>" if calls else ""
    if lossless:
        said = f"{content}\n{block}" if content and block else content + block
    else:
        said = content or block
    return f"<|im_start|>assistant\n{said}" + ("" if last else "<|im_end|>\n")


def _said(call: Body, word: str = "arguments") -> str:
    arguments = compact(all_sorted(call["arguments"]))
    return f'{{"name": "{call["name"]}", "{word}": {arguments}}}'


def _header(role: str) -> str:
    return f"<|start_header_id|>{role}<|end_header_id|>\n\n"


def _llama_turn(message: Body, body: Body, *, last: bool) -> str:
    role, content = message["role"], message["content"]
    if role == "user":
        tools = [f"{compact(tool)}\n" for tool in _tools(body)] if last else []
        asked = f"{_ASK}{''.join(tools)}\nQuestion: {content}" if tools else content
        return f"{_header('user')}{asked}<|eot_id|>"
    if role == "tool":
        return f"{_header('ipython')}{content}<|eot_id|>"
    if role != "assistant":
        return ""
    said = "\n".join(_said(call, "parameters") for call in message["tool_calls"]) or content
    return _header("assistant") + said + ("" if last else "<|eot_id|>")
