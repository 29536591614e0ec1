"""Whether a shell command could have changed a file.

Only commands that are known to read, or to check and to test, leave what is known of files as it
is, and scripts that the conversation has seen and that do not look as if they wrote files.
Whatever is not understood could have written.
"""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence

_READERS = frozenset(
    (  # noqa: SIM905  # words are read more easily than sixty strings
        "[ basename cat cd cmp column comm cut date df diff dirname du echo egrep exit export "
        "expr false fgrep file grep head hexdump id jq ls md5sum nl od printenv printf ps pwd "
        "readlink realpath rg seq set sha1sum sha256sum sleep stat strings tail test tr tree "
        "true type uname uniq wc which whoami xxd"
    ).split()
)
_CHECKERS = frozenset({"mypy", "pyright", "pytest", "vitest", "jest", "unittest"})
_INTERPRETERS = frozenset({"python", "python3", "node", "ruby", "perl", "php"})
_WRITES = re.compile(
    r"open\s*\(|write|replace|rename|remove|unlink|delete|move|copy|rmtree|mkdir|dump|save|"
    r"subprocess|system|popen|spawn|exec|shutil|eval|`",
    re.IGNORECASE,
)
_SUBCOMMANDS: Mapping[str, frozenset[str]] = {
    "git": frozenset({"blame", "diff", "grep", "log", "ls-files", "rev-parse", "show", "status"}),
    "go": frozenset({"build", "env", "list", "test", "version", "vet"}),
    "cargo": frozenset({"build", "check", "clippy", "test", "tree"}),
    "npm": frozenset({"ls", "list", "outdated", "test"}),
    "ruff": frozenset({"check"}),
    "pip": frozenset({"freeze", "list", "show"}),
}
# Programs that read unless one of these is among their words.
_WRITING_WORDS: Mapping[str, tuple[str, ...]] = {
    "find": ("-delete", "-exec", "-execdir", "-ok", "-okdir", "-fprint", "-fls"),
    "sed": ("-i", "--in-place", "-ni", "-Ei", "-ri"),
    "sort": ("-o", "--output"),
}
_FIXING_WORDS = ("--fix", "-u", "--snapshot-update", "--write", "--update", "--output")
_LAUNCHERS = (
    ("uv", "run"),
    ("poetry", "run"),
    ("npx",),
    ("time",),
    ("python", "-m"),
    ("python3", "-m"),
)
_SEPARATORS = frozenset({"&&", "||", ";", "|", "|&", "&", "\n"})
_HARMLESS_TARGETS = frozenset({"/dev/null", "1", "2"})


# The text of a script by its path; None where it is not known.
ScriptText = Callable[[str], str | None]


def no_script(_path: str) -> None:
    """Know no script."""


def could_write(command: str, script_text: ScriptText = no_script) -> bool:
    """Whether a command could have changed files."""
    if "`" in command or "$(" in command or "<(" in command:
        return True
    try:
        words = list(_words(command))
    except ValueError:  # an open quotation
        return True
    part: list[str] = []
    for word in [*words, ";"]:
        if word in _SEPARATORS:
            if part and not _only_reads(part, script_text):
                return True
            part = []
        else:
            part.append(word)
    return False


def _words(command: str) -> shlex.shlex:
    lexer = shlex.shlex(command, posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    return lexer


def _only_reads(part: Sequence[str], script_text: ScriptText) -> bool:
    words = _without_redirections(part)
    if words is None:
        return False
    words = _without_launchers(words)
    if not words or words[0] in _READERS:
        return True
    program, *arguments = words
    if program in _INTERPRETERS and arguments and not arguments[0].startswith("-"):
        text = script_text(arguments[0])
        return text is not None and _WRITES.search(text) is None
    if program in _WRITING_WORDS:
        marks = _WRITING_WORDS[program]
        return not any(word.startswith(marks) for word in arguments)
    if program in _CHECKERS or program in _SUBCOMMANDS:
        named = program in _CHECKERS or bool(arguments and arguments[0] in _SUBCOMMANDS[program])
        return named and not any(word.startswith(_FIXING_WORDS) for word in arguments)
    return bool(arguments) and arguments[0] in {"--version", "--help"}


def _without_redirections(part: Sequence[str]) -> list[str] | None:
    """Return the words of a command; None if it writes to a file or has a form not known here."""
    words: list[str] = []
    index = 0
    while index < len(part):
        word = part[index]
        if set(word) <= set("<>&") and word:
            target = part[index + 1] if index + 1 < len(part) else ""
            if ">" in word and target not in _HARMLESS_TARGETS:
                return None
            if words and words[-1].isdigit():
                words.pop()
            index += 2
            continue
        if set(word) & set("()"):
            return None
        words.append(word)
        index += 1
    return words


def _without_launchers(words: list[str]) -> list[str]:
    while words and "=" in words[0] and words[0].partition("=")[0].isidentifier():
        words = words[1:]
    if words[:1] == ["timeout"]:
        words = words[2:]
    for launcher in _LAUNCHERS:
        if tuple(words[: len(launcher)]) == launcher:
            return _without_launchers(words[len(launcher) :])
    return words
