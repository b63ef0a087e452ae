# %% [markdown]
# # The toy lab

# %%
import math
from typing import Any

import numpy as np

from retinue.lessons import check

# %% [markdown]
# ## Twice


# %% question="double"
def double(x: float) -> float:
    """Twice a number."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


# %%
check("toy.double", double)


# %% question="conv2d"
def conv2d(image: Any, kernel: Any) -> Any:
    """A convolution without padding."""
    ### BEGIN SOLUTION
    h, w = kernel.shape
    rows, columns = image.shape[0] - h + 1, image.shape[1] - w + 1
    out = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            out[i, j] = (image[i : i + h, j : j + w] * kernel).sum()
    return out
    ### END SOLUTION


# %%
check("toy.conv2d", conv2d)

# %% question="size"
size = 26  # SOLUTION


# %% question="area"
def area(r: float) -> float:
    """The area of a circle."""
    ### BEGIN SOLUTION
    return PI * r**2
    ### END SOLUTION


# %%
PI = math.pi

# %%
check("toy.area", area)

# %% [markdown] question="why"
# **Why** does a convolution make a picture smaller?
#
# <!-- BEGIN SOLUTION -->
# Because the kernel must fit into it.
# <!-- END SOLUTION -->

# %% [markdown]
# ## Look back: what do you take with you?

# %% [markdown] question="reflection"
# <!-- BEGIN SOLUTION -->
# Kernels, sizes, circles. I asked a friend.
# <!-- END SOLUTION -->
