"""Change the keys that encrypt stored secrets."""

import argparse
from pathlib import Path

from blueprints.cli import Refused, verbs


def arguments(parser: argparse.ArgumentParser) -> None:
    """The one verb."""
    made = verbs(parser, rotate=rotate)
    made["rotate"].add_argument(
        "--forget-old",
        action="store_true",
        help="drop the older keys too: backups from before need them",
    )


def rotate(options: argparse.Namespace) -> None:
    """Make a new key and encrypt every stored secret with it; openBuild may go on running"""
    from blueprints.cli._database import database
    from core import config, config_keys
    from core.runtime import stored_secrets
    from core.runtime.gateways.secrets import SecretsUnreadable

    settings = config.current()
    file = settings.home / "keys"
    is_ours = config_keys.stored(settings.home).encryption_keys == settings.encryption_keys
    if options.forget_old and not is_ours:
        raise Refused("The keys are in OPENBUILD_ENCRYPTION_KEYS: drop the older ones there.")
    with database(SecretsUnreadable):
        if options.forget_old:
            refuse_if_running(settings.home)
        if is_ours:
            check_all_open()
            keys = (config_keys.fresh_encryption_key(), *settings.encryption_keys)
            config_keys.replace(file, config_keys.written(settings.secret_key, keys))
            config.refresh_keys()
        count = stored_secrets.reseal_all()
        if options.forget_old:
            kept = config.current().encryption_keys[:1]
            config_keys.replace(file, config_keys.written(settings.secret_key, kept))
    print(outcome(count, is_ours=is_ours, forgot=options.forget_old))


def check_all_open() -> None:
    """Refuse when a secret can't be read: it would stay so."""
    from core.runtime import stored_secrets

    if locked := stored_secrets.unreadable():
        raise Refused(
            f"The keys here don't open the secrets of: {', '.join(locked)}. "
            "Put the missing key back, or enter these secrets again, then rotate."
        )


def refuse_if_running(home: Path) -> None:
    """A running process might still use an older key."""
    from blueprints.cli.supervision.occupation import Occupation
    from core.runtime import backups

    occupation = Occupation(home)
    try:
        occupation.take()
        backups.check_nobody_is_here()
    except backups.BackupRefused as error:
        raise Refused(str(error)) from error
    finally:
        occupation.leave()


def outcome(count: int, *, is_ours: bool, forgot: bool) -> str:
    """What was done, in words."""
    secrets = "1 stored secret is" if count == 1 else f"{count} stored secrets are"
    if not is_ours:
        return f"{secrets} now encrypted with the first key of OPENBUILD_ENCRYPTION_KEYS."
    older = "Older keys are gone." if forgot else "Older keys stay in the file, for backups."
    return f"A new key is in use; {secrets} now encrypted with it. {older}"
