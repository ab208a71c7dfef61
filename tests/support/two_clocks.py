"""A machine whose wall clock, boot-time clock and kernel say what a test wants."""

from datetime import UTC, datetime

from schoolgate_policyd.clock_doubt import Times

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BOOT = "11111111-2222-3333-4444-555555555555"


class FakeMachine:
    """Its wall clock may be set, its boot-time clock never; *kept* is what the kernel says."""

    def __init__(self, moment: datetime = START, *, ran_s: float = 1000.0) -> None:
        self.wall_s = moment.timestamp()
        self.ran_s = ran_s
        self.kept: bool | None = True
        self.times_asked = 0

    @property
    def moment(self) -> datetime:
        """What its wall clock shows."""
        return datetime.fromtimestamp(self.wall_s, UTC)

    def times(self) -> Times:
        """Read both clocks."""
        return Times(self.wall_s, self.ran_s)

    def is_synchronised(self) -> bool | None:
        """Whether the kernel says that the clock is kept right."""
        self.times_asked += 1
        return self.kept

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        self.wall_s += seconds
        self.ran_s += seconds

    def step(self, seconds: float) -> None:
        """Set the wall clock."""
        self.wall_s += seconds
