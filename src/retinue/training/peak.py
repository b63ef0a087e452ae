"""The most memory that this process has had since somebody asked."""

import sys
from contextlib import suppress
from pathlib import Path

_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")
_PEAK_OF_RESIDENT = "5"  # of proc(5)


def forget_peak_memory() -> None:
    """Begin anew, where the system can; elsewhere the peak is that of the process's whole life."""
    with suppress(OSError):
        _CLEAR.write_text(_PEAK_OF_RESIDENT, encoding="ascii")


def peak_memory() -> int | None:
    """Bytes of resident memory at their most; None where the system does not tell."""
    try:
        lines = _STATUS.read_text(encoding="ascii").splitlines()
    except OSError:
        return _peak_by_resource()
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(found[0]) * 1024 if found else None


def _peak_by_resource() -> int | None:
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
