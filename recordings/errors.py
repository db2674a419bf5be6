"""What can be wrong with a recording as a file."""


class RecordingError(Exception):
    """A file cannot be used as a recording: missing, something else, or newer. The message names the file."""


class RecordingExists(RecordingError):  # noqa: N818 - named like FileExists, which it stands for
    """A recording is already there; the message says whether another process is writing it."""
