"""``python -m bench [PART …]``: all parts in turn, each a process of its own; see ``docs/performance.md``."""

import resource
import subprocess
import sys

PARTS = (
    *("upstream", "side_by_side", "shared", "admission", "generations", "sockets", "alone", "floods"),
    *("two_processes", "growth", "search", "long_thread", "page", "asked"),
)

_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # thousands of sockets, in each of the parts
chosen = sys.argv[1:] or PARTS
failed = [part for part in chosen if subprocess.run([sys.executable, "-m", f"bench.{part}"], check=False).returncode]
if failed:
    sys.exit(f"These parts of the benchmark failed: {', '.join(failed)}.")
