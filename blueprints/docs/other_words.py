"""What readers call things that the documentation calls otherwise, and other forms of its words."""

from collections.abc import Mapping, Sequence

SHORTEST = 4  # letters that are left of a word without its ending
ENDINGS = ("ations", "ation", "ions", "ion", "ings", "ing", "ies", "ed", "es", "e", "s", "y")
CALLED: Mapping[str, Sequence[str]] = {
    "air-gapped": ("without a network",),
    "credential": ("connection",),
    "daylight": ("clocks change",),
    "dst": ("clocks change",),
    "environment": ("openbuild_", "settings"),
    "execution": ("run",),
    "grafana": ("prometheus",),
    "horizontal": ("machines",),
    "human": ("person",),
    "invite": ("users create",),
    "kubernetes": ("container",),
    "license": ("licence",),
    "member": ("people",),
    "migrate": ("upgrading",),
    "migration": ("upgrading",),
    "node": ("step",),
    "offline": ("without a network",),
    "permission": ("role", "viewers"),
    "plugin": ("of your own",),
    "recursive": ("circle",),
    "replay": ("again",),
    "reverse": ("behind a proxy",),
    "rollback": ("go back",),
    "saving": ("clocks change",),
    "ssl": ("tls",),
    "summer": ("clocks change",),
    "team": ("people",),
    "variable": ("settings",),
}


def forms(word: str) -> tuple[str, ...]:
    """All that may stand in a text for this word."""
    stems = (word.removesuffix(ending) for ending in ENDINGS if word.endswith(ending))
    stem = next((stem for stem in stems if len(stem) >= SHORTEST), word)
    called = CALLED.get(word) or CALLED.get(word.removesuffix("s"), ())
    return (word, stem, *called)
