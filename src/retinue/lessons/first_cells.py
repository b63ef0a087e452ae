"""What every notebook of the course begins with: a badge that opens it in Colab, and a set-up."""

from importlib.resources import files

# Where the repository lies on GitHub. THE ONE LINE TO CHANGE once it has an address: no account
# may have an underscore in its name, so nobody can take this one.
REPOSITORY = "THE_OWNER/retinue"
BRANCH = "main"

COLAB = "https://colab.research.google.com/github/{repository}/blob/{branch}/lessons/{name}.ipynb"
# An installed torch fits and is left as it is. Extras that ask for more are not in this cell:
# torchvision would bring the torch of its own version, and nbclient a newer kernel than Colab's.
SET_UP = """
import importlib.util

if importlib.util.find_spec("retinue") is None:  # as in Colab; this needs the web
    %pip install --quiet "retinue[widgets]"
%matplotlib inline
from retinue.lessons import start

start()
""".strip()
WIDTH, HEIGHT = 117, 20  # of the badge, in pixels


def badge(name: str) -> str:
    """Markdown of a picture that opens a notebook of the repository in Colab.

    The picture is in the text: without a network it is there too, and nobody is told who reads.
    """
    link = COLAB.format(repository=REPOSITORY, branch=BRANCH, name=name)
    picture = files("retinue.lessons").joinpath("badge.txt").read_text(encoding="ascii").strip()
    size = f'width="{WIDTH}" height="{HEIGHT}"'
    return f'<a href="{link}"><img alt="Open in Colab" {size} src="{picture}"></a>'
