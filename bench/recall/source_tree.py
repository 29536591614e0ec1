"""Real source files, which every machine with the project's environment has.

A session works on a tree of them, as if they were the user's own project.
"""

import ast
import sysconfig
from collections.abc import Iterator
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import NamedTuple

_STANDARD_PACKAGES = (
    "asyncio", "collections", "concurrent", "ctypes", "dbm", "email", "html", "http", "importlib",
    "json", "logging", "multiprocessing", "sqlite3", "tomllib", "unittest", "urllib", "wsgiref",
    "xml", "zoneinfo",
)  # fmt: skip
_INSTALLED_PACKAGES = ("anyio", "click", "h11", "httpcore", "httpx", "jsonschema", "starlette")
_MIN_LINES, _MAX_LINES = 60, 900


class Function(NamedTuple):
    """A function of a file; lines count from 1.

    Its body begins after the docstring, of which `summary` is the first line.
    """

    name: str
    first_line: int
    body_line: int
    last_line: int
    summary: str


class SourceFile:
    """A file: where it is in the project, and its lines."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.lines = text.splitlines()

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return self.path.rpartition("/")[2]

    @cached_property
    def functions(self) -> list[Function]:
        """The functions of more than four lines, methods with their class; no special methods."""
        functions = _functions(ast.parse(self.text), "")
        return [
            one
            for one in functions
            if one.last_line > one.first_line + 4 and not one.name.endswith("__")
        ]

    def numbered(self, first_line: int, last_line: int, style: str) -> str:
        """Return lines as the client's Read shows them; its `style` is "tab" or "arrow"."""
        form = "{:6}→{}" if style == "arrow" else "{}\t{}"
        pairs = enumerate(self.lines[first_line - 1 : last_line], first_line)
        return "\n".join(form.format(number, line) for number, line in pairs)


class SourceTree:
    """The files of one project, in a random order."""

    def __init__(self, random: Random, root: str) -> None:
        self._random = random
        self.root = root
        self._paths = list(_all_paths())
        random.shuffle(self._paths)
        self._opened: dict[str, SourceFile | None] = {}

    def take(self, min_lines: int = 0, max_lines: int = _MAX_LINES) -> SourceFile:
        """Return a file of that size with functions, which nobody is given again."""
        for index, (name, path) in enumerate(self._paths):
            file = self._open(name, path)
            if file is not None and min_lines <= len(file.lines) <= max_lines:
                del self._paths[index]
                return file
        raise LookupError("all source files are used up")

    def browse(self) -> SourceFile:
        """Return a file that nobody took; it may come again."""
        while True:
            file = self._open(*self._random.choice(self._paths))
            if file is not None:
                return file

    def _open(self, name: str, path: Path) -> SourceFile | None:
        """Return a file if it is of a useful size and has functions."""
        if name not in self._opened:
            file = SourceFile(f"{self.root}/{name}", _read(path))
            is_useful = _MIN_LINES <= len(file.lines) <= _MAX_LINES and len(file.functions) > 2
            self._opened[name] = file if is_useful else None
        return self._opened[name]


@cache
def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").expandtabs(8)


@cache
def _all_paths() -> tuple[tuple[str, Path], ...]:
    """Return the files with their names in the project, in the order of their names."""
    standard = Path(sysconfig.get_paths()["stdlib"])
    files = {path.name: path for path in standard.glob("*.py") if _is_usable(path)}
    for name in (*_STANDARD_PACKAGES, *_INSTALLED_PACKAGES):
        package = _package_folder(name)
        files |= {
            path.relative_to(package.parent).as_posix(): path
            for path in package.rglob("*.py")
            if _is_usable(path)
        }
    return tuple(sorted(files.items()))


def _package_folder(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _is_usable(path: Path) -> bool:
    is_named = path.name not in {"__init__.py", "__main__.py"}
    is_test = any(part in {"test", "tests"} for part in path.parts)
    return is_named and not is_test and path.stat().st_size < 60_000


def _functions(node: ast.AST, prefix: str) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(child)
            summary = (text or "").partition("\n")[0].strip()
            body = child.body[1:] if text is not None and len(child.body) > 1 else child.body
            last_line = child.end_lineno or child.lineno
            yield Function(prefix + child.name, child.lineno, body[0].lineno, last_line, summary)
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
