"""Nobody does more, and nobody less, than the rights say: each cell is one test."""

import pytest

from .cast import Cast
from .cells import Cell, matrix

pytestmark = pytest.mark.timeout(900)
CELLS = matrix()


@pytest.mark.parametrize("cell", CELLS, ids=str)
async def test_the_answer_is_the_one_that_the_right_promises(cast: Cast, count: list[int], cell: Cell) -> None:
    count.append(1)
    await cast.stay_awake()
    answer = await cell.ask(cast)
    assert cell.misfit(answer, cast) is None
