"""The policy in force with the blocks at once laid over it, made anew only when either changed."""

from schoolgate_policyd.core.at_once import AtOnce, with_blocks, with_blocks_of
from schoolgate_policyd.core.policy import Policy


class Laying:
    """
    Lays blocks over policies and gives one object for what is the same.

    Whoever holds what it gave sees by identity that nothing changed, every second.
    """

    def __init__(self) -> None:
        self._policy: Policy | None = None
        self._blocks: tuple[AtOnce, ...] = ()
        self._laid: Policy | None = None

    def laid(
        self, policy: Policy, blocks: tuple[AtOnce, ...] | None, before: Policy | None = None
    ) -> Policy:
        """
        Return *policy* with *blocks*; with those of *before* while nobody knows them (None).

        A store that cannot be read must not open what was blocked.
        """
        if blocks is None:
            return policy if before is None else with_blocks_of(policy, before)
        if self._laid is None or policy is not self._policy or blocks != self._blocks:
            self._laid = with_blocks(policy, blocks)
            self._policy, self._blocks = policy, blocks
        return self._laid
