"""The peak of memory is that since it was forgotten."""

import sys

import numpy as np
import pytest

from retinue.training.peak import forget_peak_memory, peak_memory

MB = 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="other systems cannot forget it")
def test_the_peak_rises_with_what_is_used_and_can_be_forgotten() -> None:
    forget_peak_memory()
    before = peak_memory()
    block = np.ones(400 * MB, np.uint8)  # more than is kept of freed memory
    most = peak_memory()
    del block
    forget_peak_memory()
    after = peak_memory()
    assert before is not None
    assert most is not None
    assert after is not None
    assert most - before > 300 * MB
    assert most - after > 300 * MB
