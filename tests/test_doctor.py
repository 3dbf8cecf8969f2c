"""``manage.py doctor``: one sentence for each thing, and an exit code."""

import io

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from accounts.models import User
from chat import doctor

from .provider_server import ProviderServer

pytestmark = pytest.mark.django_db


def examine() -> tuple[str, object]:
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=out)
    return out.getvalue(), ended.value.code


def test_all_is_well(grace: User, settings: Settings) -> None:
    settings.DEBUG = True  # static files are served as they are
    report, code = examine()
    assert "✗" not in report
    assert "the demo model answers" in report
    assert code == 0


def test_without_an_admin_it_says_how_to_make_one() -> None:
    report, code = examine()
    assert "✗ There is no admin yet: open the link that manage.py setup_link prints." in report
    assert code == 1


def test_static_files_that_were_never_collected_are_missed() -> None:
    assert doctor.static_files() == (False, "The static files are missing: run manage.py collectstatic.")


def test_a_provider_that_answers(settings: Settings, provider_server: ProviderServer) -> None:
    settings.OPENAI_BASE_URL = provider_server.openai_url
    assert "✓ OpenAI answers and offers" in examine()[0]


def test_a_provider_that_cannot_be_reached(settings: Settings) -> None:
    settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_BASE_URL = "a-key", "http://127.0.0.1:9"
    report, code = examine()
    assert "✗ Anthropic: The provider could not be reached." in report
    assert "a-key" not in report
    assert code == 1


def test_a_secret_key_that_others_can_read(settings: Settings) -> None:
    path = settings.DATA_DIR / "secret_key"
    path.chmod(0o644)
    try:
        assert not doctor.secret_key().well
    finally:
        path.chmod(0o600)
    assert doctor.secret_key().well


def test_sign_up_by_domain_needs_mail(settings: Settings) -> None:
    settings.SIGNUP = "domain:example.org"
    assert not doctor.sign_up().well
    settings.MAIL_IS_SET_UP = True
    assert doctor.sign_up().well
