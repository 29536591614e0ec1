"""`ocp try`: models do jobs through the proxy; names and arguments are judged, results are kept."""

import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.command_line import run_ocp
from support.fake_ollama import Answer, Call, Failure, FakeModel, FakeOllama, WaitFor, answer
from support.health_server import free_port
from support.ocp_process import ocp_process
from support.trial_answers import job_of, play, play_right, play_wrong, trial_answers

MODEL = "qwen2.5-coder:7b"
Respond = Callable[[dict[str, Any]], Answer]


def run_try(home: Path, fake: FakeOllama, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = run_ocp(home, "try", *arguments, variables={"OLLAMA_HOST": fake.url})
    assert "Traceback" not in done.stderr
    return done


def report(home: Path, fake: FakeOllama, *arguments: str) -> dict[str, Any]:
    done = run_try(home, fake, "--json", *arguments)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def models_entry(home: Path, fake: FakeOllama, name: str = MODEL) -> dict[str, Any]:
    done = run_ocp(home, "models", "--json", variables={"OLLAMA_HOST": fake.url})
    entries = {entry["name"]: entry for entry in json.loads(done.stdout)["models"]}
    entry: dict[str, Any] = entries[name]
    return entry


def failing(respond: Respond, **instead: Answer) -> Respond:
    """Answer like `respond`, but otherwise in the jobs whose names are given with `_` for `-`."""

    def choose(body: dict[str, Any]) -> Answer:
        return instead.get(job_of(body["messages"]).name.replace("-", "_")) or respond(body)

    return choose


def test_a_model_that_does_everything(tmp_path: Path, fake: FakeOllama) -> None:
    fake.respond = play_right
    document = report(tmp_path, fake)
    assert document["finished"] is True
    (model,) = document["models"]
    assert (model["model"], model["finished"], model["quick"]) == (MODEL, True, False)
    assert (model["jobs"], model["done"], model["right_names"]) == (36, 36, 36)
    assert (model["repaired"], model["second_chances"], model["failures"]) == (0, 0, [])
    assert model["kinds"]["nested"] == {"jobs": 3, "done": 3}
    assert model["verdict"].startswith("good for Claude Code")
    assert model["tokens_per_second"] > 0
    assert model["window"] == 32768
    assert {chat["model"] for chat in fake.chats} == {MODEL}
    assert {chat["options"]["num_ctx"] for chat in fake.chats} == {32768}


def test_json_has_the_documented_keys(tmp_path: Path, fake: FakeOllama) -> None:
    shown = run_ocp(tmp_path, "try", "--help").stdout
    fake.respond = failing(play_right, edit_value=answer("I would change it."))
    document = report(tmp_path, fake, "--quick")
    (model,) = document["models"]
    names = [*document, *model, *model["failures"][0], *model["kinds"]["edit"]]
    assert [name for name in names if name not in shown] == []
    keys = shown.partition("Keys of --json:")[2].replace("(", " ").replace(",", " ").split()
    assert set(model) <= set(keys)


def test_wrong_arguments_are_not_done_though_the_name_is_right(
    tmp_path: Path, fake: FakeOllama
) -> None:
    fake.respond = play_wrong
    (model,) = report(tmp_path, fake)["models"]
    assert model["done"] == 0
    assert 0 < model["right_names"] < 36
    assert model["verdict"].startswith("not for Claude Code; ")
    failures = {failure["job"]: failure for failure in model["failures"]}
    assert failures["read-from-a-line"] == {
        "job": "read-from-a-line",
        "kind": "read",
        "fault": "wrong argument",
        "argument": "limit",
        "why": "limit is 60, not 20",
    }
    assert failures["read-file"]["fault"] == "other tool"
    assert failures["steps-read-write-command"]["why"].startswith("step 2: content is")


def test_repairs_and_second_chances_are_counted(tmp_path: Path, fake: FakeOllama) -> None:
    as_texts = {"command": "npm run build", "timeout": "90000"}
    no_path = {"old_string": "retries = 3", "new_string": "retries = 5"}
    whole = trial_answers()["edit-value"]["right"][0][0]
    asked: list[str] = []

    def respond(body: dict[str, Any]) -> Answer:
        name = job_of(body["messages"]).name
        asked.append(name)
        if name == "numbers-timeout":
            return answer(Call("Bash", as_texts))
        if name == "edit-value":
            is_again = asked.count(name) > 1
            return answer(Call("Edit", whole["arguments"] if is_again else no_path))
        return play_right(body)

    fake.respond = respond
    (model,) = report(tmp_path, fake, "--quick")["models"]
    assert (model["jobs"], model["done"]) == (8, 8)
    assert (model["repaired"], model["second_chances"]) == (1, 1)


def test_the_table_has_the_best_model_first(tmp_path: Path) -> None:
    with FakeOllama(FakeModel("bad:1b"), FakeModel("good:7b"), FakeModel("fair:3b")) as fake:

        def respond(body: dict[str, Any]) -> Answer:
            words = {"nested_three_pending": answer("Done."), "edit_value": answer("Done.")}
            players = {"good:7b": play_right, "bad:1b": play_wrong}
            return players.get(body["model"], failing(play_right, **words))(body)

        fake.respond = respond
        done = run_try(tmp_path, fake, "--quick", "bad:1b", "fair:3b", "good:7b")
        assert done.returncode == 0
        assert [chat["model"] for chat in fake.chats] == sorted(
            (chat["model"] for chat in fake.chats), key=["bad:1b", "fair:3b", "good:7b"].index
        )
    head, *rows = done.stdout.splitlines()
    assert head.split()[:3] == ["model", "done", "repaired"]
    assert [row.split()[:2] for row in rows] == [
        ["good:7b", "8/8"],
        ["fair:3b", "6/8"],
        ["bad:1b", "0/8"],
    ]
    assert "answers in words instead of calling for edits and nested objects" in rows[1]
    assert "✓ 24/24 steps-read-edit-test" in done.stderr
    assert " left" in done.stderr


def test_an_error_fails_the_job_and_the_next_goes_on(tmp_path: Path, fake: FakeOllama) -> None:
    broken = Answer([Failure("this model does not like that")], status=500)
    fake.respond = failing(play_right, search_by_ending=broken)
    (model,) = report(tmp_path, fake, "--quick")["models"]
    assert (model["jobs"], model["done"], model["finished"]) == (8, 7, True)
    (failure,) = model["failures"]
    assert (failure["job"], failure["fault"]) == ("search-by-ending", "error")
    assert "this model does not like that" in failure["why"]


def test_a_model_that_never_answers_is_not_remembered(tmp_path: Path, fake: FakeOllama) -> None:
    fake.respond = lambda _: Answer([Failure("out of memory")], status=500)
    (model,) = report(tmp_path, fake, "--quick")["models"]
    assert (model["done"], len(model["failures"])) == (0, 8)
    assert "gave no answer" in model["verdict"]
    assert models_entry(tmp_path, fake)["tried"] is None


def test_all_are_the_local_models_that_write_text(tmp_path: Path) -> None:
    embedder = FakeModel("embed:1b", capabilities=frozenset({"embedding"}))
    with FakeOllama(FakeModel("a:1b"), embedder, FakeModel("big:120b-cloud")) as fake:
        fake.respond = play_right
        document = report(tmp_path, fake, "--all", "--quick")
    assert [model["model"] for model in document["models"]] == ["a:1b"]


def test_models_and_doctor_show_the_result_of_this_very_model(
    tmp_path: Path, fake: FakeOllama
) -> None:
    fake.respond = failing(play_right, edit_value=answer("Done."))
    report(tmp_path, fake, "--quick")
    tried = models_entry(tmp_path, fake)["tried"]
    assert (tried["done"], tried["jobs"], tried["window"]) == (7, 8, 32768)
    assert "answers in words" in tried["verdict"]
    assert trial_row(tmp_path, fake)["found"] == f"7/8 jobs done: {tried['verdict']}"
    table = run_ocp(tmp_path, "models", variables={"OLLAMA_HOST": fake.url}).stdout
    assert next(row for row in table.splitlines() if row.startswith(MODEL)).endswith("  7/8")
    fake.models[MODEL].digest = "f" * 64  # another model was pulled under the name
    assert models_entry(tmp_path, fake)["tried"] is None
    assert "not tried yet" in trial_row(tmp_path, fake)["found"]


def test_doctor_warns_of_a_model_that_does_little(tmp_path: Path, fake: FakeOllama) -> None:
    fake.respond = play_wrong
    report(tmp_path, fake, "--quick")
    row = trial_row(tmp_path, fake)
    assert (row["status"], "ocp try --all" in row["remedy"]) == ("warning", True)


def trial_row(home: Path, fake: FakeOllama) -> dict[str, Any]:
    fake.respond = lambda _: answer("One")
    variables = {"OLLAMA_HOST": fake.url, "OCP_PORT": free_port()}
    done = run_ocp(home, "doctor", "--json", variables=variables)
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    row: dict[str, Any] = checks["trial"]
    return row


def test_a_quick_run_does_not_replace_a_whole_one(tmp_path: Path, fake: FakeOllama) -> None:
    fake.respond = play_right
    report(tmp_path, fake)
    report(tmp_path, fake, "--quick")
    assert models_entry(tmp_path, fake)["tried"]["jobs"] == 36


@pytest.mark.parametrize("content", ["", "{", '{"edition": 0, "results": {}}', "[]"])
def test_a_file_that_cannot_be_read_counts_as_empty(
    tmp_path: Path, fake: FakeOllama, content: str
) -> None:
    fake.respond = play_right
    report(tmp_path, fake, "--quick")
    (path,) = tmp_path.rglob("trials.json")
    assert path.stat().st_mode & 0o077 == 0
    path.write_text(content)
    assert models_entry(tmp_path, fake)["tried"] is None
    report(tmp_path, fake, "--quick")
    assert models_entry(tmp_path, fake)["tried"]["done"] == 8


def test_nothing_is_remembered_as_a_conversation(tmp_path: Path, fake: FakeOllama) -> None:
    fake.respond = play_right
    report(tmp_path, fake, "--quick")
    written = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(written) == ["templates.json", "trials.json"]


def test_ctrl_c_prints_what_was_done_so_far(tmp_path: Path, fake: FakeOllama) -> None:
    never = threading.Event()

    def respond(body: dict[str, Any]) -> Answer:
        is_third = job_of(body["messages"]).name == "command-as-given"
        return answer(WaitFor(never)) if is_third else play_right(body)

    fake.respond = respond
    with ocp_process(tmp_path, "try", "--quick", "--json", OLLAMA_HOST=fake.url) as process:
        process.wait_for("2/8")
        fake.wait_for(lambda: len(fake.chats) == 3)
        assert process.stop() == 130
        assert process.process.stdout is not None
        document = json.loads(process.process.stdout.read())
        assert "Traceback" not in process.stderr
    never.set()
    assert document["finished"] is False
    (model,) = document["models"]
    assert (model["finished"], model["jobs"], model["done"]) == (False, 2, 2)
    assert model["verdict"] == "interrupted after 2 jobs"
    assert models_entry(tmp_path, fake)["tried"] is None


def test_an_ollama_that_dies_ends_the_run_with_what_was_done(
    tmp_path: Path, fake: FakeOllama
) -> None:
    def respond(body: dict[str, Any]) -> Answer:
        if job_of(body["messages"]).name == "command-as-given":
            threading.Thread(target=fake.stop).start()
        return play_right(body)

    fake.respond = respond
    done = run_try(tmp_path, fake, "--quick")
    assert done.returncode == 1
    assert "Ollama does not answer" in done.stderr
    assert "ollama serve" in done.stderr
    assert done.stdout.splitlines()[1].split()[:2] in ([MODEL, "2/2"], [MODEL, "3/3"])


def test_an_unknown_model_is_one_line_before_anything_is_tried(
    tmp_path: Path, fake: FakeOllama
) -> None:
    done = run_try(tmp_path, fake, MODEL, "none:1b")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "ollama pull none:1b" in done.stderr
    assert fake.chats == []


def test_a_model_that_writes_no_text_is_refused(tmp_path: Path, fake: FakeOllama) -> None:
    fake.add_model("embed:1b", capabilities=frozenset({"embedding"}))
    done = run_try(tmp_path, fake, "embed:1b")
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot write text" in done.stderr
    assert "ocp models" in done.stderr


def test_without_ollama_it_is_one_line(tmp_path: Path) -> None:
    done = run_ocp(tmp_path, "try", variables={"OLLAMA_HOST": "http://127.0.0.1:9"})
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "ollama serve" in done.stderr


def test_models_and_all_together_are_a_usage_error(tmp_path: Path) -> None:
    done = run_ocp(tmp_path, "try", MODEL, "--all")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--help" in done.stderr


def test_a_model_that_looks_around_first_still_does_the_steps(
    tmp_path: Path, fake: FakeOllama
) -> None:
    with_a_detour = trial_answers()["steps-read-edit-test"]["right"][1]

    def respond(body: dict[str, Any]) -> Answer:
        is_steps = job_of(body["messages"]).name == "steps-read-edit-test"
        return play(body, with_a_detour) if is_steps else play_right(body)

    fake.respond = respond
    (model,) = report(tmp_path, fake, "--quick")["models"]
    assert model["done"] == 8
    last = fake.chats[-1]["messages"]
    assert "3 passed" not in str(last)  # the job is done with the call, and nothing is run
    assert "TAX = 0.07" in str(last)
