"""Addresses of the settings that are about conversations."""

from django.urls import path

from .views import account_deletion, answers, data, imports, prompts, readings, sharing, usage

urlpatterns = [
    path("settings/answers/", answers.answers, name="settings_answers"),
    path("settings/usage/", usage.usage, name="settings_usage"),
    path("settings/data/", data.data, name="settings_data"),
    path("settings/data/export/", data.export, name="settings_export"),
    path("settings/data/imports/", imports.imports, name="settings_imports"),
    path("settings/data/imports/latest/", imports.progress, name="settings_import"),
    path("settings/readings/", readings.readings, name="settings_readings"),
    path("settings/prompts/", prompts.prompts, name="settings_prompts"),
    path("settings/prompts/<int:pk>/", prompts.prompt, name="settings_prompt"),
    path("settings/prompts/<int:pk>/deletion/", prompts.deletion, name="settings_prompt_deletion"),
    path("prompts/", prompts.offered, name="prompts"),
    path("settings/delete/", account_deletion.account_deletion, name="settings_delete"),
    path("c/<uuid:pk>/share/", sharing.sharing, name="conversation_sharing"),
    path("c/<uuid:pk>/fork/", sharing.fork, name="conversation_fork"),
    path("c/<uuid:pk>/markdown/", data.markdown, name="conversation_markdown"),
]
