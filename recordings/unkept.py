"""What stands in a writer's place for the file where nothing is to be recorded: all is judged, none kept."""

from datetime import datetime

from recordings.batch import Batch


class NoFile:
    """Takes everything that a `RecordingFile` takes, and keeps nothing of it."""

    def write(self, batch: Batch) -> None:
        """Forget `batch`."""

    def wal_size(self) -> int:
        """Nothing is waiting in a log."""
        return 0

    def size(self) -> None:
        """There is no file."""

    def checkpoint(self) -> bool:
        """Nothing has to be moved."""
        return True

    def mark_closed(self, started: datetime) -> None:
        """Nothing has to be noted."""

    def to_single_file(self) -> str:
        """There is no file to be left in pieces."""
        return ""

    def close(self) -> None:
        """Nothing is held."""
