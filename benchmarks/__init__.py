"""Each figure that README quotes is printed by a script here: `make bench-match`, `make bench-load`."""
