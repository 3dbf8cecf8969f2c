"""How much may be asked of a provider, over all of its models."""

from django.contrib import admin

from chat.models import ProviderLimit
from config.model_admin import ModelAdmin

from .language_model import RATES


@admin.register(ProviderLimit)
class ProviderLimitAdmin(ModelAdmin):
    section = "models"
    list_display = ("provider", *RATES)
