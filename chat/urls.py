"""Addresses of the chat's pages and their parts."""

from django.urls import path

from . import account_urls
from .views import (
    api_docs,
    conversations,
    data,
    drafts,
    events,
    feedback,
    metrics,
    pages,
    records,
    reports,
    search,
    sidebar,
)

urlpatterns = [
    path("metrics", metrics.metrics, name="metrics"),
    path("", pages.home, name="home"),
    path("c/<uuid:pk>/", pages.conversation, name="conversation"),
    path("c/<uuid:pk>/export.md", data.markdown, name="conversation_export"),
    path("c/<uuid:pk>/messages/before/<uuid:before>/", pages.older_messages, name="older_messages"),
    path("c/<uuid:pk>/messages/after/<uuid:after>/", pages.newer_messages, name="newer_messages"),
    path("search/", search.search, name="search"),
    path("conversations/", sidebar.conversation_list, name="conversation_list"),
    path("conversations/<uuid:pk>/", conversations.conversation, name="conversation_record"),
    path("conversations/<uuid:pk>/title/", conversations.title, name="title"),
    path("conversations/<uuid:pk>/pinning/", conversations.pinning, name="pinning"),
    path("conversations/<uuid:pk>/archiving/", conversations.archiving, name="archiving"),
    path("conversations/<uuid:pk>/restoration/", conversations.restoration, name="restoration"),
    path("conversations/<uuid:pk>/seen/", conversations.seen, name="seen"),
    path("conversations/new/draft/", drafts.draft, name="new_draft"),
    path("conversations/<uuid:pk>/draft/", drafts.draft, name="draft"),
    path("messages/<uuid:pk>/feedback/", feedback.feedback, name="feedback"),
    path("messages/<uuid:pk>/report/", reports.report, name="report"),
    path("messages/<uuid:pk>/", pages.message, name="message"),
    path("messages/<uuid:pk>/active-branch/", pages.active_branch, name="active_branch"),
    path("api/me", records.me, name="api_me"),
    path("api/models", records.models, name="api_models"),
    path("api/conversations", records.conversations, name="api_conversations"),
    path("api/conversations/<uuid:pk>", records.conversation, name="api_conversation"),
    path("api/docs/", api_docs.page, name="api_docs"),
    path("api/docs/openapi.json", api_docs.openapi_json, name="api_openapi"),
    path("api/docs/asyncapi.json", api_docs.asyncapi_json, name="api_asyncapi"),
    path("api/chat", events.chat, name="api_chat"),
    path("api/generations", events.generations, name="api_generations"),
    path("api/generations/<uuid:request_id>/events", events.events, name="api_events"),
    path("api/generations/<uuid:request_id>/cancel", events.cancel, name="api_cancel"),
    *account_urls.urlpatterns,
]
