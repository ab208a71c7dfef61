"""For whom results are filtered, and how strictly."""

import msgspec
import pytest

from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.safe_search import SafeSearch, SafeSearchMode, SearchService
from schoolgate_policyd.core.subjects import UNKNOWN_SUBJECT, Audience, DeviceKind, Subject

STRICT, MODERATE, OFF = SafeSearchMode.STRICT, SafeSearchMode.MODERATE, SafeSearchMode.OFF
OPENEST = SafeSearch(pupil=MODERATE, visitor=MODERATE, staff=OFF)


def on(device: DeviceKind, audience: Audience) -> Subject:
    return Subject(audience=audience, device=device, network="somewhere")


@pytest.mark.parametrize("whose", ["pupil", "visitor"])
def test_it_is_never_off_for_pupils_and_visitors(whose: str) -> None:
    with pytest.raises(ValueError, match="never off"):
        SafeSearch(**{whose: OFF})


@pytest.mark.parametrize(
    ("audience", "modes", "mode"),
    [
        (Audience.PUPIL, SafeSearch(), STRICT),
        (Audience.VISITOR, SafeSearch(), STRICT),
        (Audience.STAFF, SafeSearch(), OFF),
        (Audience.PUPIL, SafeSearch(pupil=MODERATE), MODERATE),
        (Audience.VISITOR, SafeSearch(pupil=MODERATE), STRICT),
        (Audience.VISITOR, SafeSearch(visitor=MODERATE), MODERATE),
        (Audience.STAFF, SafeSearch(staff=MODERATE), MODERATE),
    ],
)
def test_each_audience_has_its_own_mode(
    audience: Audience, modes: SafeSearch, mode: SafeSearchMode
) -> None:
    assert mode is modes.mode_for(on(DeviceKind.SCHOOL_COMPUTER, audience))


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("modes", [SafeSearch(), OPENEST, SafeSearch(pupil=MODERATE)])
def test_an_unknown_device_never_gets_less_filtered_results(
    audience: Audience, modes: SafeSearch
) -> None:
    order = [OFF, MODERATE, STRICT]
    unknown = modes.mode_for(on(DeviceKind.UNKNOWN, audience))

    assert order.index(unknown) >= order.index(modes.pupil)
    known = modes.mode_for(on(DeviceKind.OWN_DEVICE, audience))
    assert order.index(unknown) >= order.index(known)


def test_whoever_is_unknown_is_a_pupil() -> None:
    assert MODERATE is OPENEST.mode_for(UNKNOWN_SUBJECT)


SERVICE = SearchService(
    "video",
    "Video",
    hosts=(DomainName("www.video.example"),),
    strict=DomainName("strict.video.example"),
)


@pytest.mark.parametrize(
    ("mode", "moderate", "name"),
    [
        (OFF, "mild.video.example", None),
        (MODERATE, "mild.video.example", "mild.video.example"),
        (STRICT, "mild.video.example", "strict.video.example"),
        (OFF, None, None),
        (MODERATE, None, "strict.video.example"),
        (STRICT, None, "strict.video.example"),
    ],
)
def test_a_service_without_a_moderate_mode_is_strict(
    mode: SafeSearchMode, moderate: str | None, name: str | None
) -> None:
    own = None if moderate is None else DomainName(moderate)
    service = msgspec.structs.replace(SERVICE, moderate=own)

    assert (None if name is None else DomainName(name)) == service.name_in(mode)


def test_it_passes_the_line_to_the_points_unchanged() -> None:
    for each in (OPENEST, SERVICE):
        assert each == msgspec.msgpack.decode(msgspec.msgpack.encode(each), type=type(each))


def test_the_line_lets_nobody_switch_it_off_for_pupils() -> None:
    with pytest.raises(msgspec.ValidationError, match="never off"):
        msgspec.msgpack.decode(msgspec.msgpack.encode({"pupil": "off"}), type=SafeSearch)
