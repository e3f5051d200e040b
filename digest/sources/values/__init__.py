"""Values of entries made safe and plain: texts, names, times, links, and the items they are of."""
