"""The benchmark: sessions of several seeds and lengths, each with several windows."""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from minilm import PACKAGES, MiniLm, available
from recall.asking import Asked, CachedEmbedding, SessionRun
from recall.baselines import newest_words
from recall.session import KINDS, make_session

_PROCESSES = 2


class Scope(NamedTuple):
    """What is measured; sessions have so many tokens, and so many questions of each kind.

    Searching by meaning is measured up to `meaning_tokens`, for embedding takes long.
    """

    seeds: tuple[int, ...] = (1, 2, 3)
    lengths: tuple[int, ...] = (120_000, 400_000)
    windows: tuple[int, ...] = (16_384, 32_768)
    questions: int = 4
    kinds: tuple[str, ...] = KINDS
    meaning_tokens: int = 120_000


QUICK = Scope(seeds=(1,), lengths=(120_000,), windows=(32_768,), questions=2, meaning_tokens=0)


class Answered(NamedTuple):
    """A question that was asked, and of what."""

    tokens: int
    window: int
    has_meaning: bool
    kind: str
    question: str
    answers: tuple[str, ...]
    sources: tuple[str, ...]
    is_found: bool
    bm25_found: bool
    last_turns_found: bool


def measure(scope: Scope) -> list[Answered]:
    """Ask all questions of all sessions, two sessions at a time; the longest ones first."""
    if scope.meaning_tokens and not available():
        print(f"skipped search by meaning: it needs {PACKAGES}; ", end="", file=sys.stderr)
        scope = scope._replace(meaning_tokens=0)
    lengths = sorted(scope.lengths, reverse=True)
    jobs = [(seed, tokens, scope) for tokens in lengths for seed in scope.seeds]
    if len(jobs) == 1:
        return _measure_session(*jobs[0])
    with ProcessPoolExecutor(_PROCESSES, mp_context=get_context("spawn")) as processes:
        futures = [processes.submit(_measure_session, *job) for job in jobs]
        return [one for future in as_completed(futures) for one in future.result()]


def _measure_session(seed: int, tokens: int, scope: Scope) -> list[Answered]:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # each process has one processor
    session = make_session(seed, tokens, scope.questions)
    plants = tuple(plant for plant in session.plants if plant.kind in scope.kinds)
    session = session._replace(plants=plants)
    embeds: list[CachedEmbedding | None] = [None]
    if tokens <= scope.meaning_tokens:
        embed = CachedEmbedding(MiniLm().embed)
        embed.prepare(session, scope.windows[0])
        embeds.append(embed)
    answered = []
    for used in embeds:
        for window in scope.windows:
            with tempfile.TemporaryDirectory(prefix="ocp-bench-") as folder:
                run = SessionRun(session, window, Path(folder), used)
                has_meaning = used is not None
                answered += [_answered(one, tokens, window, has_meaning) for one in run.ask_all()]
    return answered


def _answered(asked: Asked, tokens: int, window: int, has_meaning: bool) -> Answered:
    plant = asked.plant
    return Answered(
        tokens,
        window,
        has_meaning,
        plant.kind,
        newest_words(plant.fork),
        plant.answers,
        asked.sources,
        asked.is_found,
        asked.bm25_found,
        asked.last_turns_found,
    )


def missed(answered: Sequence[Answered]) -> Iterator[str]:
    """Yield a line for each question whose answer was not in the prompt."""
    for one in answered:
        if not one.is_found:
            question = " ".join(one.question.split())
            short = question if len(question) < 160 else f"{question[:80]} … {question[-80:]}"
            search = "meaning" if one.has_meaning else "words"
            parts = "; ".join(
                f"{answer} [{source}]"
                for answer, source in zip(one.answers, one.sources, strict=True)
            )
            yield f"{one.kind}, {one.tokens:,}, {one.window:,}, {search}: {short} → {parts}"
