"""What experiments count: which figures are promises, and how a crowd is told in one figure."""

MOST_NAMED = 3

# Wherever one of these is counted it must be 0; an experiment adds its own limits as AT_MOST.
NEVER = (
    "broke",
    "broken_rules",
    "damaged",
    "doubled",
    "early",
    "late_writes",
    "lost",
    "miscounted",
    "missed",
    "missing",
    "other_answers",
    "stuck",
    "twice",
    "wrong_key",
)


def broken(experiment, counted):
    """The promises that these figures break, each with the most that it may be."""
    limits = dict.fromkeys(NEVER, 0) | getattr(experiment, "AT_MOST", {})
    return {name: most for name, most in limits.items() if counted.get(name, 0) > most}


def counted(wrong):
    """How many there are of each kind; and of those that there are, the first by name."""
    named = {kind: sorted(each)[:MOST_NAMED] for kind, each in wrong.items() if each}
    return {kind: len(each) for kind, each in wrong.items()} | ({"such_as": named} if named else {})


def quantile(values, share):
    """The value that this share of all does not exceed; 0 if there are none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0
