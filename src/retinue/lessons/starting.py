"""`start`: what the first cell of every lesson says of the machine."""


def start() -> None:
    """Print the versions, and which processor or GPU is here; nothing is installed or changed."""
    import torch

    import retinue

    print(f"Retinue {retinue.__version__}, PyTorch {torch.__version__}")  # noqa: T201
    print(_device())  # noqa: T201


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return f"GPU: {torch.cuda.get_device_name()}"
    if torch.backends.mps.is_available():
        return "GPU: of this Mac"
    threads = torch.get_num_threads()
    return f"No GPU; {threads} thread{'s' * (threads != 1)} of the processor, which is enough here"
