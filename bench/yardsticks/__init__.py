"""Two small relays to measure ourselves against; neither stores anything nor knows anybody."""
