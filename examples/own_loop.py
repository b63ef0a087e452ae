"""A training loop of your own: recorded, its network is judged, drawn and used like any other.

With `pip install 'retinue[export]'` the run also holds the network as a graph, so that this works
without the code below: retinue predict runs/digits-my-loop-1 PICTURE
"""

import torch
from torch import nn

import retinue


def main() -> None:
    """Train in plain PyTorch, hand the network over, and look at what came out."""
    data = retinue.load_data("digits")
    pictures = torch.from_numpy(data.train.images).permute(0, 3, 1, 2) / 255
    labels = torch.from_numpy(data.train.labels)
    network = nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=3), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 6 * 6, 10)
    )
    optimiser = torch.optim.Adam(network.parameters(), lr=0.005)
    history = []
    for _ in range(5):
        for chosen in torch.randperm(len(pictures)).split(64):
            loss = nn.functional.cross_entropy(network(pictures[chosen]), labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        history.append({"loss": loss.item()})
    run = retinue.record(network, data, history, name="my-loop", opt="adam", lr=0.005)
    accuracy = run.metrics("test")["accuracy"]
    print(f"{run.path}: {accuracy['value']:.1%} on {accuracy['n']} test pictures")


if __name__ == "__main__":
    main()
