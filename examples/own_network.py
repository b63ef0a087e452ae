"""A network of your own: from Python as a module, from the command line as a factory.

retinue train digits --model own_network:tiny
"""

from torch import nn

import retinue


def tiny(classes: int, channels: int, width: int = 16) -> nn.Module:
    """One convolution, a mean over what it found, one linear layer."""
    return nn.Sequential(
        nn.Conv2d(channels, width, kernel_size=3),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(width, classes),
    )


def main() -> None:
    """Train it, and judge it on pictures that it has not seen."""
    module = tiny(classes=10, channels=1)
    run = retinue.train("digits", model=module, epochs=5, lr=0.01)
    print(retinue.evaluate(run, model=tiny(classes=10, channels=1)))


if __name__ == "__main__":
    main()
