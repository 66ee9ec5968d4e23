"""How fast things are, as ratios against the plain way in the same run: machines differ, ratios differ less."""
