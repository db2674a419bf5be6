"""mitmproxy's hooks, with their handlers looked up once instead of at every call.

For each hook mitmproxy asks all of its some 40 addons whether they have a handler of that name; with
two hooks per step of an exchange that is nearly half of its processor time. The handlers change only
when addons come or go, or options change, so a table of them is kept until then. What is called, in
which order, with which errors caught and logged, stays mitmproxy's `AddonManager.trigger_event`.
"""

import functools
import inspect
import weakref
from collections.abc import Callable
from typing import Any

from mitmproxy import addonmanager, exceptions, hooks

_CHANGES = ("register", "add", "remove", "clear")

type Handler = Callable[..., Any]


class HookTable:
    """The handlers of one addon manager, by hook: a list for each addon at the top that has any."""

    def __init__(self, manager: addonmanager.AddonManager) -> None:
        self._manager = manager
        self._handlers: dict[str, list[list[Handler]]] = {}
        self._plain: dict[str, bool] = {}

    def install(self) -> None:
        """Let the manager use this table. A second table on one manager is without effect."""
        manager = self._manager
        if "trigger_event" in vars(manager):
            return
        _tables[manager] = self
        for name in _CHANGES:
            setattr(manager, name, self._forgetting(getattr(manager, name)))
        manager.master.options.changed.connect(self._options_changed)
        manager.trigger_event = self.trigger_event  # type: ignore[method-assign]

    async def trigger_event(self, event: hooks.Hook) -> None:
        """Call every handler of `event`; one addon's error is logged, and costs no other addon its call."""
        handlers = self._handlers.get(event.name)
        if handlers is None:
            handlers = self._look_up(event)
        if not handlers:
            return
        arguments = event.args()
        for group in handlers:
            try:
                await invoke_addon(group, arguments)
            except exceptions.AddonHalt:
                return
            except exceptions.OptionsError:
                raise
            except Exception:
                with addonmanager.safecall():
                    raise

    def runs_through(self, event: hooks.Hook) -> bool:
        """Whether all handlers of `event` are plain functions, so that it is over when they return."""
        plain = self._plain.get(event.name)
        if plain is None:
            found = self._look_up(event)
            plain = not any(inspect.iscoroutinefunction(handler) for group in found for handler in group)
            self._plain[event.name] = plain
        return plain

    def _look_up(self, event: hooks.Hook) -> list[list[Handler]]:
        manager = self._manager
        found = ([handler for _, handler in manager._iter_hooks(addon, event)] for addon in manager.chain)
        handlers = [group for group in found if group]
        self._handlers[event.name] = handlers
        return handlers

    def _forgetting[**P, R](self, change: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(change)
        def changed(*arguments: P.args, **named: P.kwargs) -> R:
            try:
                return change(*arguments, **named)
            finally:
                self._forget()

        return changed

    def _options_changed(self, updated: set[str]) -> None:
        self._forget()

    def _forget(self) -> None:
        self._handlers.clear()
        self._plain.clear()


_tables: weakref.WeakKeyDictionary[addonmanager.AddonManager, HookTable] = weakref.WeakKeyDictionary()


def run_at_once(manager: addonmanager.AddonManager, event: hooks.Hook) -> bool:
    """Run all handlers of `event` as `handle_lifecycle` does; False, with nothing done, if one may wait."""
    table = _tables.get(manager)
    if table is None or not table.runs_through(event) or not table.runs_through(_UPDATE):
        return False
    running = manager.handle_lifecycle(event)
    try:
        running.send(None)
    except StopIteration:
        return True
    raise RuntimeError(f"a handler of {event.name} waits though it is no coroutine")


_UPDATE = hooks.UpdateHook([])


async def invoke_addon(group: list[Handler], arguments: list[Any]) -> None:
    """Call one addon's handlers, its own and those of the addons below it.

    It has the name of mitmproxy's function, which is where mitmproxy cuts a traceback for its log.
    """
    for handler in group:
        result = handler(*arguments)
        if result is not None and inspect.isawaitable(result):
            await result
