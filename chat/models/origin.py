"""Where an imported conversation came from: so that it is imported once."""

from django.db import models


class Origin(models.Model):
    """``key`` is the other product and its own id of the conversation, as in ``chatgpt:6789…``."""

    conversation = models.OneToOneField("Conversation", on_delete=models.CASCADE, related_name="origin")
    key = models.CharField(max_length=100, db_index=True)

    def __str__(self) -> str:
        return self.key
