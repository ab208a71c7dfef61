"""Sets of cells as whole numbers."""

from itertools import product

import pytest

from schoolgate_policyd.core.proof.cells import Cells, TooManyCellsError

SIZES = (2, 1, 3)


def members(cells: Cells, found: int) -> list[tuple[int, ...]]:
    """Return the cells in *found*, by taking away the first as long as there is one."""
    left = []
    while found:
        left.append(cells.first(found))
        found &= found - 1
    return left


def test_all_cells_are_every_combination_in_order() -> None:
    cells = Cells(SIZES)

    assert list(product(*map(range, SIZES))) == members(cells, cells.all)


@pytest.mark.parametrize("dimension", range(len(SIZES)))
def test_where_is_every_cell_with_a_chosen_value(dimension: int) -> None:
    cells = Cells(SIZES)
    for chosen in product([False, True], repeat=SIZES[dimension]):
        expected = [each for each in product(*map(range, SIZES)) if chosen[each[dimension]]]
        assert expected == members(cells, cells.where(dimension, chosen))


def test_what_cannot_be_gone_through_is_refused() -> None:
    with pytest.raises(TooManyCellsError, match="let them ask fewer"):
        Cells([1 << 13, 1 << 13])


def test_as_many_cells_as_may_be_are_gone_through() -> None:
    """By dividing numbers of that size it took minutes."""
    cells = Cells([4] * 12)

    assert cells.count // 2 == cells.where(3, [False, True, True, False]).bit_count()
