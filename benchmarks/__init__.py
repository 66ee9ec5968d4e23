"""How fast things are, as ratios against the plain way of doing the same in the same run: machines differ, ratios less."""
