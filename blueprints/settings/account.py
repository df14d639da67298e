"""What the page of one's own account shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from blueprints.access import current_person, current_workspace
from core.runtime import second_factor, second_factor_changes, time_codes
from core.storage.second_factor import RecoveryCode

PAGE = "settings/profile.html"


@dataclass(frozen=True, slots=True)
class Factor:
    """Two-factor sign-in as it stands: off, begun, or on."""

    on_since: datetime | None
    codes_left: int
    begun_key: str | None
    is_asked_for: bool
    fresh_codes: Sequence[str]
    problems: Mapping[str, str]

    @property
    def key_in_groups(self) -> str:
        """The key as people type it."""
        key = self.begun_key or ""
        return " ".join(key[at : at + 4] for at in range(0, len(key), 4))

    @property
    def picture(self) -> Markup:
        """The key as a picture that an app reads."""
        import segno  # only here, and seldom

        address = time_codes.enrolment_address(
            self.begun_key or "", issuer=current_workspace().label, email=current_person().email
        )
        drawn = segno.make(address, error="m", micro=False)
        return Markup(drawn.svg_inline(border=4, omitsize=True, svgclass="qr__svg"))


def shown(
    *,
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    factor_problems: Mapping[str, str] | None = None,
    fresh_codes: Sequence[str] = (),
) -> dict[str, object]:
    """What the page and its parts need."""
    person = current_person()
    return {
        "typed": typed or {"name": person.name, "theme": person.theme},
        "problems": problems or {},
        "factor": Factor(
            on_since=second_factor.on_since(person.id),
            codes_left=RecoveryCode.count_left(person.id),
            begun_key=second_factor_changes.begun_key(person),
            is_asked_for=current_workspace().asks_second_factor,
            fresh_codes=fresh_codes,
            problems=factor_problems or {},
        ),
    }
