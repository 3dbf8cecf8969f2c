"""Django's settings, all of them from the environment; README.md lists what can be set."""

import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF

from . import data_dir, origins, redis, sign_in_providers
from .database import database
from .environment import Environment, WrongSetting
from .logs import logging_config
from .mail import mail_settings

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment.load(BASE_DIR / ".env")

# Where and what the site is
DEBUG = env.flag("DEBUG", False)
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, least=1, most=65535)
SITE_URL = origins.site_url(env, HOST, PORT)
SITE_NAME = env.text("SITE_NAME", "Parley")
EXTRA_ORIGINS = env.items("EXTRA_ORIGINS")
ALLOWED_ORIGINS = origins.allowed_origins(env, SITE_URL)
ALLOWED_HOSTS = origins.hosts(ALLOWED_ORIGINS)
CSRF_TRUSTED_ORIGINS = ALLOWED_ORIGINS
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0, most=10)
DATA_DIR = data_dir.prepare(BASE_DIR / env.text("DATA_DIR", "var"))
SECRET_KEY = env.secret("SECRET_KEY") or data_dir.secret_key(DATA_DIR)
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS")
METRICS_KEY = env.secret("METRICS_KEY")

# Providers and models
OPENAI_API_KEY = env.secret("OPENAI_API_KEY")
OPENAI_BASE_URL = env.url("OPENAI_BASE_URL")
OPENAI_MODELS = env.items("OPENAI_MODELS")
ANTHROPIC_API_KEY = env.secret("ANTHROPIC_API_KEY")
ANTHROPIC_BASE_URL = env.url("ANTHROPIC_BASE_URL")
ANTHROPIC_MODELS = env.items("ANTHROPIC_MODELS")
OLLAMA_URL = env.url("OLLAMA_URL", "http://127.0.0.1:11434")
DEFAULT_MODEL = env.text("DEFAULT_MODEL")
SYSTEM_PROMPT = env.text("SYSTEM_PROMPT", "You are a helpful assistant. You answer in Markdown.")
MAX_FALLBACKS = env.integer("MAX_FALLBACKS", 3, most=20)

# Limits
DAILY_TOKEN_BUDGET = env.integer_or_none("DAILY_TOKEN_BUDGET", 200_000)
CACHED_INPUT_PERCENT = env.integer("CACHED_INPUT_PERCENT", 100, most=100)  # of its tokens, that count
MAX_OUTPUT_TOKENS = env.integer("MAX_OUTPUT_TOKENS", 4096, least=1, most=10_000_000)
MESSAGES_PER_MINUTE = env.integer("MESSAGES_PER_MINUTE", 10, least=1)
MAX_GENERATIONS_PER_USER = env.integer("MAX_GENERATIONS_PER_USER", 3, least=1)
MAX_GENERATIONS = env.integer("MAX_GENERATIONS", 200, least=1)
MAX_QUEUED = env.integer("MAX_QUEUED", 1000, least=1)
MAX_SOCKETS_PER_USER = env.integer("MAX_SOCKETS_PER_USER", 20, least=1)
MAX_FRAMES_PER_SECOND = env.integer("MAX_FRAMES_PER_SECOND", 50, least=1)
CONNECT_TIMEOUT_S = env.seconds("CONNECT_TIMEOUT_S", 10)
FIRST_TOKEN_TIMEOUT_S = env.seconds("FIRST_TOKEN_TIMEOUT_S", 30)
IDLE_TIMEOUT_S = env.seconds("IDLE_TIMEOUT_S", 30)
GENERATION_TIMEOUT_S = env.seconds("GENERATION_TIMEOUT_S", 600)
ORPHAN_GRACE_S = env.seconds("ORPHAN_GRACE_S", 300, zero=True)
REQUEST_TIMEOUT_S = env.seconds("REQUEST_TIMEOUT_S", 30)
SEND_TIMEOUT_S = env.seconds("SEND_TIMEOUT_S", 20)
DRAIN_S = env.seconds("DRAIN_S", 25, zero=True)
AUTO_TITLE = env.flag("AUTO_TITLE", True)
TAKEOVER = env.flag("TAKEOVER", True)
LEASE_S = env.integer("LEASE_S", 15, least=6, most=300)  # renewed every 2 s; less would be lost to a busy moment

# The one database and what is beside it
DATABASES = {"default": database(env, DATA_DIR)}
REDIS_URL = redis.redis_url(env)
REDIS_PREFIX = redis.prefix(DATABASES["default"])
CACHES = redis.caches(REDIS_URL, REDIS_PREFIX)
CHANNEL_LAYERS = redis.channel_layers(REDIS_URL, REDIS_PREFIX)

SOCIALACCOUNT_PROVIDERS = sign_in_providers.sign_in_providers(env)
INSTALLED_APPS = [
    # First, where it gives runserver its ASGI server; elsewhere Twisted would cost 0.2 s and 20 MB for nothing.
    *(["daphne"] if "runserver" in sys.argv else []),
    "servestatic",
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "django_htmx",
    "template_partials",
    "csp",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    *sign_in_providers.apps(SOCIALACCOUNT_PROVIDERS),
    "allauth.usersessions",
    "accounts",
    "chat",
]

MIDDLEWARE = [
    "config.headers.headers",
    "config.sound_requests.sound_requests",
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.key_rotation.key_rotation",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.api_keys.api_keys",
    # Every view asks for a sign-in unless it says otherwise with @login_not_required.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.address",
    "accounts.middleware.time_zone",
    "accounts.middleware.language",
    "accounts.middleware.nothing_stored",
    "accounts.middleware.last_seen",
    "accounts.second_factor_gate.second_factor_gate",
    "chat.budget_gate.budget_gate",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "config.context.site",
            ],
        },
    }
]

# Static files: hashed names cached for ever, compressed once at collectstatic, served by servestatic because
# it answers from ASGI without a thread for each file. DEBUG serves them as they are, without collectstatic.
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static_root"
STATICFILES_DIRS = [BASE_DIR / "static"]
SERVESTATIC_USE_ZSTD = False
SERVESTATIC_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "servestatic.storage.CompressedManifestStaticFilesStorage"
    },
}
MEDIA_ROOT = DATA_DIR / "uploads"

# Language and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]  # each in its own words
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Sign-in
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
SIGNUP = env.text("SIGNUP", "closed").lower()
if not re.fullmatch(r"closed|open|domain:[a-z0-9.-]+(\s*,\s*[a-z0-9.-]+)*", SIGNUP):
    raise WrongSetting("SIGNUP", f"must be closed, open or domain:example.org, not “{SIGNUP}”.")
EMAIL_URL = env.text("EMAIL_URL", "console")
MAIL_IS_SET_UP = EMAIL_URL != "console"
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", f"{SITE_NAME} <noreply@{urlsplit(SITE_URL).hostname}>")
vars().update(mail_settings(env))
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "change_password": "accounts.password_forms.ChangePassword",
    "reset_password_from_key": "accounts.password_forms.ResetPassword",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if MAIL_IS_SET_UP else "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"{SITE_NAME}: "
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Of second factors, which somebody with the password could guess for a year; passwords are counted in
# accounts/guessing.py. A whole office comes from one address.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    "login_failed": "60/5m/ip,5/5m/key,50/d/key",
    "signup": "40/m/ip",
    "change_password": "5/5m/user",
}
ACCOUNT_EMAIL_NOTIFICATIONS = MAIL_IS_SET_UP
REQUIRE_SECOND_FACTOR = env.items("REQUIRE_SECOND_FACTOR")
for _name in REQUIRE_SECOND_FACTOR:
    if _name not in {"everyone", "staff"} and not re.fullmatch(r"group:.+", _name):
        raise WrongSetting("REQUIRE_SECOND_FACTOR", f"lists everyone, staff or group:NAME, not “{_name}”.")
SOCIALACCOUNT_ADAPTER = "accounts.social_adapter.SocialAccountAdapter"
# An account here belongs to whoever proves its address; other sites tell which addresses they have made sure of.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
OIDC_SIGNUP = env.flag("OIDC_SIGNUP", False)
OIDC_GROUPS_CLAIM = env.text("OIDC_GROUPS_CLAIM")
OIDC_STAFF_GROUP = env.text("OIDC_STAFF_GROUP")
if OIDC_STAFF_GROUP and not OIDC_GROUPS_CLAIM:
    raise WrongSetting("OIDC_STAFF_GROUP", "needs OIDC_GROUPS_CLAIM: the claim that lists a person's groups.")
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "add_webauthn": "accounts.passkey_form.AddPasskeyForm",
    "authenticate": "accounts.code_forms.SignInCode",
    "reauthenticate": "accounts.code_forms.ConfirmationCode",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1  # clocks of phones drift
MFA_ALLOW_UNVERIFIED_EMAIL = not MAIL_IS_SET_UP

# Cookies and headers
HTTPS = SITE_URL.startswith("https://")
SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
MESSAGE_STORAGE = "config.messages.Messages"
if HTTPS:
    # A cookie of this name cannot be set by another host of the domain, nor over plain HTTP.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
# HSTS for other hosts of the domain is not ours to set; a proxy that is not trusted has to redirect by itself.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021", *(["security.W008"] if HTTPS else [])]
if HTTPS and TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "config.errors.foreign_form"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "frame-src": [SELF],
        # Some browsers do not take 'self' to include the WebSocket of the same origin.
        "connect-src": [SELF, *(origin.replace("http", "ws", 1) for origin in ALLOWED_ORIGINS)],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["parley", "dompurify"],
    }
}

LOGGING = logging_config("DEBUG" if env.flag("LOG_DEBUG", False) else "INFO")
