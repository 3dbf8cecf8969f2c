"""Those who watch a conversation of somebody else: only for as long as it is shared with them."""

from collections.abc import Iterable

from chat.database import in_database
from chat.models import Share

from .viewer import Viewer


async def turn_away(viewers: Iterable[Viewer]) -> None:
    """Let go of what the viewers may not read any more, and tell them. Asks the database only if there are guests."""
    guests = [viewer for viewer in viewers if viewer.ticket is not None and viewer.guest_in]
    reading = {(guest.ticket.user_id, key) for guest in guests if guest.ticket for key in guest.guest_in}
    if not reading:
        return
    lost = await in_database(Share.objects.unreadable_among, reading)
    for guest in guests:
        for key in list(guest.guest_in):
            if guest.ticket and (guest.ticket.user_id, key) in lost:
                guest.turn_away(key)
