"""Every secret that is kept encrypted, whoever keeps it: read for trouble, sealed anew."""

from core.runtime import connections, second_factor


def reseal_all() -> int:
    """Encrypt all of them with the newest key; says how many."""
    return connections.reseal_all() + second_factor.reseal_all()


def unreadable() -> list[str]:
    """Which ones don't open with the present keys, by what people call them."""
    people = [f"two-factor sign-in of {email}" for email in second_factor.unreadable()]
    return [*connections.unreadable(), *people]
