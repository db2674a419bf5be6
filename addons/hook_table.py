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

from mitmproxy import addonmanager, exceptions, flow, hooks

_CHANGES = ("register", "add", "remove", "clear")

type Handler = Callable[..., Any]


class HookTable:
    """The handlers of one addon manager, by hook: a list for each addon at the top that has any."""

    def __init__(self, manager: addonmanager.AddonManager) -> None:
        self._manager = manager
        self._handlers: dict[str, list[list[Handler]]] = {}
        self._at_once: dict[str, list[list[Handler]] | None] = {}

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

    def at_once(self, event: hooks.Hook) -> list[list[Handler]] | None:
        """The handlers of `event`; None where one of them is a coroutine, which may wait."""
        name = event.name
        if name not in self._at_once:
            found = self._look_up(event)
            may_wait = any(inspect.iscoroutinefunction(handler) for group in found for handler in group)
            self._at_once[name] = None if may_wait else found
        return self._at_once[name]

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
        self._at_once.clear()


_tables: weakref.WeakKeyDictionary[addonmanager.AddonManager, HookTable] = weakref.WeakKeyDictionary()


def run_at_once(manager: addonmanager.AddonManager, event: hooks.Hook) -> bool:
    """Run all handlers of `event` as `handle_lifecycle` does; False, with nothing done, if one may wait."""
    table = _tables.get(manager)
    handlers = table.at_once(event) if table is not None else None
    updates = table.at_once(_UPDATE) if table is not None else None
    if handlers is None or updates is None:
        return False
    arguments = event.args()
    _run(handlers, arguments)
    if updates and isinstance(arguments[0], flow.Flow):
        _run(updates, [[arguments[0]]])
    return True


_UPDATE = hooks.UpdateHook([])


def _run(handlers: list[list[Handler]], arguments: list[Any]) -> None:
    for group in handlers:
        try:
            invoke_addon_sync(group, arguments)
        except exceptions.AddonHalt:
            return
        except exceptions.OptionsError:
            raise
        except Exception:
            with addonmanager.safecall():
                raise


def invoke_addon_sync(group: list[Handler], arguments: list[Any]) -> None:
    """Call one addon's handlers, none of which is a coroutine. The name is mitmproxy's, as below."""
    for handler in group:
        handler(*arguments)


async def invoke_addon(group: list[Handler], arguments: list[Any]) -> None:
    """Call one addon's handlers, its own and those of the addons below it.

    It has the name of mitmproxy's function, which is where mitmproxy cuts a traceback for its log.
    """
    for handler in group:
        result = handler(*arguments)
        if result is not None and inspect.isawaitable(result):
            await result
