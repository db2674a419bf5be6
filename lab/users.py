"""The lab's users. Their passwords are public by design: nothing here protects anything."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import NAMESPACE_URL, uuid5


class Role(StrEnum):
    """What a user may do; supervisors and admins may observe others and allocate credits."""

    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    ENDUSER = "enduser"


@dataclass(frozen=True, slots=True)
class User:
    """One user; the ID is stable, so that recordings of different runs can be compared."""

    username: str
    password: str
    role: Role

    @property
    def id(self) -> str:
        """The `sub` of the user's tokens."""
        return str(uuid5(NAMESPACE_URL, f"streamid:lab:user:{self.username}"))

    @property
    def email(self) -> str:
        """`<name>@example.com`."""
        return f"{self.username}@example.com"

    def public(self) -> dict[str, str]:
        """The user as the services show it: id, username, email, role."""
        return {"id": self.id, "username": self.username, "email": self.email, "role": self.role.value}


USERS = (
    User("admin", "admin@admin", Role.ADMIN),
    User("supervisor1", "Supervisor1@", Role.SUPERVISOR),
    User("supervisor2", "Supervisor2@", Role.SUPERVISOR),
    User("user1", "User1@123", Role.ENDUSER),
    User("user2", "User2@123", Role.ENDUSER),
)

STAFF = frozenset({Role.ADMIN, Role.SUPERVISOR})


def find_user(name_or_id: str) -> User | None:
    """The user of that name or ID: clients use either where the services say `userId`."""
    return next((user for user in USERS if name_or_id in (user.username, user.id)), None)
