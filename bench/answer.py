"""The answer that every benchmark streams: its words, and the lines of Ollama with them.

The words are those of a model that explains code: pieces of about four characters, sometimes a line
end, a bracket that Go escapes, or a character outside ASCII.
"""

import json
import random
from functools import cache

_SEED = 20
_TEXT = (
    " the| of| is| returns| value| a| list|,| and| file|s|ing| function| in|_path| then|.| each"
    "| error| which| None|()| reads| it|\n| x| <| >| &| 12| café| 的|```|:| {|}"
)
_PIECES = _TEXT.split("|")
_CREATED = "2026-11-23T14:13:23.001920869Z"
_LAST_LINE = {
    "done": True,
    "done_reason": "stop",
    "total_duration": 146_076_476,
    "load_duration": 4_805_880,
    "prompt_eval_count": 25_000,
    "prompt_eval_duration": 19_622_000,
}


@cache
def words(deltas: int) -> tuple[str, ...]:
    """Return the pieces of text of an answer of `deltas` lines, always the same for a number."""
    rng = random.Random(_SEED)
    inner = [rng.choice(_PIECES) for _ in range(deltas - 2)]
    return ("Here", *inner, " end.")[:deltas] if deltas > 1 else ("Here",)


@cache
def chunks(deltas: int) -> tuple[bytes, ...]:
    """Return the HTTP chunks of the answer: one per line, as Go's server flushes them."""
    lines = [
        _line({"role": "assistant", "content": word}, {"done": False}) for word in words(deltas)
    ]
    last = _line({"role": "assistant", "content": ""}, {**_LAST_LINE, "eval_count": deltas + 1})
    return (*map(_chunk, lines), _chunk(last) + b"0\r\n\r\n")


def _line(message: dict[str, str], fields: dict[str, object]) -> bytes:
    line = {"model": "bench", "created_at": _CREATED, "message": message, **fields}
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&":  # Go's encoder escapes them
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode() + b"\n"


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
