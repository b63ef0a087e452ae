"""The pictures to talk about in class, with what each run answered."""

from collections.abc import Mapping, Sequence

import numpy as np

from retinue.lessons.board.disputes import votes_on
from retinue.lessons.board.page.views import Gallery, Talked, Vote
from retinue.lessons.board.standing import Standing
from retinue.reporting.facts.pictures import Thumbnail
from retinue.reporting.page.album import Album
from retinue.reporting.page.first import SAMPLES
from retinue.reporting.page.views import Picture, picture_of
from retinue.wording import count

SHOWN = 12  # pictures of a gallery
NAMED = 6  # runs named beside an answer


def positions_of(standing: Standing) -> list[int]:
    """The positions of all hidden pictures that the page shows."""
    talk = standing.talk
    alone = [place for place, _ in talk.one_right]
    some = [*talk.disputed[:SHOWN], *talk.all_wrong[:SHOWN], *alone[:SHOWN]]
    return sorted({*some, *_samples(standing)})


def samples_of(
    standing: Standing, thumbnails: Mapping[int, Thumbnail], album: Album
) -> tuple[Picture, ...]:
    """A picture of each class, those first that most recognised."""
    return tuple(
        picture_of(thumbnails[place], album, {}, thumbnails[place].true or "")
        for place in _samples(standing)
    )


def galleries_of(
    standing: Standing, thumbnails: Mapping[int, Thumbnail], album: Album
) -> tuple[Gallery, ...]:
    """What is disputed, what nobody has right, and what one run alone has."""
    talk = standing.talk
    alone = [place for place, _ in talk.one_right]
    wanted: list[tuple[str, str, Sequence[int]]] = [
        (
            "Most disputed",
            f"The runs are not of one mind about {count(len(talk.disputed), 'picture')}; these "
            "divide them most. What do you see, and which part of the picture tells it?",
            talk.disputed,
        ),
        (
            "Wrong for all",
            f"Nobody recognises {count(len(talk.all_wrong), 'picture')}. First come those of "
            "which most say the same: is the picture misleading, or is its label wrong?",
            talk.all_wrong,
        ),
        (
            "Right for one alone",
            f"Of {count(len(alone), 'picture')} one run alone knows what it shows. Does it see "
            "something that the others miss, or was it lucky?",
            alone,
        ),
    ]
    return tuple(
        Gallery(
            title,
            told + (f" The first {SHOWN} are shown." if len(places) > SHOWN else ""),
            tuple(_talked(standing, place, thumbnails, album) for place in places[:SHOWN]),
        )
        for title, told, places in wanted
        if places
    )


def _samples(standing: Standing) -> list[int]:
    """Positions of one picture of each class, the one that most recognise."""
    truth = standing.hidden.truth.tolist()
    right = np.sum([one.correct for one in standing.judged], axis=0)
    best: dict[int, int] = {}
    for place, label in enumerate(truth):
        if label not in best or right[place] > right[best[label]]:
            best[label] = place
    return [best[label] for label in sorted(best)][:SAMPLES]


def _talked(
    standing: Standing, place: int, thumbnails: Mapping[int, Thumbnail], album: Album
) -> Talked:
    classes, label = standing.hidden.classes, int(standing.hidden.truth[place])
    votes = tuple(
        Vote(classes[answer], _who(some), answer == label)
        for answer, some in votes_on(standing.judged, place)
    )
    return Talked(picture_of(thumbnails[place], album, {}), classes[label], votes)


def _who(some: Sequence[str]) -> str:
    if len(some) > NAMED:
        return f"{', '.join(some[: NAMED - 1])} and {len(some) - NAMED + 1} more"
    return ", ".join(some)
