"""Settings: where they come from, what their paths are relative to, and clear errors."""

from pathlib import Path

import pytest

from schoolgate_policyd.config import (
    CONFIG_VARIABLE,
    ConfigError,
    Settings,
    default_rules_dir,
    load_settings,
)

CHECKOUT = default_rules_dir().parent


def test_without_a_file_it_is_the_sample_school() -> None:
    settings = load_settings()

    assert settings.is_sample
    assert "twiss-green" == settings.school
    assert settings.people_file == CHECKOUT / "rules" / "samples" / "people.yaml"


def test_the_sample_school_s_folder_is_in_its_checkout_from_wherever_it_is_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CHECKOUT)
    assert Path("var") == load_settings().var_dir
    monkeypatch.chdir(tmp_path)
    assert CHECKOUT / "var" == load_settings().var_dir


def test_a_file_of_one_s_own_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "school.yaml"
    path.write_text("var_dir: /srv/school\npeople_file: people.yaml\ndns: {port: 53}\n")
    monkeypatch.chdir(CHECKOUT)

    for settings in (load_settings(path), _from_environment(path, monkeypatch)):
        assert Path("/srv/school/policyd.sock") == settings.socket_path
        assert tmp_path / "people.yaml" == settings.people_file
        assert 53 == settings.dns.port
        assert not settings.is_sample


def _from_environment(path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv(CONFIG_VARIABLE, str(path))
    return load_settings()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"dns: {port: high}", "dns.port"),
        (b"dns: {prot: 53}", "dns.prot"),
        (b"networks: [{id: a, cidr: 300.0.0.0/8}]", "networks.0.cidr"),
        (
            b"networks: [{id: staff_wi-fi, cidr: 10.0.0.0/8}]",
            "networks.0.id: Value error, must be",
        ),
        (
            "networks: [{id: büro, cidr: 10.0.0.0/8}]".encode(),
            "networks.0.id: Value error, must be",
        ),
        (b"networks: [{id: -, cidr: 10.0.0.0/8}]", "like pupil-computers"),
        (b"- a list", "school.yaml"),
        (b"a: [", "is not YAML"),
        (b"\xff\xfe\xff", "is not"),
    ],
)
def test_a_mistake_names_the_file_and_the_place(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "school.yaml"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match=r"school\.yaml") as caught:
        load_settings(path)
    assert words in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path / "none.yaml")
