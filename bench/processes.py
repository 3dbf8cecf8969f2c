"""What the kernel says of a process: its CPU and its memory."""

from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, in seconds."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / 100


def family_cpu_seconds(pid: int) -> float:
    """The same of a process and its children, also of those that have ended: PostgreSQL's connections are processes."""
    children = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    return sum(int(field) for field in _stat(pid)[11:15]) / 100 + sum(map(cpu_seconds, children))


def waited_seconds(pid: int) -> float:
    """How long its main thread has wanted a core so far and had none: the machine's doing, not the process's."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def resident_mb(pid: int) -> float:
    """Memory of a process, in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
