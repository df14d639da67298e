"""People: the first owner, further members, their passwords and what they see."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from core import clock, config
from core.runtime import passwords, workspaces
from core.storage.db import db, transaction
from core.storage.membership import Membership, OwnerClaim, Role
from core.storage.user import User
from core.storage.web_session import WebSession
from core.storage.workspace import Workspace

LONGEST_NAME = 100
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
THEMES = ("", "light", "dark")


class InvalidPerson(Exception):
    """Some of what was typed can't be taken; `problems` says what, by field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class SetupOver(Exception):
    """The link to create the owner is wrong, or was used before."""


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What somebody types to become a member."""

    email: str
    password: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class NewWorkspace:
    """What the first owner says about the workspace."""

    label: str
    timezone: str


def is_owner_missing() -> bool:
    """Whether nobody has set up this openBuild yet."""
    workspace = Workspace.named(workspaces.FIRST)
    return workspace is None or not _is_claimed(workspace.id)


def owner_token() -> str:
    """What the link to create the owner carries: the same at each start, dead once used."""
    key = config.current().secret_key.encode()
    return hmac.new(key, b"create the owner", sha256).hexdigest()[:40]


def owner_link() -> str:
    """The address under which the first owner is created; `up` prints it until it was used."""
    return f"{config.current().base_url}/owner/{owner_token()}"


def is_owner_token(token: str) -> bool:
    """Whether a link to create the owner is real and not used yet."""
    return hmac.compare_digest(token.encode(), owner_token().encode()) and is_owner_missing()


def create_owner(token: str, person: NewPerson, about: NewWorkspace) -> User:
    """Create the first owner; of many who try at once, one wins."""
    if not is_owner_token(token):
        raise SetupOver("This link was used before, or is not complete.")
    _check(person, workspaces.problems_of(about.label, about.timezone))
    password_hash = passwords.hash_of(person.password)
    try:
        with transaction():
            workspace = workspaces.first()
            db.session.add(OwnerClaim(workspace_id=workspace.id, claimed_at=clock.now()))
            db.session.flush()
            workspace.label, workspace.timezone = about.label.strip(), about.timezone
            return _add(person, password_hash, workspace.id, Role.OWNER)
    except IntegrityError as error:
        raise SetupOver("Somebody else was faster: the owner exists already.") from error


def create(person: NewPerson, role: Role, workspace_id: int | None = None) -> User:
    """Create a member; the first owner of a workspace ends its set-up link."""
    _check(person)
    password_hash = passwords.hash_of(person.password)
    try:
        with transaction():
            workspace = workspace_id or workspaces.first().id
            if role is Role.OWNER and not _is_claimed(workspace):
                db.session.add(OwnerClaim(workspace_id=workspace, claimed_at=clock.now()))
            return _add(person, password_hash, workspace, role)
    except IntegrityError as error:
        raise InvalidPerson({"email": "Somebody with this email exists already."}) from error


def set_password(user: User, password: str, *, keep_session: int | None = None) -> None:
    """Give a person a new password and end all their sessions but one."""
    if problem := passwords.problem_of(password, user.email):
        raise InvalidPerson({"password": problem})
    password_hash = passwords.hash_of(password)
    with transaction():
        user.password_hash = password_hash
        WebSession.end_all(user.id, but=keep_session)


def change_password(user: User, old: str, new: str, *, keep_session: int) -> None:
    """Let a person who knows the old password choose a new one."""
    if not passwords.is_right(old, user.password_hash):
        raise InvalidPerson({"old_password": "This is not your present password."})
    set_password(user, new, keep_session=keep_session)


def change_profile(user: User, name: str, theme: str) -> None:
    """Change how a person is called and how pages look to them."""
    if problem := _name_problem(name):
        raise InvalidPerson({"name": problem})
    if theme not in THEMES:
        raise InvalidPerson({"theme": "Choose light, dark or as the system has it."})
    with transaction():
        user.name, user.theme = name.strip(), theme


def disable(user: User) -> None:
    """Keep a person out from now on; their sessions end."""
    with transaction():
        user.disabled_at = clock.now()
        WebSession.end_all(user.id)


def enable(user: User) -> None:
    """Let a disabled person in again."""
    with transaction():
        user.disabled_at = None


def remove_from(user: User, workspace_id: int) -> None:
    """Take a person out of a workspace."""
    with transaction() as session:
        session.execute(
            delete(Membership).where(
                Membership.user_id == user.id, Membership.workspace_id == workspace_id
            )
        )


def _check(person: NewPerson, more: Mapping[str, str] | None = None) -> None:
    problems = {
        "name": _name_problem(_name_of(person)),
        "email": "" if EMAIL.fullmatch(person.email.strip()) else "Write it like ana@example.org.",
        "password": passwords.problem_of(person.password, person.email),
        **(more or {}),
    }
    found = {field: problem for field, problem in problems.items() if problem}
    if found:
        raise InvalidPerson(found)
    if User.with_email(person.email):
        raise InvalidPerson({"email": "Somebody with this email exists already."})


def _name_of(person: NewPerson) -> str:
    return person.name.strip() or person.email.partition("@")[0].strip()


def _name_problem(name: str) -> str:
    if not name.strip():
        return "How shall openBuild call you?"
    return "" if len(name) <= LONGEST_NAME else f"At most {LONGEST_NAME} characters."


def _is_claimed(workspace_id: int) -> bool:
    return db.session.get(OwnerClaim, workspace_id) is not None


def _add(person: NewPerson, password_hash: str, workspace_id: int, role: Role) -> User:
    user = User(
        email=person.email.strip().lower(),
        name=_name_of(person),
        password_hash=password_hash,
        created_at=clock.now(),
    )
    db.session.add(user)
    db.session.flush()
    db.session.add(
        Membership(workspace_id=workspace_id, user_id=user.id, role=role, created_at=clock.now())
    )
    return user
