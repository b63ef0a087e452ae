"""The project board: a class's runs side by side on one hidden test set.

    from retinue.lessons.board import make_board

    board = make_board(["runs/anna", "runs/ben", "handed-in/cleo.zip"], "hidden-pictures")

Runs are judged by their weights or their graph; no code of their authors is run.
"""

from retinue.lessons.board.board import Board
from retinue.lessons.board.making import make_board

__all__ = ["Board", "make_board"]
