"""A person's conversations as files that outlive this product."""

from .archive import archive
from .markdown import as_markdown
from .names import file_name

__all__ = ["archive", "as_markdown", "file_name"]
