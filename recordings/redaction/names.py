"""Which names stand for secrets, and where in a body such a name could be."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

_HEADERS = """
    apikey apitoken authorization cookie cookie2 csrftoken jobtoken ocpapimsubscriptionkey
    privatetoken proxyauthorization setcookie setcookie2 token xaccesstoken xamzaccesstoken
    xamzsecuritytoken xapikey xapitoken xauth xauthtoken xclientsecret xcsrftoken
    xforwardedaccesstoken xfunctionskey xgitlabtoken xgoogapikey xgoogiamauthorizationtoken xidtoken
    xjwt xjwtassertion xpassword xrefreshtoken xsecret xsessiontoken xshopifyaccesstoken xtoken
    xuseraccesstoken xvaulttoken xxsrftoken
"""
SECRET_HEADERS = frozenset(_HEADERS.split())
"""Header fields whose value is a secret; every name that ends in `authorization` is one too."""

_FIELDS = """
    accesskey accesstoken apikey apisecret apitoken appsecret authkey authorization authtoken bearer
    bearertoken clientassertion clientsecret codeverifier confirmpassword cookie cookies credential
    credentials csrfmiddlewaretoken csrftoken currentpassword devicetoken encryptionkey idtoken jwt
    jwtsecret newpassword oldpassword otp passcode passphrase passwd password passwordconfirm
    passwordconfirmation passwordhash personalaccesstoken privatekey proxyauthorization pwd
    refreshtoken repeatpassword resettoken samlresponse secret secretaccesskey secretkey secrets
    securitytoken sessionsecret sessiontoken setcookie sharedsecret signingkey token totp
    userpassword usertoken verificationtoken webhooksecret xamzcredential xamzsecuritytoken
    xamzsignature xapikey xsrftoken
"""
SECRET_FIELDS = frozenset(_FIELDS.split())
"""JSON members, form fields and query parameters whose value is a secret."""

_WHOLE_LINES = ("authorization", "cookie")
_PARTS = re.compile(r"[\[\].]+")
_GAPS = b"_-"
_GAP = rb"[_-]*+"
_LOWER = bytes(range(256)).lower()
_BEFORE = rb"""["'{,?&;\[.\]]\s*+"""
_AFTER = rb"""\s*+["'\\\])}]{0,4}+\s*+(?:data:?\s*+)*+[:=]"""
_BACKSLASH = 0x5C  # as a number: `in` is ten times as fast with it as with bytes
_ESCAPED_LETTER = rb"\\u00(?:2d|[46][1-9a-f]|[57][0-9a]|5f)"


def normalised(name: str) -> str:
    """The form in which names are compared: lower case, without `_` and `-`."""
    return name.lower().replace("_", "").replace("-", "")


@dataclass(frozen=True, slots=True)
class SecretNames:
    """Names of secrets, normalised. A name matches as a whole, never in part: `tokensUsed` is no `token`."""

    headers: frozenset[str] = SECRET_HEADERS
    fields: frozenset[str] = SECRET_FIELDS

    def extended(self, extra: Iterable[str]) -> "SecretNames":
        """These names and `extra`, as header fields and as members of bodies and queries."""
        more = {normalised(name.strip()) for name in extra} - {""}
        return SecretNames(self.headers | more, self.fields | more) if more else self

    def is_header(self, name: bytes) -> bool:
        """Whether the whole value of a header field is a secret."""
        plain = normalised(name.decode("latin-1").strip())
        return plain in self.headers or plain in self.fields or plain.endswith("authorization")

    def is_field(self, name: str) -> bool:
        """Whether a member of a JSON object holds a secret."""
        return normalised(name.strip()) in self.fields

    def is_form_field(self, name: str) -> bool:
        """The same of a form field or parameter; of `user[password]` and `user.password[0]` the last name."""
        if self.is_field(name):
            return True
        parts = [part for part in _PARTS.split(name) if part and not part.isdigit()]
        return bool(parts) and self.is_field(parts[-1])


DEFAULT_NAMES = SecretNames()


@lru_cache(maxsize=16)
def possible_name(names: SecretNames) -> Callable[[bytes], bool]:
    """Whether some bytes could hold a secret's name before its `:` or `=`; that they do not is a proof.

    It errs on the safe side: it is also true of names in broken JSON, and of keys with escaped letters.
    """
    fields = sorted(name.encode() for name in names.fields)
    # A look at the first letter alone is quicker than one at all branches.
    first = b"(?=[" + b"".join(sorted({re.escape(name[:1]) for name in fields})) + b"])" if fields else b""
    name = re.compile(_BEFORE + first + b"(?:" + _tree(fields, re.escape) + b")" + _AFTER).search
    escaped = re.compile(_ESCAPED_LETTER).search

    def is_possible(text: bytes) -> bool:
        plain = text.translate(_LOWER, _GAPS)
        return name(plain) is not None or (_BACKSLASH in text and escaped(plain) is not None)

    return is_possible


@lru_cache(maxsize=16)
def loose_value(names: SecretNames) -> re.Pattern[bytes]:
    """A secret as text would quote it: `name: value`, `"name": "value"`, `name=value`, `Bearer value`.

    The last group is the value: of a header field all up to the end of the line or quotation.
    """
    lines = {name for name in names.headers if name not in names.fields or name.endswith(_WHOLE_LINES)}
    headers = _tree(sorted(name.encode() for name in lines), _any_case)
    fields = _tree(sorted(name.encode() for name in names.fields), _any_case)
    start = rb"(?<![A-Za-z0-9])"
    scheme = rb"(?:(?:[bB][eE][aA][rR][eE][rR]|[bB][aA][sS][iI][cC]|[tT][oO][kK][eE][nN])\s++)?"
    of_header = start + b"(?:" + headers + rb""")["']?\s*+:\s*+["']?""" + scheme + rb"""([^\r\n"']++)"""
    value = rb"""(?:"((?:[^"\\]|\\.)++)|'([^']++)|""" + scheme + rb"""([^\s"'&,;<>{}\[\]\\]++))"""
    of_field = start + b"(?:" + fields + rb""")["']?\s*+[:=]\s*+""" + value
    of_scheme = start + rb"(?:[bB][eE][aA][rR][eE][rR]|[bB][aA][sS][iI][cC])\s++([A-Za-z0-9+/=._~-]{8,}+)"
    return re.compile(b"|".join((of_header, of_field, of_scheme)))


def _tree(words: list[bytes], letter: Callable[[bytes], bytes]) -> bytes:
    """One regular expression for sorted words, branching letter by letter."""
    branches: dict[bytes, list[bytes]] = {}
    for word in words:
        branches.setdefault(word[:1], []).append(word[1:])
    ends = branches.pop(b"", None) is not None
    if not branches:
        return b""
    options = [letter(first) + _tree(rest, letter) for first, rest in branches.items()]
    tree = options[0] if len(options) == 1 and not ends else b"(?:" + b"|".join(options) + b")"
    return tree + b"?" if ends else tree


def _any_case(letter: bytes) -> bytes:
    both = {letter.lower(), letter.upper()}
    return (b"[" + b"".join(sorted(both)) + b"]" if len(both) == 2 else re.escape(letter)) + _GAP
