"""What is blocked at once, in words: what, for whom, by whom, when and why."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

import msgspec

from schoolgate_policyd.core.at_once import BlockedPart, BlockedService, BlockedSite
from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.names import Url
from schoolgate_policyd.ipc.messages import Status
from schoolgate_policyd.workflow.blockable import Extent, name_of
from schoolgate_policyd.workflow.blocks import EVERYBODY, PUPILS, Block, NotSure
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.scopes import service_of
from schoolgate_webui.views.fields import Form, Option
from schoolgate_webui.views.moments import Now, day_and_time
from schoolgate_webui.views.requests import Names, Row
from schoolgate_webui.views.stages import Tag

_LABELS = {
    "url": "Address",
    "extent": "How much of it?",
    "whom": "For whom?",
    "reason": "Why?",
    "answer": "Answer to whoever reported it",
    "sure": "Block it all the same",
}
_LIFT_LABELS = {"reason": "Why does it open again?"}
_WHOM = (
    Option(PUPILS, "Pupils", "And everybody on a device that is not known."),
    Option(EVERYBODY, "Everybody", "Staff and visitors too."),
)
IN_FORCE = Tag("In force", "govuk-tag--red")
COMING = Tag("Coming into force", "govuk-tag--yellow")
LIFTED = Tag("Lifted", "govuk-tag--grey")


class BlockLine(msgspec.Struct, frozen=True):
    """A block in the list."""

    href: str
    what: str
    whom: str
    who: str
    when: str
    why: str


class BlocksPage(msgspec.Struct, frozen=True):
    """What is blocked at once, and what was."""

    may_block: bool
    in_force: tuple[BlockLine, ...]
    lifted: tuple[BlockLine, ...]


class BlockFormPage(msgspec.Struct, frozen=True):
    """
    The form; *warnings* are to be known first, and *sure* is what says so.

    *report* is the number of the report that it comes from, 0 without one.
    """

    fields: Form
    extent_options: list[dict[str, object]]
    whom_options: list[dict[str, object]]
    report: int
    warnings: tuple[str, ...]
    sure: str
    mistakes: list[dict[str, str]]


class DraftLink(msgspec.Struct, frozen=True):
    """A draft of the policy that the block can become part of."""

    text: str
    href: str


class BlockPage(msgspec.Struct, frozen=True):
    """One block; *lifting* is the form for whoever may lift it, *proofs* who signed that."""

    number: int
    href: str
    title: str
    tag: Tag
    rows: tuple[Row, ...]
    proofs: tuple[str, ...]
    drafts: tuple[DraftLink, ...]
    may_draft: bool
    lifting: Form | None
    mistakes: list[dict[str, str]]


def said_of_rules(blocks: Iterable[Block], names: Names, now: Now) -> Mapping[str, str]:
    """Return, by the id of its rule, a sentence for each of *blocks*: who, when and why."""
    return {
        each.at_once.rule_id: (
            f"It was blocked at once by {names.person(each.by)} on "
            f"{day_and_time(now.recorded(each.at))}: {each.reason}"
        )
        for each in blocks
    }


def line_of(block: Block, catalogue: Catalogue, names: Names, now: Now) -> BlockLine:
    """Return *block* for the list; of a lifted one who lifted it, when and why."""
    lifted = block.lifted
    return BlockLine(
        href=f"/blocks/{block.number}",
        what=name_of(block.what, catalogue),
        whom=_whom(block),
        who=names.person(block.by if lifted is None else lifted.by),
        when=day_and_time(now.recorded(block.at if lifted is None else lifted.at)),
        why=block.reason if lifted is None else lifted.reason,
    )


def form_page(
    catalogue: Catalogue,
    url: Url | None,
    entered: Mapping[str, str],
    *,
    report: int = 0,
    invalid: InvalidForm | None = None,
) -> BlockFormPage:
    """Return the form with what was *entered*; *url* is the address as far as it is known."""
    unsure = invalid.unsure if isinstance(invalid, NotSure) else None
    values = {"whom": PUPILS, "extent": Extent.PART.value, **entered}
    if url is not None and url.path == "/" and url.query is None and "extent" not in entered:
        values["extent"] = Extent.SITE.value
    fields = Form(_LABELS, values, None if unsure is not None else invalid)
    warnings = () if unsure is None else unsure.warnings
    asks = [{"text": "Read this before you block it", "href": "#sure"}] if warnings else []
    return BlockFormPage(
        fields=fields,
        extent_options=[each.printed() for each in _extents(catalogue, url)],
        whom_options=[each.printed() for each in _WHOM],
        report=report,
        warnings=warnings,
        sure="" if unsure is None else unsure.digest,
        mistakes=[*asks, *fields.mistakes],
    )


def block_page(
    block: Block,
    catalogue: Catalogue,
    names: Names,
    now: Now,
    *,
    status: Status | None,
    version: int,
    drafts: tuple[DraftLink, ...],
    may_draft: bool,
    may_lift: bool,
    proofs: tuple[str, ...],
    entered: Mapping[str, str],
    invalid: InvalidForm | None = None,
) -> BlockPage:
    """
    Return the page of *block*; *version* is the store's, *status* what is in force where.

    *entered* stands in the form that lifts it, *proofs* say by what means it was signed.
    """
    fields = None
    if may_lift and block.lifted is None:
        fields = Form(_LIFT_LABELS, entered, invalid)
    tag = IN_FORCE if status is not None and status.in_force_version >= version else COMING
    return BlockPage(
        number=block.number,
        href=f"/blocks/{block.number}",
        title=name_of(block.what, catalogue),
        tag=tag if block.lifted is None else LIFTED,
        rows=tuple(_rows(block, names, now)),
        proofs=proofs,
        drafts=drafts,
        may_draft=may_draft,
        lifting=fields,
        mistakes=[] if fields is None else fields.mistakes,
    )


def change_query(block: Block) -> tuple[str, str] | None:
    """
    Return the kind of change, and what is filled into its form, that says the same in a draft.

    None for a part of a site, which stands in the rule file itself.
    """
    audiences = ("pupil", "staff", "visitor") if block.is_for_everybody else ("pupil",)
    values = {f"audience:{each}": "yes" for each in audiences} | {"reason": block.reason}
    match block.what:
        case BlockedSite(host):
            return "site", urlencode({"name": str(host), "domains": str(host), **values})
        case BlockedService(service):
            return "block", urlencode({"what": service, **values})
        case BlockedPart():
            return None


def _whom(block: Block) -> str:
    return "Everybody" if block.is_for_everybody else "Pupils"


def _rows(block: Block, names: Names, now: Now) -> Iterable[Row]:
    yield Row("For whom", _whom(block))
    yield Row("Blocked by", f"{names.person(block.by)}, {day_and_time(now.recorded(block.at))}")
    yield Row("Why", block.reason)
    if block.lifted is not None:
        lifted = block.lifted
        when = day_and_time(now.recorded(lifted.at))
        yield Row("Lifted by", f"{names.person(lifted.by)}, {when}")
        yield Row("Why it opened again", lifted.reason)


def _extents(catalogue: Catalogue, url: Url | None) -> Iterable[Option]:
    service = None if url is None else service_of(url.host, catalogue)
    yield Option(
        Extent.PART,
        "This page or part",
        "What the address says and everything below it. Where Schoolgate cannot look into "
        "connections, the whole site closes.",
    )
    yield Option(Extent.SITE, "The whole site", "The name in the address and everything below it.")
    yield Option(
        Extent.SERVICE,
        "The whole service" if service is None else f"All of {service.name}",
        "Every site of a service that Schoolgate knows."
        if service is None
        else "Every site that belongs to it.",
    )
