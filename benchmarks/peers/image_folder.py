"""One epoch of torchvision's ImageFolder and DataLoader, two workers, at a size.

    python -m benchmarks.peers.image_folder SIZE BATCH FOLDER...

Retinue is not needed here. Time is counted after imports, from the first look at the folders on.
"""

import json
import sys
import time
from typing import Any

from torch.utils.data import ConcatDataset, DataLoader

from benchmarks.peers.vision import import_torchvision

RESIZED_ABOVE = 64  # pixels; smaller pictures are stored at the size already


def main() -> None:
    """Go through all pictures once, and tell how long it took as a line of JSON."""
    side, batch, *roots = sys.argv[1:]
    size = int(side)
    torchvision = import_torchvision()
    datasets, transforms = torchvision.datasets, torchvision.transforms
    resized = size > RESIZED_ABOVE
    fitted = [transforms.Resize(size), transforms.CenterCrop(size)] if resized else []
    transform = transforms.Compose([*fitted, transforms.ToTensor()])
    started = time.perf_counter()
    pictures: Any = ConcatDataset([datasets.ImageFolder(root, transform) for root in roots])
    loader = DataLoader(pictures, int(batch), shuffle=True, num_workers=2)
    count = sum(len(labels) for _, labels in loader)
    print(json.dumps({"seconds": time.perf_counter() - started, "pictures": count}))


if __name__ == "__main__":
    main()
