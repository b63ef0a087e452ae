"""Which entrants of a comparison a slide has room for."""

from retinue.reporting.slides.sources import Book

MOST = 18


def chosen_row(book: Book) -> int | None:
    """The place of the entrant that was chosen on val; None where nobody was."""
    names = [one["name"] for one in book.values["entrants"]]
    winner = book.values.get("winner")
    return names.index(winner) if winner in names else None


def places_shown(book: Book) -> list[int]:
    """Places of the most accurate, the chosen one among them whatever its accuracy."""
    count, chosen = len(book.values["entrants"]), chosen_row(book)
    places = list(range(min(count, MOST)))
    if chosen is not None and chosen not in places:
        places[-1] = chosen
    return places


def marked(book: Book) -> int | None:
    """The row of the chosen one among those shown."""
    chosen = chosen_row(book)
    return None if chosen is None else places_shown(book).index(chosen)


def the_rest(book: Book) -> tuple[str, ...]:
    """A sentence on those for which there is no room."""
    more = len(book.values["entrants"]) - MOST
    if more <= 0:
        return ()
    book.note(str(more), "entrants, how many are not shown")
    return (f"The {MOST} most accurate are shown; {more} more are in table.csv.",)
