"""IP address management: VRFs, aggregates, prefixes, addresses, VLANs and services."""
