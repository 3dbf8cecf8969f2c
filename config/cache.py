"""Django's cache in Redis: for counts of sign-ins; while Redis is away each process counts for itself."""

from collections.abc import Callable
from typing import Any

import msgspec
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis import RedisError

from .redis import Absence


class Json:
    """How values are written: never as a pickle, for whoever can write to Redis must not run code here."""

    def dumps(self, value: Any) -> int | bytes:
        return value if type(value) is int else msgspec.json.encode(value)  # Redis itself counts integers

    def loads(self, data: bytes) -> Any:
        """None for what is not one."""
        try:
            return msgspec.json.decode(data)
        except msgspec.DecodeError:
            return None


class SharedCache(RedisCache):
    """As Django's own, but nobody is refused because Redis is away."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        alone = {name: value for name, value in params.items() if name != "OPTIONS"}
        self._alone = LocMemCache(f"without {server}", alone)
        self._absence = Absence("each process counts sign-ins for itself")

    def _either(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if not self._absence.lasts:
            shared: Callable[..., Any] = getattr(super(), name)
            try:
                result = shared(*args, **kwargs)
            except RedisError as error:
                self._absence.begin(error)
            else:
                self._absence.end()
                return result
        return getattr(self._alone, name)(*args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("add", *args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("set", *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("touch", *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("delete", *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("get_many", *args, **kwargs)

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("set_many", *args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("delete_many", *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("has_key", *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("incr", *args, **kwargs)

    def clear(self) -> None:
        """What this site keeps in the cache; Redis holds more than that, and for others, too."""
        self._alone.clear()
        if not self._absence.lasts:
            try:
                client = self._cache.get_client(None, write=True)
                for key in client.scan_iter(match=f"{self.key_prefix}:*", count=1000):
                    client.delete(key)
            except RedisError as error:
                self._absence.begin(error)
