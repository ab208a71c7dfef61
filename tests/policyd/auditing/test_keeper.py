"""policyd keeps the audit: checkpoints when due, witnesses outside, deletion with holds."""

import asyncio
import json
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from office import CHAIR, HEAD, MACHINE, SECOND_HEAD, QuickHasher, fill
from sqlalchemy import select

from schoolgate_policyd.auditing.by_hand import export_log, make_checkpoint
from schoolgate_policyd.auditing.keeper import (
    CHECKPOINT_FILE,
    Keeper,
    Kept,
    append_checkpoint,
    keeper_of,
)
from schoolgate_policyd.auditing.keys import (
    PUBLIC_KEY,
    SIGNING_KEY,
    AuditError,
    AuditKeyError,
    public_key_of,
    signer_of,
)
from schoolgate_policyd.auditing.witnesses import LOG_NAME
from schoolgate_policyd.config import AuditSettings, RetentionSettings, Settings, WebSettings
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.ipc.messages import Blocked, EventBatch, NumberedEvent, PointKind
from schoolgate_policyd.ledger.checkpoints import notes_in, open_checkpoint
from schoolgate_policyd.ledger.codes import read_code
from schoolgate_policyd.ledger.logfile import lines_in
from schoolgate_policyd.ledger.notes import read_verifier
from schoolgate_policyd.ledger.verifying import verify
from schoolgate_policyd.store.database import Database, open_engine
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.event_rows import BlockedRow
from schoolgate_policyd.store.events import EventStore
from schoolgate_policyd.store.held_events import HELD_FILE, HeldEvents
from schoolgate_policyd.store.models import OutboxRow
from schoolgate_policyd.store.retention import RetentionError
from schoolgate_policyd.workflow.alert_words import said
from schoolgate_policyd.workflow.legal_holds import HoldOn, NewHold

DAY = timedelta(days=1)
PUBLIC_URL = WebSettings(public_url="https://filter.school.example")


class FixedClock:
    def now(self) -> datetime:
        return MACHINE


class Office:
    """A school's stores, and the keeper that its settings ask for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.share = folder / "share"
        self.settings = Settings(var_dir=folder / "var", web=PUBLIC_URL)
        self.decisions = DecisionStore(self.settings.decisions_path, hasher=QuickHasher())
        fill(self.decisions)
        self.events = EventStore(self.settings.events_dir)

    def keeper(self, audit: AuditSettings = AuditSettings()) -> Keeper:  # noqa: B008 - frozen
        """Return the keeper."""
        self.settings = Settings(var_dir=self.folder / "var", web=PUBLIC_URL, audit=audit)
        kept = Kept(self.decisions, self.events, HeldEvents(self.settings.events_dir))
        return keeper_of(self.settings, kept, machine_clock=FixedClock())

    def close(self) -> None:
        self.decisions.close()
        self.events.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with closing(Office(tmp_path)) as opened:
        yield opened


def test_the_key_is_made_once_and_its_owners_alone(office: Office) -> None:
    signer = signer_of(office.settings)

    path = office.settings.audit_dir / SIGNING_KEY
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert 0o700 == stat.S_IMODE(path.parent.stat().st_mode)
    assert str(signer.verifier) == str(signer_of(office.settings).verifier)
    assert signer.verifier.name.startswith("filter.school.example/audit/")
    assert str(signer.verifier) == public_key_of(office.settings)
    assert str(signer.verifier) == (path.parent / PUBLIC_KEY).read_text().strip()


def test_a_key_that_others_may_read_or_that_is_none_is_not_used(office: Office) -> None:
    signer_of(office.settings)
    path = office.settings.audit_dir / SIGNING_KEY
    path.chmod(0o640)
    with pytest.raises(AuditKeyError, match="chmod 600"):
        signer_of(office.settings)
    path.chmod(0o600)
    path.write_text("PRIVATE+KEY+secretpart")
    with pytest.raises(AuditKeyError) as caught:
        signer_of(office.settings)
    assert "secretpart" not in str(caught.value)


def test_a_checkpoint_a_day_and_one_when_asked(office: Office) -> None:
    keeper = office.keeper()

    first = keeper.look(MACHINE)
    assert first is not None
    assert keeper.look(MACHINE) is None
    office.decisions.checkpoints.want(by=HEAD.id, at=MACHINE)
    second = keeper.look(MACHINE)
    assert second is not None
    assert keeper.look(MACHINE + DAY) is None
    office.decisions.credentials.set_password(HEAD.id, "another one", at=MACHINE, by=None)
    assert keeper.look(MACHINE + DAY / 2) is None
    third = keeper.look(MACHINE + DAY)
    assert third is not None

    verifier = read_verifier(public_key_of(office.settings))
    appended = (office.settings.audit_dir / CHECKPOINT_FILE).read_text()
    assert [first.checkpoint, second.checkpoint, third.checkpoint] == [
        open_checkpoint(each, verifier) for each in notes_in(appended)
    ]


FIRST, SECOND = (f"origin\n{size}\nroot=\n\n\u2014 name c2lnbmF0dXJl\n" for size in (1, 2))


def test_a_note_is_appended_once(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints"
    for note in (FIRST, FIRST, SECOND, SECOND):
        append_checkpoint(path, note)

    assert f"{FIRST}\n{SECOND}" == path.read_text()


@pytest.mark.parametrize("left", range(len(SECOND.encode()) + 1))
def test_a_note_that_a_power_cut_left_half_gives_way_to_the_next(
    tmp_path: Path, left: int
) -> None:
    path = tmp_path / "checkpoints"
    append_checkpoint(path, FIRST)
    with path.open("ab") as file:
        file.write(b"\n" + SECOND.encode()[:left])

    append_checkpoint(path, SECOND)

    assert f"{FIRST}\n{SECOND}" == path.read_text()


@pytest.mark.parametrize("left", range(len(FIRST.encode()) + 1))
def test_the_first_note_may_be_half_too(tmp_path: Path, left: int) -> None:
    path = tmp_path / "checkpoints"
    append_checkpoint(path, "")
    path.write_bytes(FIRST.encode()[:left])

    append_checkpoint(path, FIRST)

    assert FIRST == path.read_text()


def test_the_share_has_checkpoints_and_the_log(office: Office) -> None:
    office.share.mkdir()
    made = office.keeper(AuditSettings(share=office.share, share_has_log=True)).look(MACHINE)

    assert made is not None
    verifier = read_verifier(made.key)
    note = (office.share / "checkpoints" / f"{made.size:012}.txt").read_text()
    with (office.share / LOG_NAME).open("rb") as log:
        verdict = verify(lines_in(log), verifier, [open_checkpoint(note, verifier)])
    assert (True, made.size, None) == (verdict.is_intact, verdict.seen, verdict.missing)
    witnessed = office.decisions.checkpoints.recent()[0].witnessed
    assert [("file share", None)] == [(each.witness, each.fault) for each in witnessed]


def test_a_share_that_is_not_there_is_not_made_but_tried_again(office: Office) -> None:
    keeper = office.keeper(AuditSettings(share=office.share))
    keeper.look(MACHINE)

    assert not office.share.exists()
    assert "mount the share" in (office.decisions.checkpoints.recent()[0].witnessed[0].fault or "")
    office.share.mkdir()
    keeper.look(MACHINE + timedelta(minutes=5))
    assert not any(office.share.iterdir())
    keeper.look(MACHINE + timedelta(hours=1))
    assert office.decisions.checkpoints.recent()[0].witnessed[0].fault is None
    assert any(office.share.iterdir())


def test_a_checkpoint_goes_by_e_mail_once_to_chair_and_heads(office: Office) -> None:
    keeper = office.keeper(AuditSettings(by_mail=True))
    made = keeper.look(MACHINE)
    keeper.look(MACHINE + timedelta(hours=2))

    assert made is not None
    with office.decisions.database.reading() as session:
        rows = session.scalars(select(OutboxRow).order_by(OutboxRow.recipient_id)).all()
    assert [CHAIR.id, SECOND_HEAD.id, HEAD.id] == [each.recipient_id for each in rows]
    words = said(rows[0].kind, json.loads(rows[0].facts)).paragraphs
    assert f"{made.size} entries" in words[0]
    origin = read_verifier(made.key).name
    assert made.checkpoint == read_code(origin, made.size, words[1])


def event_of(person: str | None, at: datetime, host: str) -> Blocked:
    return Blocked(
        at,
        at,
        at,
        PointKind.DNS,
        "127.0.1.10",
        Audience.PUPIL,
        DeviceKind.UNKNOWN,
        "pupils",
        host,
        (),
        (),
        person=person,
        device_id="tablet" if person is None else None,
    )


def test_events_under_a_legal_hold_are_copied_out_before_their_day_is_deleted(
    office: Office,
) -> None:
    old = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
    events = (
        event_of("acorn", old, "held.example"),
        event_of("maple", old, "gone.example"),
        event_of(None, old, "device.example"),
    )
    numbered = tuple(NumberedEvent(number, each) for number, each in enumerate(events, start=1))
    office.events.append(EventBatch("dns", "b1", numbered), at=old)
    for new in (
        NewHold(HoldOn.PERSON, "acorn", "a complaint"),
        NewHold(HoldOn.OBJECT, "device/tablet", "a complaint"),
    ):
        office.decisions.legal_holds.place(new, by=HEAD.id, at=MACHINE)

    deleted = office.keeper().tidy(MACHINE)

    assert 1 == deleted["events"]
    assert () == office.events.recent()
    with (
        closing(Database(open_engine(office.settings.events_dir / HELD_FILE))) as held,
        held.reading() as session,
    ):
        hosts = {each.host for each in session.query(BlockedRow)}
    assert {"held.example", "device.example"} == hosts


def held_hosts(office: Office) -> set[str]:
    """Return the names in the file of held events."""
    with (
        closing(Database(open_engine(office.settings.events_dir / HELD_FILE))) as held,
        held.reading() as session,
    ):
        return {each.host for each in session.query(BlockedRow)}


def test_held_events_go_with_their_hold_and_the_file_with_the_last_of_them(
    office: Office,
) -> None:
    old = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
    events = (event_of("acorn", old, "rare-pupil.example"), event_of(None, old, "device.example"))
    numbered = tuple(NumberedEvent(number, each) for number, each in enumerate(events, start=1))
    office.events.append(EventBatch("dns", "b1", numbered), at=old)
    person, device = (
        office.decisions.legal_holds.place(new, by=HEAD.id, at=MACHINE)
        for new in (
            NewHold(HoldOn.PERSON, "acorn", "a complaint"),
            NewHold(HoldOn.OBJECT, "device/tablet", "a complaint"),
        )
    )
    keeper, file = office.keeper(), office.settings.events_dir / HELD_FILE
    keeper.tidy(MACHINE)
    assert "held-events" not in keeper.tidy(MACHINE + DAY)

    office.decisions.legal_holds.lift(person.id, why="settled", by=HEAD.id, at=MACHINE)
    assert 1 == keeper.tidy(MACHINE + 2 * DAY)["held-events"]
    assert {"device.example"} == held_hosts(office)
    octets = b"".join(each.read_bytes() for each in file.parent.glob(f"{HELD_FILE}*"))
    assert b"rare-pupil" not in octets

    office.decisions.legal_holds.lift(device.id, why="settled", by=HEAD.id, at=MACHINE)
    assert 1 == keeper.tidy(MACHINE + 3 * DAY)["held-events"]
    assert [] == list(file.parent.glob(f"{HELD_FILE}*"))
    assert "held-events" not in keeper.tidy(MACHINE + 4 * DAY)


def test_a_hold_on_events_keeps_their_days(office: Office) -> None:
    old = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
    numbered = (NumberedEvent(1, event_of("acorn", old, "held.example")),)
    office.events.append(EventBatch("dns", "b1", numbered), at=old)
    new = NewHold(HoldOn.KIND, "events", "a complaint")
    hold = office.decisions.legal_holds.place(new, by=HEAD.id, at=MACHINE)

    assert "events" not in office.keeper().tidy(MACHINE)
    office.decisions.legal_holds.lift(hold.id, why="settled", by=HEAD.id, at=MACHINE)
    assert 1 == office.keeper().tidy(MACHINE)["events"]


def test_settings_that_keep_too_long_or_too_short_are_refused(office: Office) -> None:
    kept = Kept(office.decisions, office.events, HeldEvents(office.settings.events_dir))
    settings = Settings(
        var_dir=office.folder, retention=(RetentionSettings(kind="events", days=9_999),)
    )

    with pytest.raises(RetentionError, match="write 7 to 365"):
        keeper_of(settings, kept, machine_clock=FixedClock())


def test_the_keeper_goes_on_when_the_key_cannot_be_used(office: Office) -> None:
    """The rest of policyd goes on; the fault is in its log, and the pages show no checkpoint."""
    signer_of(office.settings)
    (office.settings.audit_dir / SIGNING_KEY).chmod(0o644)
    keeper = office.keeper()

    async def tried() -> None:
        running = asyncio.create_task(keeper.run(every_s=0.01))
        done, _ = await asyncio.wait([running], timeout=0.3)
        assert not done
        running.cancel()

    asyncio.run(tried())
    assert () == office.decisions.checkpoints.recent()


def test_a_log_is_exported_by_hand_with_its_own_entry(office: Office) -> None:
    path = office.folder / "audit.log"

    made = export_log(office.settings, path)

    with path.open("rb") as log:
        verdict = verify(lines_in(log), read_verifier(made.key))
    assert (True, made.size) == (verdict.is_intact, verdict.entries)
    assert b"audit-exported" in path.read_bytes()
    assert made == make_checkpoint(office.settings)


def test_there_is_nothing_to_export_before_the_first_start(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="start the school"):
        make_checkpoint(Settings(var_dir=tmp_path))
