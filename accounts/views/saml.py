"""The way back from a directory that speaks SAML."""

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.saml.views import finish_acs
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from lxml.etree import LxmlError
from onelogin.saml2.errors import OneLogin_Saml2_Error


@login_not_required
def finish(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """What is no response at all is a failed sign-in, too: the libraries let their parsers' errors through."""
    try:
        response: HttpResponseBase = finish_acs(request, organization_slug=organization_slug)
    except (LxmlError, OneLogin_Saml2_Error, ValueError) as error:
        provider = get_adapter().get_provider(request, "saml", client_id=organization_slug)
        response = render_authentication_error(request, provider, exception=error)
    return response
