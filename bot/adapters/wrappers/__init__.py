"""A port around a port: what every backend needs once: deadlines, retries, breakers, caches, counts, spans."""
