"""Measure the proxy, a floor and no proxy at all, and print the table.

Usage: python bench/run.py [--quick] [--rounds N] [--only NAME] [--json] [--proxy COMMAND]
       [--kind NAME] [--seed N] [--tokens N] [--window N] [--missed]
       python bench/run.py --only jobs [--third NAME] [--limit N] [--model FILE] [--threads N]
       [--server FILE] [--json]
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from call_corpus import corpus
from call_reading import reading
from edits import edits
from figure import Figure
from footprint import install, start
from live.engine import made_by_script
from live.measure import Played, Setup, measure_jobs
from live.report import jobs_document, jobs_table, progress_line
from live.thirds import THIRDS, jobs_of
from measure import WIRE, Bench
from recall.measure import QUICK, Answered, Scope, measure, missed
from recall.report import recall_document, recall_tables
from recall.session import KINDS
from report import document, table
from servers import PROXY, BenchError, LoadClient, all_servers
from sessions import sessions
from token_counting import counting
from tokens_reread import rereading

_SECTIONS = (
    *WIRE,
    "reading",
    "corpus",
    "edits",
    "counting",
    "rereading",
    "sessions",
    "start",
    "install",
)
# Takes an hour and a real model, so only if asked for.
_JOBS = "jobs"


def main() -> int:
    """Run the selected sections; return 1 if a process did not work."""
    options = _parse_options()
    names = options.only or _SECTIONS
    try:
        with tempfile.TemporaryDirectory(prefix="ocp-bench-") as folder:
            figures = _measure(names, Path(folder), options)
            answered = _measure_recall(options) if "sessions" in names else []
            played = _measure_jobs(Path(folder), options) if _JOBS in names else []
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(
            json.dumps(
                [*document(figures), *recall_document(answered), *jobs_document(played)], indent=2
            )
        )
        return 0
    if figures:
        print(table(figures))
    if answered:
        print("", recall_tables(answered), sep="\n")
    if played:
        print(jobs_table(played))
    return 0


def _measure(names: Sequence[str], folder: Path, options: argparse.Namespace) -> list[Figure]:
    figures: list[Figure] = []
    rounds = options.rounds or (4 if options.quick else 12)
    wire = [name for name in WIRE if name in names]
    if wire:
        with all_servers(folder, options.proxy) as servers, LoadClient() as client:
            bench = Bench(servers, client, folder, rounds, options.quick)
            for name in wire:
                with _progress(name):
                    figures += WIRE[name](bench)
    if "reading" in names:
        with _progress("reading"):
            figures += reading(times=3 if options.quick else 9)
    if "corpus" in names:
        with _progress("corpus"):
            figures += corpus()
    if "edits" in names:
        with _progress("edits"):
            figures += edits(count=100 if options.quick else 500)
    if "counting" in names:
        with _progress("counting"):
            figures += counting()
    if "rereading" in names:
        with _progress("rereading"):
            figures += rereading(quick=options.quick)
    if "sessions" in names and not options.kind:
        with _progress("sessions"):
            figures += sessions(folder, quick=options.quick)
    if "start" in names:
        with _progress("start"):
            figures += start(folder, options.proxy, times=3 if options.quick else 9)
    if "install" in names:
        figures += install()
    return figures


def _measure_recall(options: argparse.Namespace) -> list[Answered]:
    scope = QUICK if options.quick else Scope()
    scope = scope._replace(
        kinds=tuple(options.kind or scope.kinds),
        seeds=tuple(options.seed or scope.seeds),
        windows=tuple(options.window or scope.windows),
        lengths=tuple(options.tokens or scope.lengths),
    )
    with _progress("recall"):
        answered = measure(scope)
    if options.missed:
        print("\n".join(missed(answered)), file=sys.stderr)
    return answered


def _measure_jobs(folder: Path, options: argparse.Namespace) -> list[Played]:
    server, model = options.server, options.model
    if server is None or model is None:
        made_server, made_model = made_by_script()
        server, model = server or made_server, model or made_model
    jobs = jobs_of(tuple(options.third or THIRDS[:2]), options.limit)
    setup = Setup(server.resolve(), model.resolve(), options.threads, options.proxy)
    return measure_jobs(
        jobs, setup, folder, lambda played: print(progress_line(played), file=sys.stderr)
    )


@contextmanager
def _progress(name: str) -> Iterator[None]:
    """Print to stderr what is being measured and how long it took."""
    print(f"{name} … ", end="", file=sys.stderr, flush=True)
    started = time.monotonic()
    yield
    print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="under a minute, less exact")
    parser.add_argument("--rounds", type=int, help="rounds of each measurement (12; quick: 4)")
    parser.add_argument(
        "--only", action="append", choices=(*_SECTIONS, _JOBS), help="one part; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="the figures as JSON on stdout")
    parser.add_argument(
        "--kind", action="append", choices=KINDS, help="of sessions, one kind of questions"
    )
    parser.add_argument("--seed", action="append", type=int, help="of sessions, one seed")
    parser.add_argument("--window", action="append", type=int, help="of sessions, one window")
    parser.add_argument("--tokens", action="append", type=int, help="of sessions, one length")
    parser.add_argument(
        "--missed", action="store_true", help="list the questions of sessions that were missed"
    )
    jobs = parser.add_argument_group("jobs")
    jobs.add_argument(
        "--third", action="append", choices=THIRDS, help="of jobs (default: the two for choosing)"
    )
    jobs.add_argument("--limit", type=int, help="at most so many jobs")
    jobs.add_argument("--model", type=Path, help="a GGUF file, instead of what scripts/engine has")
    jobs.add_argument("--server", type=Path, help="a llama-server, instead of the same")
    jobs.add_argument("--threads", type=int, default=2, help="of the engine")
    parser.add_argument(
        "--proxy",
        default=PROXY,
        metavar="COMMAND",
        help="another proxy to measure; {port} and {ollama} are filled in",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
