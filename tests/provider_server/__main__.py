"""Runs a provider server as a process: ``python -m tests.provider_server [--port N] [--ollama]``.

Prints its URL once it listens. Scripts come by ``PUT /script`` or by model names such as ``tokens=500,rate=50``.
"""

import argparse
import contextlib

import uvloop

from .server import ProviderServer

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--ollama", action="store_true", help="answer as Ollama does at its root")
arguments = parser.parse_args()

server = ProviderServer(arguments.port)
server.is_ollama = arguments.ollama
with contextlib.suppress(KeyboardInterrupt):
    uvloop.run(server.serve(lambda: print(server.url, flush=True)))
