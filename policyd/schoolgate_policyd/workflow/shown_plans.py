"""What was shown is what is done: a plan that a form says yes to is named by its digest."""

import hashlib
import json

import msgspec


def digest_of(plan: msgspec.Struct) -> str:
    """Return what stands for exactly *plan*: another has another, whatever order its sets have."""
    text = json.dumps(msgspec.to_builtins(plan, order="sorted"), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
