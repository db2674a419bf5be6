"""The shape of a request's path: what two requests to one endpoint have in common."""

import re
from collections.abc import Callable
from functools import lru_cache

from contract.profile import Profile
from contract.template import Template, split_target

_VARIABLE = re.compile(rb"(?<=/)(?!v[0-9]+(?:\.[0-9]+)?(?=/|$))(?:[^/]*[0-9][^/]*|[^/]{33,})")
"""A segment with a digit in it, or a long one, is taken for an identifier; `v1` is a version."""


def templates(profile: Profile) -> list[str]:
    """The path templates of a profile's routes, once each."""
    routes = (*profile.issue, *profile.echo, *profile.life.open, *profile.life.close)
    return list(dict.fromkeys(route.path for route in routes))


def shape_of_paths(profile: Profile) -> Callable[[str], str]:
    """A function from a request target to its shape; its query does not count.

    A path that a profile's template fits has that template's shape; in others each segment that looks
    like an identifier is a `{}`.
    """
    known = [Template(path) for path in templates(profile)]
    prefixes = tuple(template.prefix for template in known)

    @lru_cache(maxsize=4096)
    def shape(target: str) -> str:
        path, _ = split_target(target.encode("latin-1"))
        if path.startswith(prefixes):
            for template in known:
                if template.match(path) is not None:
                    return template.text
        return _VARIABLE.sub(b"{}", path).decode("latin-1")

    return shape
