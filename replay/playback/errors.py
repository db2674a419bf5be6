"""What can prevent an answer."""


class NeedsDiskError(Exception):
    """What is asked for is not in memory, and the disk was not to be read."""
