"""Nobody does more, and nobody less, than the rights say: each cell is one test."""

import pytest

from .cast import Cast
from .cells import Cell, matrix

pytestmark = pytest.mark.timeout(900)
CELLS = matrix()
FACTORS_CHANGE = next(cell for cell in CELLS if cell.operation.name == "confirmTotp")
"""From it on some sign in with a second step, and some operations want a sign-in of late: on a slow machine the first ones are old."""


@pytest.mark.parametrize("cell", CELLS, ids=str)
async def test_the_answer_is_the_one_that_the_right_promises(cast: Cast, count: list[int], cell: Cell) -> None:
    count.append(1)
    if cell is FACTORS_CHANGE:
        await cast.wake(anew=True)
    await cast.stay_awake()
    answer = await cell.ask(cast)
    assert cell.misfit(answer, cast) is None
