"""A model to ask."""

import pytest
from pytest_django import Settings

from chat.models import LanguageModel


@pytest.fixture(autouse=True)
def model(db: None, settings: Settings) -> LanguageModel:
    settings.MESSAGES_PER_MINUTE = 1_000_000
    return LanguageModel.objects.create(
        name="scripted", provider="openai", context_window=4000, max_output_tokens=1000, is_default=True
    )
