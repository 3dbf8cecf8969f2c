"""What is known of models whose server does not say: their limits, and which are no chat models."""

import re

# Name prefix → context window and longest answer, in tokens. The longest prefix that fits counts.
KNOWN: dict[str, tuple[int, int]] = {
    "claude-": (200_000, 64_000),
    "claude-3-": (200_000, 4_096),
    "claude-3-5-": (200_000, 8_192),
    "claude-3-7-": (200_000, 64_000),
    "claude-opus-4": (200_000, 32_000),
    "gpt-3.5": (16_385, 4_096),
    "gpt-4": (8_192, 4_096),
    "gpt-4-turbo": (128_000, 4_096),
    "gpt-4o": (128_000, 16_384),
    "chatgpt-4o": (128_000, 16_384),
    "gpt-4.1": (1_000_000, 32_768),
    "gpt-5": (400_000, 128_000),
    "gpt-": (128_000, 16_384),
    "gpt-oss": (131_072, 32_768),
    "o1": (200_000, 100_000),
    "o3": (200_000, 100_000),
    "o4": (200_000, 100_000),
    "deepseek": (64_000, 8_192),
    "gemini-": (1_000_000, 65_536),
    "gemma": (8_192, 8_192),
    "gemma-3": (131_072, 8_192),
    "llama-3": (8_192, 8_192),
    "llama-3.1": (131_072, 8_192),
    "llama-3.2": (131_072, 8_192),
    "llama-3.3": (131_072, 8_192),
    "mistral": (32_768, 8_192),
    "mixtral": (32_768, 8_192),
    "qwen": (32_768, 8_192),
}
UNKNOWN = (32_768, 8_192)
OLLAMA = (4_096, 2_048)  # its own default for every model, whatever the model could: it cuts silently above

NOT_FOR_CHAT = re.compile(
    r"embed|rerank|tts|whisper|transcribe|moderation|guard|dall-e|image|audio|realtime|speech|sora|ocr"
    r"|^(babbage|davinci|computer-use)|^gpt-3\.5-turbo-instruct|codex|deep-research|^(o\d|gpt-5[\d.]*)-pro"
)


def limits_of(name: str) -> tuple[int, int]:
    """Context window and longest answer of a model, by its name without the vendor in front."""
    bare = name.rsplit("/", 1)[-1].lower()
    fitting = max((prefix for prefix in KNOWN if bare.startswith(prefix)), key=len, default=None)
    return KNOWN[fitting] if fitting else UNKNOWN


def is_for_chat(name: str) -> bool:
    """Whether a model that a server lists can be talked to, as far as its name says."""
    return not NOT_FOR_CHAT.search(name.rsplit("/", 1)[-1].lower())
