"""The proof and the replay of a draft, while they run and when they are done."""

import msgspec

from schoolgate_policyd.replay.outcome import Replay
from schoolgate_policyd.workflow.policy_versions import PolicyVersion, ProofRecord
from schoolgate_policyd.workflow.visibility import Sight, may
from schoolgate_webui.checks import Check, Checks
from schoolgate_webui.views.drafts import Drafted, Header, header_of, proof_tag, replay_tag
from schoolgate_webui.views.moments import day_and_time
from schoolgate_webui.views.replay import ReplayView, replay_view
from schoolgate_webui.views.stages import Tag

# More of these on one page are not read; the count says that there are more.
MOST_SENTENCES = 25


class Progress(msgspec.Struct, frozen=True):
    """How far a check is; *is_running* when this draft's runs now."""

    href: str
    look_href: str
    is_running: bool
    says: str


class Sentences(msgspec.Struct, frozen=True):
    """A list of findings; *further* says how many are left out."""

    title: str
    lines: tuple[str, ...]
    further: str = ""


class ProofPage(msgspec.Struct, frozen=True):
    """What the page about the proof prints."""

    header: Header
    title: str
    tag: Tag
    progress: Progress
    fault: str
    is_old: bool
    when: str
    faults: tuple[str, ...]
    found: tuple[Sentences, ...]
    coverage: tuple[str, ...]
    button: str


class ReplayPage(msgspec.Struct, frozen=True):
    """What the page about the replay prints."""

    header: Header
    title: str
    tag: Tag
    progress: Progress
    fault: str
    is_old: bool
    when: str
    replay: ReplayView | None
    button: str


def progress_of(check: Check, version: PolicyVersion, checks: Checks) -> Progress:
    """Return how far *check* of *version* is."""
    run = checks.run_of(check, version)
    if run is None:
        says = ""
    elif run.total:
        says = f"{run.done:,} of {run.total:,} events are done."
    else:
        usual = "It usually takes less than half a minute." if run.seconds < 30 else ""  # noqa: PLR2004 - as it says
        says = f"It has been running for {run.seconds} seconds. {usual}".strip()
    base = f"/policy/drafts/{version.number}"
    return Progress(f"{base}/progress/{check}", f"{base}/{check}", run is not None, says)


def proof_page(drafted: Drafted, checks: Checks) -> ProofPage:
    """Return the page about the proof of a draft."""
    version, proof = drafted.version, drafted.version.proof
    is_old = proof is not None and not version.is_said_by(proof)
    return ProofPage(
        header=header_of(drafted),
        title="Proof",
        tag=proof_tag(drafted, checks),
        progress=progress_of(Check.PROOF, version, checks),
        fault=checks.fault(Check.PROOF, version),
        is_old=is_old,
        when="" if proof is None else day_and_time(drafted.now.recorded(proof.at)),
        faults=() if proof is None else proof.faults[:MOST_SENTENCES],
        found=findings_of(proof),
        coverage=() if proof is None else proof.coverage,
        button="Run the proof" if proof is None else "Run the proof again",
    )


def replay_page(drafted: Drafted, checks: Checks) -> ReplayPage:
    """Return the page about the replay of a draft."""
    version, kept = drafted.version, drafted.version.replay
    is_old = kept is not None and not version.is_said_by(kept)
    return ReplayPage(
        header=header_of(drafted),
        title="Replay of the last seven days",
        tag=replay_tag(drafted, checks),
        progress=progress_of(Check.REPLAY, version, checks),
        fault=checks.fault(Check.REPLAY, version),
        is_old=is_old,
        when="" if kept is None else day_and_time(drafted.now.recorded(kept.at)),
        replay=kept_replay(drafted),
        button="Run the replay" if kept is None else "Run the replay again",
    )


def kept_replay(drafted: Drafted) -> ReplayView | None:
    """
    Return what the replay of a draft found; None where it was not run.

    Names of sites are in it for those alone who may see blocked attempts.
    """
    version, now = drafted.version, drafted.now
    if version.replay is None:
        return None
    found = msgspec.convert(version.replay.result, Replay)
    # It was run for a time of the machine's clock; pages show the school's.
    found = msgspec.structs.replace(
        found,
        since=None if found.since is None else now.recorded(found.since),
        until=None if found.until is None else now.recorded(found.until),
    )
    shows_names = may(drafted.member, Sight.BLOCKED_ATTEMPTS)
    return replay_view(found, now.zone, shows_names=shows_names)


def findings_of(proof: ProofRecord | None, most: int = MOST_SENTENCES) -> tuple[Sentences, ...]:
    """Return what a version opens, gives up and closes, at most *most* sentences of each."""
    if proof is None:
        return ()
    found = (
        _some("What it opens", proof.openings, proof.opening_count, most),
        _some("What it gives up beside that", proof.loosenings, len(proof.loosenings), most),
        _some("What it closes", proof.closings, proof.closing_count, most),
    )
    # That nothing opens is said; that nothing closes goes without saying.
    return found[:1] + tuple(each for each in found[1:] if each.lines)


def _some(title: str, lines: tuple[str, ...], count: int, most: int) -> Sentences:
    left = count - len(lines[:most])
    sentences = tuple(f"{each.removesuffix('.')}." for each in lines[:most])
    return Sentences(title, sentences, f"And {left:,} more." if left > 0 else "")
