"""Redaction: secrets never reach the disk, and equal ones stay recognisably equal (docs/redaction.md)."""

from recordings.redaction.keys import load_key
from recordings.redaction.names import DEFAULT_NAMES, SecretNames
from recordings.redaction.redactor import Redactor
from recordings.rows import Redaction

__all__ = ["DEFAULT_NAMES", "Redaction", "Redactor", "SecretNames", "load_key"]
