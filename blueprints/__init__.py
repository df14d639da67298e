"""The doors: one package a room of the web; discovered, not listed."""
