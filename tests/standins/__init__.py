"""Stand-ins for vendors at the wire: they speak HTTP on loopback, and refuse what the vendor refuses."""
