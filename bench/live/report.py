"""What the jobs add up to, as text and as JSON."""

from collections.abc import Sequence
from typing import Any

import msgspec

from live.measure import Played
from live.thirds import third_of


def progress_line(played: Played) -> str:
    """Return how a job ended, in one line."""
    result = played.result
    mark = "done  " if result.is_done else "missed"
    return f"{mark} {result.job}  {played.seconds:.0f} s  {result.why}".rstrip()


def jobs_table(played: Sequence[Played]) -> str:
    """Return done/total for each kind and in all, and what the engine did."""
    kinds = dict.fromkeys(sorted(one.result.kind for one in played))
    rows = [(kind, [one for one in played if one.result.kind == kind]) for kind in kinds]
    lines = [f"{kind:<10} {_done(ones):>3}/{len(ones)}" for kind, ones in rows]
    share = 100 * _done(played) / len(played) if played else 0.0
    lines.append(f"{'all':<10} {_done(played):>3}/{len(played)}  {share:.0f} %")
    written = [count for one in played for count in one.written]
    prompt, cached, tokens = (sum(counts) for counts in zip(*written, strict=True))
    again = sum(len(one.written) > 1 for one in played)
    lines.append(
        f"prompt tokens {prompt}, of them cached {cached}; written {tokens}; asked again {again}"
    )
    return "\n".join(lines)


def jobs_document(played: Sequence[Played]) -> list[dict[str, Any]]:
    """Return all that is known of each job, for comparing two runs job by job."""
    return [
        {
            "job": one.result.job,
            "kind": one.result.kind,
            "third": third_of(one.result.job),
            "done": one.result.is_done,
            "why": one.result.why,
            "blocks": [block for answer in one.result.answers for block in answer.blocks],
            "written": msgspec.to_builtins(one.written),
            "seconds": round(one.seconds, 1),
        }
        for one in played
    ]


def _done(played: Sequence[Played]) -> int:
    return sum(one.result.is_done for one in played)
