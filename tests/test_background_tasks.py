"""Background tasks have one owner, which ends them all."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ollama_claude_proxy.engine.background_tasks import BackgroundTasks, cancel_and_wait


class Work:
    """What a task did: `steps` are the names of those that began, ended or were cancelled."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.go = asyncio.Event()

    async def run(self, name: str) -> None:
        self.steps.append(f"{name} began")
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)  # what a connection takes to be closed
            self.steps.append(f"{name} was cancelled")
            raise
        self.steps.append(f"{name} ended")

    async def fail(self) -> None:
        await self.go.wait()
        raise ValueError("it broke")


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(5):
        await asyncio.sleep(0)


def run(story: Callable[[BackgroundTasks, Work], Awaitable[None]]) -> None:
    async def told() -> None:
        await story(BackgroundTasks(), Work())
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(told())


def test_a_key_runs_once_at_a_time() -> None:
    async def story(tasks: BackgroundTasks, work: Work) -> None:
        tasks.start("key", work.run("first"))
        await settle()
        tasks.start("key", work.run("second"))
        tasks.start("other", work.run("beside"))
        await settle()
        assert work.steps == ["first began", "beside began"]
        work.go.set()
        await settle()
        assert not tasks.is_running("key")
        tasks.start("key", work.run("third"))
        await settle()
        assert work.steps[-1] == "third ended"

    run(story)


def test_a_task_runs_until_it_has_ended() -> None:
    async def story(tasks: BackgroundTasks, work: Work) -> None:
        assert not tasks.is_running("key")
        tasks.start("key", work.run("it"))
        assert tasks.is_running("key")
        await settle()
        assert tasks.is_running("key")
        work.go.set()
        await settle()
        assert not tasks.is_running("key")

    run(story)


def test_a_task_that_fails_is_logged_and_its_key_is_free(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(tasks: BackgroundTasks, work: Work) -> None:
        tasks.start("key", work.fail())
        work.go.set()
        await settle()
        assert not tasks.is_running("key")
        tasks.start("key", work.run("next"))
        await settle()
        assert work.steps == ["next began", "next ended"]

    run(story)
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("ERROR", "a background task failed")
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "it broke"


def test_a_task_that_is_cancelled_has_ended_and_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(tasks: BackgroundTasks, work: Work) -> None:
        tasks.start("key", work.run("it"))
        await settle()
        await tasks.cancel("key")
        assert work.steps == ["it began", "it was cancelled"]
        assert not tasks.is_running("key")
        await tasks.cancel("key")
        tasks.start("key", work.run("next"))
        await settle()
        assert work.steps[-1] == "next began"
        await tasks.close()

    run(story)
    assert not caplog.records


def test_closing_ends_all_and_nothing_starts_any_more() -> None:
    async def story(tasks: BackgroundTasks, work: Work) -> None:
        for name in ("one", "two"):
            tasks.start(name, work.run(name))
        await settle()
        await tasks.close()
        assert work.steps[2:] == ["one was cancelled", "two was cancelled"]
        assert asyncio.all_tasks() == {asyncio.current_task()}
        tasks.start("three", work.run("three"))
        assert not tasks.is_running("three")
        await settle()
        assert len(work.steps) == 4
        await tasks.close()

    run(story)


def test_a_task_that_ended_already_can_be_cancelled_whatever_it_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(_tasks: BackgroundTasks, work: Work) -> None:
        failing = asyncio.create_task(work.fail())
        ending = asyncio.create_task(work.run("it"))
        work.go.set()
        await settle()
        await cancel_and_wait(failing)
        await cancel_and_wait(ending)
        assert work.steps == ["it began", "it ended"]
        del failing  # asyncio logs an exception that nobody has looked at

    run(story)
    assert not caplog.records
