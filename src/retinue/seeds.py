"""Every random draw is a pure function of (seed, purpose, epoch, step).

The formula, which a script without Retinue can repeat:

    sha256(f"{seed}/{purpose}/{epoch}/{step}")   first 8 bytes, big-endian, without the top bit

The number seeds a `torch.Generator` or a `numpy.random.Generator`. So resuming needs one integer,
the order in which draws are made does not matter, and prefetching cannot change a result.
"""

import hashlib


def seed_for(seed: int, purpose: str, epoch: int = 0, step: int = 0) -> int:
    """The seed, 0 to 2**63 - 1, of the draws for one purpose at one place of one training."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{epoch}/{step}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
