"""``python -m bench [PART …]``: all parts in turn, each a process of its own; see ``docs/performance.md``."""

import subprocess
import sys

PARTS = ("alone", "side_by_side", "sockets", "floods", "two_processes", "search", "long_thread", "page")

for part in sys.argv[1:] or PARTS:
    subprocess.run([sys.executable, "-m", f"bench.{part}"], check=True)
