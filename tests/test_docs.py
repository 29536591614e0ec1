"""The documentation matches the program: keys, errors, commands, versions and links."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ollama_claude_proxy import __version__, errors
from ollama_claude_proxy.cli.output import ExitCode
from ollama_claude_proxy.cli.recommended import RECOMMENDED
from ollama_claude_proxy.settings import KEYS, Key
from support.command_line import ocp_env, run_ocp

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
# These group others; none of them is raised itself, or it is never sent over HTTP.
GROUPS = {errors.RequestError, errors.UpstreamError, errors.UsageError}


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def rows(page: str, head: str) -> dict[str, list[str]]:
    """The rows of the table whose first column is `head`, by the code in their first cell."""
    lines = iter(text(page).splitlines())
    for line in lines:
        if line.startswith(f"| {head} |"):
            break
    next(lines)
    cells_by_name = {}
    for line in lines:
        if not line.startswith("|"):
            break
        first, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        cells_by_name[first.strip("` ")] = cells
    return cells_by_name


def raised(error: type[errors.OcpError] = errors.OcpError) -> Iterator[type[errors.OcpError]]:
    for error_class in error.__subclasses__():
        if error_class not in GROUPS:
            yield error_class
        if error_class is not errors.UsageError:
            yield from raised(error_class)


def test_every_setting_is_documented_and_no_other() -> None:
    assert list(rows("docs/configuration.md", "key")) == [key.name for key in KEYS]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_a_settings_variables_and_default_are_documented(key: Key) -> None:
    variables, default, _meaning = rows("docs/configuration.md", "key")[key.name]

    assert re.findall("`(.+?)`", variables) == list(key.variables)
    plain = str(key.default).lower() if isinstance(key.default, bool) else str(key.default)
    assert default == ("none" if key.default is None else f"`{plain}`")


def test_every_error_is_documented_with_what_the_client_sees() -> None:
    documented = {
        name: tuple(cell.strip("`") for cell in cells[:3])
        for name, cells in rows("docs/api.md", "error").items()
    }

    assert documented == {
        error.__name__: (
            str(error.status),
            error.type,
            "no" if error.retry_after is None else str(error.retry_after),
        )
        for error in raised()
    }


def test_the_readme_lists_the_commands_in_the_words_of_their_help(tmp_path: Path) -> None:
    help_text = run_ocp(tmp_path, "--help").stdout
    commands = re.findall(r"^  (\w+) +(\S.+)$", help_text.partition("Commands:")[2], re.MULTILINE)

    documented = {name: cells[0] for name, cells in rows("README.md", "command").items()}
    assert documented == {f"ocp {name}": summary for name, summary in commands}


def test_every_variable_of_env_is_explained(tmp_path: Path) -> None:
    page = text("docs/claude-code.md")

    assert [name for name in ocp_env(tmp_path, {}) if f"`{name}`" not in page] == []


def test_the_recommended_models_are_those_of_the_program() -> None:
    documented = {name: tuple(cells[:2]) for name, cells in rows("docs/models.md", "model").items()}

    assert documented == {
        model.name: (f"{model.memory_gb} GB", model.download_size) for model in RECOMMENDED
    }
    readme = {name: tuple(cells[:2]) for name, cells in rows("README.md", "model").items()}
    assert readme.items() <= documented.items()


def test_every_exit_code_is_documented() -> None:
    documented = rows("docs/configuration.md", "code")

    assert list(documented) == [str(code.value) for code in ExitCode]


def test_the_changelog_has_this_version() -> None:
    assert re.search(
        rf"^## {re.escape(__version__)} - \d{{4}}-\d\d-\d\d$", text("CHANGELOG.md"), re.MULTILINE
    )


def links() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                yield page.relative_to(ROOT).as_posix(), target


@pytest.mark.parametrize(("page", "target"), sorted(set(links())))
def test_the_target_of_a_link_exists(page: str, target: str) -> None:
    path, _, anchor = target.partition("#")
    target_path = (ROOT / page).parent / path if path else ROOT / page

    assert target_path.is_file()
    if anchor:
        assert anchor in anchors(target_path.read_text(encoding="utf-8"))


def anchors(page: str) -> set[str]:
    """The anchors that a code host makes of headings."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_file_that_the_architecture_page_names_exists() -> None:
    """Names in the tree stand without their folder; paths in the text are complete."""
    package = ROOT / "src" / "ollama_claude_proxy"
    folders = (package, ROOT / "tests", ROOT / "bench", ROOT / "scripts")
    files = {path.relative_to(package) for path in package.rglob("*.py")}
    names = {path.name for folder in folders for path in folder.rglob("*.py")}
    page = text("docs/architecture.md")
    assert not [name for name in re.findall(r"\b(\w+\.py)\b", page) if name not in names]
    paths = map(Path, re.findall(r"`((?!tests/)[a-z_]+/[a-z_/]+\.py)`", page))
    assert not [path for path in paths if path not in files]


def test_the_table_of_changes_has_twenty_tasks() -> None:
    table = text("docs/architecture.md").partition("## Where do I change")[2]
    tasks = [line for line in table.splitlines() if line.startswith("| ")]
    assert len(tasks) - 2 == 20
