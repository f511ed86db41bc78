"""Circuits, who provides them and where they end."""
