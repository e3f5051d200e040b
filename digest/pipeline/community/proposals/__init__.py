"""How a proposed paper is looked up, and the states that it goes through."""
