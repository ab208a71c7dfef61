"""What a signature would do, in lines for whoever signs."""

from office import MACHINE, TEACHER, form, policy

from schoolgate_policyd.core.subjects import DeviceKind
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.workflow import moves
from schoolgate_policyd.workflow.effects import Effects, Opening
from schoolgate_policyd.workflow.scopes import grant_for
from schoolgate_webui.views.effects import outcome
from schoolgate_webui.views.requests import Names


def test_the_periods_in_which_it_opens_are_joined_and_doubtful_ones_are_alternatives() -> None:
    request = moves.submit(1, TEACHER, form(), at=MACHINE)
    opens = tuple(
        Opening("heron", DeviceKind.OWN_DEVICE, "own", periods)
        for periods in ((Period.LUNCH,), (Period.LESSON, Period.BREAK), (Period.LUNCH,))
    )

    found = outcome(
        Effects(grant_for(request, policy().catalogue), opens, ()),
        Names({"heron": "Ada Heron"}, {}),
        policy(),
    )

    assert ("Ada Heron, own device: lunch and lesson time or break",) == found.opens
