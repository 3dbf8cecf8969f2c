"""Both servers that speak the protocol."""

import pytest

from tests.live.server import LiveServer


@pytest.fixture(params=["serve", "runserver"])
def server(request: pytest.FixtureRequest) -> LiveServer:
    """The same under uvicorn and under Daphne."""
    found: LiveServer = request.getfixturevalue("serving" if request.param == "serve" else "daphne_server")
    return found
