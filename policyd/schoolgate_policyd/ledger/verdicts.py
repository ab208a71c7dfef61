"""A verdict on a log in words, and as a command's exit status."""

from schoolgate_policyd.ledger.verifying import Completeness, Verdict

INTACT, BROKEN, INCOMPLETE = 0, 1, 3


def said(verdict: Verdict) -> str:
    """Return the lines that say what *verdict* found."""
    return "\n".join(_lines(verdict))


def _lines(verdict: Verdict) -> tuple[str, ...]:
    if verdict.broken is not None:
        return (
            f"broken at line {verdict.broken.line:,}: {verdict.broken.what}",
            f"{verdict.entries:,} entries stand before it",
        )
    intact = (
        f"intact: {verdict.entries:,} entries under {verdict.checkpoints:,} checkpoints; of "
        f"{verdict.deleted:,} the personal part was deleted"
    )
    match verdict.completeness:
        case Completeness.UNKNOWN:
            return intact, "completeness unknown: no witness's checkpoint was given"
        case Completeness.INCOMPLETE:
            return intact, f"not complete: {verdict.missing}"
        case Completeness.COMPLETE:
            return (
                intact,
                f"complete: it has all {verdict.seen:,} entries that the witnesses saw",
            )
