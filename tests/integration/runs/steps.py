"""Steps as a workflow file writes them, in one line each."""

OPTIONS = ("label", "only_when", "retry", "timeout", "on_error", "disabled", "branches")


def step(id, type="compose", **more):
    """A step; what is no option of steps is one of its inputs."""
    options = {name: more.pop(name) for name in OPTIONS if name in more}
    return {"id": id, "type": type, "inputs": more, **options}


def branch(key, *steps, **more):
    """A path of a block."""
    return {"key": key, "steps": list(steps), **more}
