"""Temporary."""

from mitmproxy import flowfilter


def compile_filter(text: str) -> object:
    return flowfilter.parse(text)
