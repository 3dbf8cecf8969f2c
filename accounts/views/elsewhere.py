"""Leaving for another site to sign in there."""

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, HttpResponseRedirectBase
from django.shortcuts import render
from django.views.decorators.http import require_POST
from requests import RequestException


@require_POST
@login_not_required
def elsewhere(request: HttpRequest, provider: str) -> HttpResponseBase:
    """By a page that leads on, not by a redirect: the policy of our pages lets forms lead to this site only."""
    try:
        response: HttpResponseBase = get_adapter().get_provider(request, provider).redirect_from_request(request)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    except RequestException:
        return render(request, "socialaccount/authentication_error.html", status=502)
    if isinstance(response, HttpResponseRedirectBase):
        return _leading_to(request, response.url)
    return response


def _leading_to(request: HttpRequest, address: str) -> HttpResponse:
    return render(request, "socialaccount/leaving.html", {"address": address})
