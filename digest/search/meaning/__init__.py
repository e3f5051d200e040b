"""Encodes texts as vectors of their meaning, by weights that an installation brings along. numpy only.

tokenizer   text → pieces of words, by number (WordPiece)
weights     a folder or an installed package → the arrays of a model
encoder     pieces → a vector a text (a BERT with mean pooling, as sentence-transformers keeps them)
vectors     vectors of many papers × one → cosines
"""

from digest.search.meaning.encoder import Dense, Encoder
from digest.search.meaning.vectors import Vectors, to_bytes
from digest.search.meaning.weights import load

__all__ = ["Dense", "Encoder", "Vectors", "load", "to_bytes"]
