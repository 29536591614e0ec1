"""The response headers that tell how a request was planned and answered."""

from ollama_claude_proxy.engine.turn_record import TurnRecord


def plan_headers(record: TurnRecord) -> dict[str, str]:
    """Return the headers that tell how a request was planned."""
    headers = {
        "x-ocp-model": record.model,
        "x-ocp-tools": record.tool_display,
        "x-ocp-prefix": _format_prefix(record),
    }
    fit = record.fit
    if fit is not None:
        headers["x-ocp-memory"] = (
            f"left={fit.left_out} shortened={fit.truncated} loaded={fit.loaded}"
        )
    return headers


def call_headers(record: TurnRecord) -> dict[str, str]:
    """Return the header with the counts of calls, once they are known."""
    counts = record.calls.format_counts()
    return {"x-ocp-calls": counts} if counts else {}


def _format_prefix(record: TurnRecord) -> str:
    """Return how many tokens of the prompt were shown before, of how many, and the mismatch."""
    shared = int(record.estimated_tokens * record.match.share)
    counts = f"{shared}/{record.estimated_tokens}"
    return f"{counts}; {record.match.mismatch}" if record.match.mismatch else counts
