"""Hooks through the table are mitmproxy's own: the same handlers, order, errors and halts."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from mitmproxy import addonmanager, exceptions, flow, hooks
from mitmproxy.test import taddons, tflow

from addons.hook_table import HookTable, run_at_once

type Calls = list[str]


class Plain:
    """An addon that notes its calls, with addons below it."""

    def __init__(self, name: str, calls: Calls, *below: Any) -> None:
        self.name, self.calls, self.addons = name, calls, list(below)

    def update(self, flows: list[flow.Flow]) -> None:
        self.calls.append(self.name)


class Asynchronous(Plain):
    async def update(self, flows: list[flow.Flow]) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        self.calls.append(self.name)


class Failing(Plain):
    def update(self, flows: list[flow.Flow]) -> None:
        self.calls.append(self.name)
        raise RuntimeError("this addon fails")


class Halting(Plain):
    def update(self, flows: list[flow.Flow]) -> None:
        self.calls.append(self.name)
        raise exceptions.AddonHalt


class Silent:
    name = "silent"


type Make = Callable[[Calls], list[Any]]

TREES: dict[str, Make] = {
    "one": lambda calls: [Plain("a", calls)],
    "nested": lambda calls: [
        Plain("a", calls, Plain("b", calls, Plain("c", calls)), Plain("d", calls)),
        Silent(),
    ],
    "asynchronous": lambda calls: [Asynchronous("a", calls, Plain("b", calls)), Asynchronous("c", calls)],
    "failing": lambda calls: [Plain("a", calls, Failing("b", calls), Plain("c", calls)), Plain("d", calls)],
    "halting": lambda calls: [Plain("a", calls), Halting("b", calls), Plain("c", calls)],
    "none": lambda calls: [Silent()],
}


def called(make: Make, *, table: bool) -> Calls:
    calls: Calls = []

    async def work() -> None:
        with taddons.context(*make(calls), loadcore=False) as context:
            manager = context.master.addons
            if table:
                HookTable(manager).install()
                assert "trigger_event" in vars(manager)
            for _ in range(2):
                await manager.trigger_event(hooks.UpdateHook([tflow.tflow()]))
            context.master._legacy_log_events.uninstall()

    asyncio.run(work())
    return calls


@pytest.mark.parametrize("tree", TREES)
def test_the_same_handlers_are_called_in_the_same_order(tree: str, caplog: pytest.LogCaptureFixture) -> None:
    expected = called(TREES[tree], table=False)
    said = [record.getMessage() for record in caplog.records]
    caplog.clear()
    assert called(TREES[tree], table=True) == expected
    assert [record.getMessage() for record in caplog.records] == said


def test_an_error_is_logged_from_the_addons_own_frame_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    called(TREES["failing"], table=True)
    record = caplog.records[0]
    assert record.getMessage() == "Addon error: this addon fails"
    assert record.exc_info is not None
    trace = record.exc_info[2]
    assert trace is not None
    assert trace.tb_frame.f_code.co_name == "update"


def test_options_errors_are_passed_on() -> None:
    class Refusing(Plain):
        def update(self, flows: list[flow.Flow]) -> None:
            raise exceptions.OptionsError("no")

    with pytest.raises(exceptions.OptionsError):
        called(lambda calls: [Refusing("a", calls)], table=True)


def test_addons_that_come_and_go_are_noticed() -> None:
    calls: Calls = []

    async def work() -> None:
        with taddons.context(Plain("a", calls), loadcore=False) as context:
            manager: addonmanager.AddonManager = context.master.addons
            HookTable(manager).install()
            event = hooks.UpdateHook([tflow.tflow()])
            await manager.trigger_event(event)
            late = Plain("late", calls)
            manager.add(late)
            await manager.trigger_event(event)
            manager.remove(late)
            await manager.trigger_event(event)

    asyncio.run(work())
    assert calls == ["a", "a", "late", "a"]


def test_a_change_of_options_makes_it_look_again() -> None:
    calls: Calls = []

    async def work() -> None:
        first = Plain("a", calls)
        with taddons.context(first, loadcore=False) as context:
            manager = context.master.addons
            HookTable(manager).install()
            event = hooks.UpdateHook([tflow.tflow()])
            await manager.trigger_event(event)
            first.addons.append(Plain("below", calls))
            context.options.update(
                anticache=True
            ) if "anticache" in context.options else context.options.reset()
            await manager.trigger_event(event)

    asyncio.run(work())
    assert calls == ["a", "a", "below"]


def test_a_second_table_changes_nothing() -> None:
    with taddons.context(loadcore=False) as context:
        manager = context.master.addons
        HookTable(manager).install()
        first = manager.trigger_event
        HookTable(manager).install()
        assert manager.trigger_event == first


@pytest.mark.parametrize("addons", [(Plain, Plain), (Failing, Plain), (Halting, Plain)])
def test_what_runs_at_once_calls_the_same_handlers(addons: tuple[type[Plain], ...]) -> None:
    calls: Calls = []
    with taddons.context(*(kind(str(n), calls) for n, kind in enumerate(addons))) as context:
        manager = context.master.addons
        HookTable(manager).install()
        asyncio.run(manager.handle_lifecycle(hooks.UpdateHook([])))
        expected, calls[:] = list(calls), []
        assert run_at_once(manager, hooks.UpdateHook([]))
    assert calls == expected != []


def test_nothing_runs_at_once_where_a_handler_may_wait_or_there_is_no_table() -> None:
    calls: Calls = []
    with taddons.context(Plain("plain", calls), Asynchronous("late", calls)) as context:
        assert not run_at_once(context.master.addons, hooks.UpdateHook([]))
        table = HookTable(context.master.addons)
        table.install()
        assert not run_at_once(context.master.addons, hooks.UpdateHook([]))
        context.master.addons.remove(context.master.addons.get("late"))
        assert run_at_once(context.master.addons, hooks.UpdateHook([]))
    assert calls == ["plain"]
