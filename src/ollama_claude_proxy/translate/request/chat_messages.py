"""The client's conversation becomes Ollama's messages, so that each turn extends the last.

The rule behind the details (the prefix law): whatever stands before the newest turn is written the
same way every time, whatever the client does to it meanwhile. Hence:

* `cache_control` and string against list content make no difference.
* The billing block at the head of `system`, which differs from session to session, is dropped.
* `role: system` inside the conversation becomes text of the user's turn it follows, and part of the
  tool result where it follows one: templates move, drop or refuse later system messages, and a new
  user turn after a result makes some of them drop the thinking of the tool loop.
* Parallel results come in the order of completion; they are put in the order of their calls.
* The first turn is put in the order of what sessions share: see `opening.py`.
* Deferred tools are written where their `tool_reference` stands.
* The model's own turn is the very text that it wrote, where that is remembered.
* Where ocp shows the tools, calls and results are text in the model's dialect.
"""

from collections.abc import Sequence
from typing import Any

from ollama_claude_proxy.translate.request.content import Showing, Shown, show
from ollama_claude_proxy.translate.request.first_turn import (
    Piece,
    kind_of,
    parted,
    without_project,
)
from ollama_claude_proxy.translate.request.repeats import Repeats
from ollama_claude_proxy.translate.tools.dialects.dialect import Dialect, Result
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
from ollama_claude_proxy.wire.reminder import REMINDER, reminder

_BILLING = "x-anthropic-billing-header:"


class Conversation:
    """Collects Ollama's messages, turn by turn."""

    def __init__(self, showing: Showing) -> None:
        self.messages: list[dict[str, Any]] = []
        self._showing = showing
        self._calls: dict[str, tuple[int, str]] = {}
        self._repeats = Repeats(showing.repeated_calls)
        self._about_project = ""

    def instruct(self, system: Content | None, tools: str = "") -> None:
        """Write the instructions at the head, and the `tools` where they are shown as text."""
        shown = Shown()
        for index, block in enumerate(parse_blocks(system, "system")):
            if not (isinstance(block, TextBlock) and block.text.startswith(_BILLING)):
                show(block, shown, self._showing, f"system.{index}")
        instructions, self._about_project = without_project(shown.joined("\n\n"))
        text = "\n\n".join(part for part in (instructions, tools) if part)
        if text:
            self.messages.append({"role": "system", "content": text})

    def begin(self, messages: Sequence[Message]) -> int:
        """Write the first turn in the order of what sessions share; give how many messages it is.

        The message about the environment comes behind it, as one of the role `system`.
        """
        if not messages or messages[0].role != "user":
            return self._no_opening()
        blocks = parse_blocks(messages[0].content, "messages.0.content")
        follows = len(messages) > 1 and messages[1].role == "system"
        if any(isinstance(block, ToolResultBlock) for block in blocks):
            return self._no_opening()
        pieces: list[tuple[Piece, str]] = []
        images: list[str] = []
        for index, block in enumerate(blocks):
            shown = Shown()
            show(block, shown, self._showing, f"messages.0.content.{index}")
            pieces += [(kind_of(text), text) for text in shown.texts if text]
            images += shown.images
        if follows:
            environment = self._shown(messages[1], "messages.1")
            pieces += [(kind, reminder(text)) for kind, text in parted(environment)]
        if self._about_project:
            pieces.append((Piece.PROJECT, reminder(self._about_project)))
        pieces.sort(key=lambda piece: piece[0])
        self._write("user", "\n\n".join(text for _, text in pieces if text), images)
        return 2 if follows else 1

    def _no_opening(self) -> int:
        """Put what was taken out of the instructions back, where no first turn takes it."""
        if self._about_project and self.messages and self.messages[0]["role"] == "system":
            self.messages[0]["content"] += f"\n\n{self._about_project}"
        return 0

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
        shown, thoughts, calls = Shown(), list[str](), list[ToolUseBlock]()
        for index, block in enumerate(blocks):
            match block:
                case ThinkingBlock(thinking):
                    thoughts.append(self._showing.inert.make(thinking))
                case RedactedThinkingBlock():
                    self._showing.note("redacted thinking was left out: only Anthropic can read it")
                case ToolUseBlock():
                    self._calls[block.id] = (len(self._calls), block.name)
                    self._repeats.called(block.id, block.name, block.input)
                    calls.append(block)
                case _:
                    show(block, shown, self._showing, f"{path}.content.{index}")
        message: dict[str, Any] = {"role": "assistant", "content": ""}
        if thoughts and self._showing.profile.thinking:
            message["thinking"] = "\n\n".join(thoughts)
        self.messages.append(message | self._said(blocks, shown.joined("\n\n"), calls))

    def _said(self, blocks: list[Block], text: str, calls: list[ToolUseBlock]) -> dict[str, Any]:
        """Give what the model said: as it wrote it, if that is known."""
        seen = "".join(block.text for block in blocks if isinstance(block, TextBlock))
        raw = self._showing.recall([call.id for call in calls], seen)
        if raw is not None:
            return {"content": raw}
        dialect = self._showing.dialect
        if not calls:
            return {"content": text}
        made = [(call, self._showing.inert.make_all(call.input)) for call in calls]
        if dialect is not None:
            written = dialect.between.join(dialect.call(call.name, given) for call, given in made)
            return {"content": f"{text}\n{written}" if text else written}
        return {"content": text, "tool_calls": [_tool_call(*one) for one in made]}

    def _reminder(self, blocks: list[Block], path: str) -> None:
        """Write a system message of the middle as text of the turn it follows."""
        self.remind(self._all(blocks, path))

    def _shown(self, message: Message, path: str) -> str:
        return self._all(parse_blocks(message.content, f"{path}.content"), path)

    def _all(self, blocks: list[Block], path: str) -> str:
        shown = Shown()
        for index, block in enumerate(blocks):
            show(block, shown, self._showing, f"{path}.content.{index}")
        return shown.joined("\n\n")

    def remind(self, text: str) -> None:
        """Write a reminder as part of the user's turn, or of the result, that came last."""
        if text:
            self._append_to_user(reminder(text))

    def _append_to_user(self, text: str) -> None:
        last = self.messages[-1] if self.messages else None
        if last is None or last["role"] not in {"user", "tool"}:
            self.messages.append({"role": "user", "content": text})
        else:
            last["content"] = f"{last['content']}\n\n{text}".strip()

    def _user(self, blocks: list[Block], path: str) -> None:
        results = [block for block in blocks if isinstance(block, ToolResultBlock)]
        results.sort(key=lambda result: self._calls.get(result.tool_use_id, (len(self._calls),))[0])
        self._results(results, path)
        shown = Shown()
        for index, block in enumerate(blocks):
            if not isinstance(block, ToolResultBlock):
                show(block, shown, self._showing, f"{path}.content.{index}")
        if results:
            self._fold_reminders(shown)
        text = shown.joined("\n\n")
        if results and self.messages[-1]["role"] == "user" and not shown.images:
            self._append_to_user(text) if text else None
        elif text or shown.images or not results:
            self._write("user", text, shown.images)

    def _fold_reminders(self, shown: Shown) -> None:
        while shown.texts and shown.texts[0].lstrip().startswith(REMINDER):
            self._append_to_user(shown.texts.pop(0))

    def _results(self, results: list[ToolResultBlock], path: str) -> None:
        """Write results: each as a message of its own, or all as the user's text."""
        dialect = self._showing.dialect
        written: list[Result] = []
        images: list[str] = []
        for result in results:
            shown = Shown()
            for index, block in enumerate(parse_blocks(result.content, f"{path}.content")):
                show(block, shown, self._showing, f"{path}.content.{index}")
            text = self._result_text(result, shown.joined("\n"))
            name = self._calls.get(result.tool_use_id, (0, ""))[1]
            if dialect is None or self._has_tool_role(dialect):
                extra = {"tool_name": name, "tool_call_id": result.tool_use_id}
                self._write("tool", text, shown.images, extra)
            else:
                written.append(Result(name or "a call", text))
                images += shown.images
        if dialect is not None and written:
            self._write("user", dialect.results(written), images)

    def _has_tool_role(self, dialect: Dialect) -> bool:
        return dialect.tool_role and self._showing.profile.tools

    def _result_text(self, result: ToolResultBlock, text: str) -> str:
        if result.is_error and not text.startswith(("Error", "<tool_use_error>")):
            text = f"Error: {text}"
        nudge = self._repeats.nudge(result.tool_use_id, text)
        return f"{text}\n\n{REMINDER}\n{nudge}\n</system-reminder>" if nudge else text

    def _write(
        self, role: str, text: str, images: list[str], extra: dict[str, str] | None = None
    ) -> None:
        named = {key: value for key, value in (extra or {}).items() if value}
        message: dict[str, Any] = {"role": role, "content": text, **named}
        if images:
            message["images"] = images
        self.messages.append(message)


def _tool_call(call: ToolUseBlock, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"id": call.id, "function": {"name": call.name, "arguments": arguments}}
