"""How long the server takes for each page of a school with something of everything; the worst."""

import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from full_school import filled_school
from page_list import NOBODY, every_page
from web_browser import Browser

MOST_S = 0.2
ROUNDS = 5


def main() -> int:
    """Ask for every page some times; 1 when the median of one is over the limit."""
    with TemporaryDirectory() as folder:
        full = filled_school(Path(folder), 8000)
        full.by[NOBODY] = Browser(full.school)
        taken = {}
        for page in every_page(full):
            browser = full.who(page.person)
            seconds = []
            for _ in range(ROUNDS):
                started = time.perf_counter()
                answer = browser.ask("GET", page.path)
                seconds.append(time.perf_counter() - started)
                assert answer.status_code == 200, f"{page}: {answer.status_code}"
            taken[page] = median(seconds), len(answer.content)
        full.school.close()
    slowest = sorted(taken.items(), key=lambda each: each[1], reverse=True)
    for page, (seconds, octets) in slowest[:15]:
        print(f"{seconds * 1000:7.1f} ms {octets / 1000:6.1f} kB  {page.path} ({page.person})")
    worst = slowest[0][1][0]
    print(f"{len(taken)} pages; the slowest takes {worst * 1000:.0f} ms of {MOST_S * 1000:.0f}")
    return int(worst > MOST_S)


if __name__ == "__main__":
    sys.exit(main())
