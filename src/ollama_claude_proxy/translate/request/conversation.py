"""The client's conversation becomes Ollama's messages, so that each turn extends the last.

The rule behind the details (the prefix law): whatever stands before the newest turn is written the
same way every time, whatever the client does to it meanwhile. Hence:

* `cache_control` and string against list content make no difference.
* The billing block at the head of `system`, which differs from session to session, is dropped.
* `role: system` inside the conversation becomes text of the user's turn it follows, and part of the
  tool result where it follows one: templates move, drop or refuse later system messages, and a new
  user turn after a result makes some of them drop the thinking of the tool loop.
* Parallel results come in the order of completion; they are put in the order of their calls.
* Deferred tools are written where their `tool_reference` stands.
"""

from typing import Any

from ollama_claude_proxy.translate.request.blocks import Showing, Shown, show
from ollama_claude_proxy.wire.anthropic import (
    Block,
    Content,
    Message,
    RedactedThinkingBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
    parse_blocks,
)

_BILLING = "x-anthropic-billing-header:"
_REMINDER = "<system-reminder>"


class Conversation:
    """Collects Ollama's messages, turn by turn."""

    def __init__(self, showing: Showing) -> None:
        self.messages: list[dict[str, Any]] = []
        self._showing = showing
        self._calls: dict[str, tuple[int, str]] = {}

    def instruct(self, system: Content | None) -> None:
        """Write the instructions at the head."""
        shown = Shown()
        for index, block in enumerate(parse_blocks(system, "system")):
            if not (isinstance(block, TextBlock) and block.text.startswith(_BILLING)):
                show(block, shown, self._showing, f"system.{index}")
        text = shown.joined("\n\n")
        if text:
            self.messages.append({"role": "system", "content": text})

    def add(self, message: Message, path: str) -> None:
        """Write one turn; `path` is `messages.3`."""
        blocks = parse_blocks(message.content, f"{path}.content")
        if message.role == "assistant":
            self._assistant(blocks, path)
        elif message.role == "system":
            self._reminder(blocks, path)
        else:
            self._user(blocks, path)

    def _assistant(self, blocks: list[Block], path: str) -> None:
        shown, thoughts, calls = Shown(), list[str](), list[dict[str, Any]]()
        for index, block in enumerate(blocks):
            match block:
                case ThinkingBlock(thinking):
                    thoughts.append(thinking)
                case RedactedThinkingBlock():
                    self._showing.note("redacted thinking was left out: only Anthropic can read it")
                case ToolUseBlock():
                    calls.append(self._call(block))
                case _:
                    show(block, shown, self._showing, f"{path}.content.{index}")
        self._write_assistant(shown.joined("\n\n"), "\n\n".join(thoughts), calls)

    def _write_assistant(self, text: str, thought: str, calls: list[dict[str, Any]]) -> None:
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if thought and self._showing.profile.thinking:
            message["thinking"] = thought
        if calls and self._showing.profile.tools:
            message["tool_calls"] = calls
        elif calls:
            message["content"] = "\n\n".join([text, *map(_call_text, calls)]).strip()
        self.messages.append(message)

    def _call(self, block: ToolUseBlock) -> dict[str, Any]:
        self._calls[block.id] = (len(self._calls), block.name)
        return {"id": block.id, "function": {"name": block.name, "arguments": block.input}}

    def _reminder(self, blocks: list[Block], path: str) -> None:
        """Write a system message of the middle as text of the turn it follows."""
        shown = Shown()
        for index, block in enumerate(blocks):
            show(block, shown, self._showing, f"{path}.content.{index}")
        self.remind(shown.joined("\n\n"))

    def remind(self, text: str) -> None:
        """Write a reminder as part of the user's turn, or of the result, that came last."""
        if text and not text.lstrip().startswith(_REMINDER):
            text = f"{_REMINDER}\n{text}\n</system-reminder>"
        if text:
            self._append_to_user(text)

    def _append_to_user(self, text: str) -> None:
        last = self.messages[-1] if self.messages else None
        if last is None or last["role"] not in {"user", "tool"}:
            self.messages.append({"role": "user", "content": text})
        else:
            last["content"] = f"{last['content']}\n\n{text}".strip()

    def _user(self, blocks: list[Block], path: str) -> None:
        results = [block for block in blocks if isinstance(block, ToolResultBlock)]
        results.sort(key=lambda result: self._calls.get(result.tool_use_id, (len(self._calls),))[0])
        for result in results:
            self._result(result, path)
        shown = Shown()
        for index, block in enumerate(blocks):
            if not isinstance(block, ToolResultBlock):
                show(block, shown, self._showing, f"{path}.content.{index}")
        if results:
            self._fold_reminders(shown)
        if shown.texts or shown.images or not results:
            self._write("user", shown.joined("\n\n"), shown)

    def _fold_reminders(self, shown: Shown) -> None:
        while shown.texts and shown.texts[0].lstrip().startswith(_REMINDER):
            self._append_to_user(shown.texts.pop(0))

    def _result(self, result: ToolResultBlock, path: str) -> None:
        shown = Shown()
        for index, block in enumerate(parse_blocks(result.content, f"{path}.content")):
            show(block, shown, self._showing, f"{path}.content.{index}")
        text = shown.joined("\n")
        if result.is_error and not text.startswith(("Error", "<tool_use_error>")):
            text = f"Error: {text}"
        name = self._calls.get(result.tool_use_id, (0, ""))[1]
        if self._showing.profile.tools:
            extra = {"tool_name": name, "tool_call_id": result.tool_use_id}
            self._write("tool", text, shown, {key: value for key, value in extra.items() if value})
        else:
            self._write("user", f"[result of {name or 'a call'}]\n{text}", shown)

    def _write(
        self, role: str, text: str, shown: Shown, extra: dict[str, str] | None = None
    ) -> None:
        message: dict[str, Any] = {"role": role, "content": text, **(extra or {})}
        if shown.images:
            message["images"] = shown.images
        self.messages.append(message)


def _call_text(call: dict[str, Any]) -> str:
    """Show a past call to a model whose template knows no calls."""
    function = call["function"]
    return f"[called {function['name']} with {function['arguments']!r}]"
