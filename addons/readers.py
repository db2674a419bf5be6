"""Keep bodies for mitmproxy's flows where somebody would read them, and show event streams as events."""

from mitmproxy import contentviews, ctx
from mitmproxy.addonmanager import Loader

from addons.contents import Contents
from addons.event_stream_view import EventStreamContentview
from addons.run import Run

_FILES = ("save_stream_file", "hardump")
"""mitmproxy's options that name a file for flows."""


class StreamidContents:
    """Decides whether bodies are kept: mitmdump that only logs has no use for them, and pays nothing."""

    def __init__(self, run: Run) -> None:
        self.limit = 0
        """Bytes of a body up to which it is kept; 0: none is."""
        self._run = run
        self._contents: Contents | None = None
        self._view = EventStreamContentview(lambda: self._contents)

    def load(self, loader: Loader) -> None:
        """Register the content view; once, though the script may be loaded again."""
        if contentviews.registry.get(self._view.name.lower()) is not self._view:
            contentviews.add(self._view)

    def running(self) -> None:
        """All options are known."""
        self._decide()

    def configure(self, updated: set[str]) -> None:
        """A file for flows was named, or is no longer."""
        if updated.intersection(_FILES):
            self._decide()

    def _decide(self) -> None:
        has_reader = ctx.master.addons.get("view") is not None or any(
            getattr(ctx.options, name, None) for name in _FILES
        )
        if has_reader and self.limit and self._contents is None:
            self._contents = Contents(self.limit)
        self._run.contents = self._contents if has_reader else None
