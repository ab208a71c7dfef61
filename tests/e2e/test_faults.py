"""What dies is restarted; what was decided holds; no event is lost and none counted twice."""

import os
import signal
import sqlite3
import urllib.request

from local_internet import ORIGIN
from whole_school import WholeSchool, wait_for, with_own_rules

PUPIL = "127.0.1.10"


def kill(school: WholeSchool, name: str) -> int:
    pid = school.pid_of(name)
    os.kill(pid, signal.SIGKILL)
    return pid


def restarted(school: WholeSchool, name: str, old: int) -> bool:
    return school.running(name) not in {None, old}


def blocked_counts(school: WholeSchool, host: str) -> int:
    """Return how often *host* was blocked, as the stored events say."""
    total = 0
    for path in (school.var / "events").glob("*.db"):
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            # A file that is only just made, and the store's own beside the days, hold none.
            has_blocks = "SELECT 1 FROM sqlite_master WHERE type='table' AND name='blocked'"
            if database.execute(has_blocks).fetchone():
                query = "SELECT coalesce(sum(count), 0) FROM blocked WHERE host = ?"
                total += database.execute(query, (host,)).fetchone()[0]
        finally:
            database.close()
    return total


def page_answers(school: WholeSchool) -> bool:
    address = f"http://localhost:{school.web_port}/filtering"
    try:
        with urllib.request.urlopen(address, timeout=5) as page:
            return page.status == 200
    except OSError:
        return False


def test_a_dns_process_that_dies_is_restarted_and_decides_as_before(school: WholeSchool) -> None:
    old = kill(school, "dns")

    wait_for(lambda: restarted(school, "dns", old), 30, "another dns process")
    wait_for(lambda: ORIGIN in school.dig(PUPIL, "www.bbc.co.uk"), 30, "an answer")
    assert "status: NXDOMAIN" in school.dig(PUPIL, "www.tiktok.com")
    assert any("dns" in line and "again" in line for line in school.lines)


def test_a_proxy_that_dies_is_restarted_and_decides_as_before(school: WholeSchool) -> None:
    old = kill(school, "proxy")

    wait_for(lambda: restarted(school, "proxy", old), 30, "another proxy process")
    wait_for(lambda: school.curl(PUPIL, "https://www.tiktok.com/")[0] == 403, 30, "the page")


def test_pages_that_die_are_served_again(school: WholeSchool) -> None:
    old = kill(school, "webui")

    wait_for(lambda: restarted(school, "webui", old), 30, "another webui process")
    wait_for(lambda: page_answers(school), 30, "the page")


def test_with_policyd_dead_both_decide_and_events_wait_and_arrive_once(
    school: WholeSchool,
) -> None:
    """Stopped, not killed, so that the supervisor does not restart it meanwhile."""
    # On a busy machine those that were killed before may be silent, and be started once more.
    wait_for(lambda: school.curl(PUPIL, "https://www.tiktok.com/")[0] == 403, 30, "the proxy")
    pid = school.pid_of("policyd")
    os.kill(pid, signal.SIGSTOP)
    try:
        for _ in range(3):
            assert "status: NXDOMAIN" in school.dig(PUPIL, "www.tumblr.com")
        assert ORIGIN in school.dig(PUPIL, "www.bbc.co.uk")
        status, said = school.curl(PUPIL, "https://www.tumblr.com/")
        assert 403 == status, (said, school.lines)
        spooled = school.var / "spool"
        wait_for(
            lambda: any(
                b"tumblr" in path.read_bytes() for path in spooled.rglob("*") if path.is_file()
            ),
            5,
            "the spool",
        )
    finally:
        os.kill(pid, signal.SIGCONT)
        os.kill(pid, signal.SIGKILL)

    wait_for(lambda: restarted(school, "policyd", pid), 30, "another policyd")
    # Three questions and one page: the first of each at once, what was alike when its minute is
    # over. Fewer would be lost, more counted twice.
    wait_for(lambda: blocked_counts(school, "www.tumblr.com") >= 4, 100, "the events")
    old = kill(school, "dns")
    wait_for(lambda: restarted(school, "dns", old), 30, "another dns process")
    wait_for(lambda: ORIGIN in school.dig(PUPIL, "www.bbc.co.uk"), 30, "an answer")
    assert 4 == blocked_counts(school, "www.tumblr.com")


def test_a_faulty_rule_file_leaves_the_last_good_policy_in_force() -> None:
    """The rules are a copy, so that the mistake is the test's own."""
    school = WholeSchool()
    preset = with_own_rules(school) / "schools" / "twiss-green.yaml"
    with school:
        preset.write_text(preset.read_text().replace("lifted_by:", "lifts:", 1))

        wait_for(
            lambda: any("twiss-green.yaml:" in line for line in school.lines), 30, "the complaint"
        )
        assert "status: NXDOMAIN" in school.dig(PUPIL, "www.tiktok.com")
        assert ORIGIN in school.dig(PUPIL, "www.bbc.co.uk")
