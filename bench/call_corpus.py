"""Which calls are read right, of texts that were written apart from the reader."""

import json
import sys
from pathlib import Path
from typing import Any

from figure import Figure

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from ollama_claude_proxy.translate.tools.toolbox import OfferedTool, Toolbox
from support.call_reading import answer_content, calls_of

_DATA = Path(__file__).parent.parent / "tests" / "data"
_CHUNKINGS = ("whole", "byte by byte", "at random")


def corpus() -> list[Figure]:
    """Read the documents and the turns of `tests/data`, in three chunkings each."""
    tools = json.loads((_DATA / "turns" / "tools.json").read_text("utf-8"))
    toolbox = Toolbox(OfferedTool(tool["name"], tool["input_schema"]) for tool in tools)
    documents, turns = _cases("documents"), _cases("turns")
    well_formed = [case for case in turns if case.get("kind", "well-formed") == "well-formed"]
    broken = [case for case in turns if case.get("kind") == "broken"]
    executed = sum(bool(_calls(case, toolbox)) for case in documents)
    differing = sum(_depends_on_chunking(case, toolbox) for case in (*documents, *turns))
    return [
        Figure(f"{len(documents)} documents that became calls", "", {"ocp": executed}, mark=0),
        _share("well-formed calls read right", well_formed, toolbox, mark=99),
        _share("broken calls mended", broken, toolbox, mark=100),
        Figure("texts whose reading depends on the chunking", "", {"ocp": differing}, mark=0),
    ]


def _cases(folder: str) -> list[dict[str, Any]]:
    return [
        case
        for file in sorted((_DATA / folder).glob("*.json"))
        if file.name != "tools.json"
        for case in json.loads(file.read_text("utf-8"))
    ]


def _share(name: str, cases: list[dict[str, Any]], toolbox: Toolbox, *, mark: float) -> Figure:
    right = sum(_calls(case, toolbox) == case["calls"] for case in cases)
    share = {"ocp": 100 * right / len(cases)}
    return Figure(f"{name}, of {len(cases)}", "%", share, mark=mark, higher_is_better=True)


def _calls(case: dict[str, Any], toolbox: Toolbox) -> list[dict[str, Any]]:
    return calls_of(answer_content(case["text"], toolbox, "whole"))


def _depends_on_chunking(case: dict[str, Any], toolbox: Toolbox) -> bool:
    contents = [answer_content(case["text"], toolbox, how) for how in _CHUNKINGS]
    return contents[1:] != contents[:-1]
