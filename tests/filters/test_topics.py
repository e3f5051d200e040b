"""The shipped topics: each selects a paper that is its own, and of real papers neither all nor none."""

import gzip
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.domain import Paper, Ranked, SourceKind
from digest.filters import parse
from digest.match import Corpus, Library
from digest.sources import parse as parse_source
from digest.text import clean
from digest.topics import shipped
from tests.builders import paper

DATA = Path(__file__).parents[3] / "shared/data"
TOPICS = shipped()
LIBRARY = Library(TOPICS)

# A title and categories of an invented paper for each topic.
OWN: dict[str, tuple[str, tuple[str, ...]]] = {
    "llm": ("A Large Language Model That Gardens", ()),
    "reasoning": ("Chain-of-Thought for Chess Problems", ()),
    "agents": ("An LLM-Based Agent Files Your Taxes", ()),
    "rag": ("Retrieval-Augmented Cookbooks", ()),
    "long-context": ("Halving the KV Cache of Storytellers", ()),
    "prompting": ("In-Context Learning From Proverbs", ()),
    "multilingual": ("Machine Translation of Weather Rhymes", ()),
    "nlp-tasks": ("Sentiment Analysis of Bread Reviews", ()),
    "code": ("Code Generation for Knitting Machines", ()),
    "math-reasoning": ("Theorem Proving With Origami", ()),
    "evaluation": ("PuddleBench: A Benchmark of Rain", ()),
    "alignment": ("Direct Preference Optimization for Poets", ()),
    "safety": ("Red-Teaming a Talking Kettle", ()),
    "interpretability": ("Sparse Autoencoders Find Teapots", ()),
    "fairness": ("Gender Bias in Fairy Tales", ()),
    "privacy": ("Federated Learning Across Lighthouses", ()),
    "adversarial": ("Adversarial Examples for Bird Feeders", ()),
    "vision": ("Object Detection in Foggy Harbours", ()),
    "image-generation": ("Text-to-Image Postcards", ()),
    "video-generation": ("Video Generation of Melting Snow", ()),
    "video-understanding": ("Action Recognition in Puppet Shows", ()),
    "3d": ("Gaussian Splatting of Sandcastles", ()),
    "multimodal": ("Vision-Language Models Read Maps", ()),
    "ocr": ("OCR for Faded Shopping Lists", ()),
    "speech": ("Speech Recognition in Windy Valleys", ()),
    "music": ("Music Generation for Carillons", ()),
    "reinforcement-learning": ("Reinforcement Learning of Juggling", ()),
    "training": ("Gradient Descent on Frozen Lakes", ()),
    "fine-tuning": ("Low-Rank Adaptation of Old Clocks", ()),
    "efficiency": ("Quantizing Networks to Three Bits", ()),
    "mixture-of-experts": ("A Mixture-of-Experts of Beekeepers", ()),
    "architectures": ("A State-Space Model With Tides", ()),
    "datasets": ("A Dataset of Doorbells", ()),
    "representation": ("Contrastive Learning of Leaves", ()),
    "graphs": ("Graph Neural Networks for Spider Webs", ()),
    "time-series": ("Time Series of Tram Delays", ()),
    "recommender": ("Sequential Recommendation of Hikes", ()),
    "uncertainty": ("Conformal Prediction for Fortune Tellers", ()),
    "world-models": ("A World Model of Marble Runs", ()),
    "robotics": ("Legged Robots on Stairs", ()),
    "embodied": ("A Vision-Language-Action Policy That Folds", ()),
    "driving": ("Autonomous Driving in Medieval Towns", ()),
    "systems": ("An FPGA That Counts Sheep", ()),
    "security": ("Malware in Weather Stations", ()),
    "theory-cs": ("Sorting Half-Sorted Shelves", ("cs.DS",)),
    "hci": ("A User Study of Doorknobs", ()),
    "medical": ("Clinical Notes in Verse", ()),
    "biology": ("Protein Folding by Candlelight", ()),
    "neuroscience": ("EEG of Daydreamers", ()),
    "chemistry": ("Crystal Structures of Candy", ()),
    "physics": ("Knots in Superfluids", ("cond-mat.quant-gas",)),
    "astronomy": ("A Radio Galaxy Seen Through Rain", ()),
    "earth": ("Remote Sensing of Hedgerows", ()),
    "mathematics": ("On Tiles That Never Repeat", ("math.CO",)),
    "statistics": ("Estimating the Number of Hedgehogs", ("stat.AP",)),
    "economics": ("Prices of Umbrellas", ("econ.GN",)),
    "signals": ("Wireless Communication Under Bridges", ()),
    "education": ("Fractions in the Classroom", ()),
    "social": ("Hate Speech in Recipe Comments", ()),
    "law": ("Legal Reasoning About Fences", ()),
}


def test_there_are_topics_of_ai_and_of_other_fields_with_titles_and_groups() -> None:
    assert len(TOPICS) >= 30
    assert all(topic.title and topic.group and topic.slug == topic.slug.lower() for topic in TOPICS)
    assert len({topic.slug for topic in TOPICS}) == len({topic.title for topic in TOPICS}) == len(TOPICS)
    others = {"physics", "mathematics", "biology", "statistics", "economics", "security", "robotics"}
    assert {"llm", "reasoning", "agents", "vision", "reinforcement-learning"} | others <= set(LIBRARY.topics)


def test_every_topic_has_its_own_paper_here() -> None:
    assert set(OWN) == {topic.slug for topic in TOPICS} - {"picks"}  # no text makes a pick


@pytest.mark.parametrize("topic", sorted(OWN))
def test_a_topic_selects_its_own_paper_and_not_a_cake(topic: str) -> None:
    title, categories = OWN[topic]
    own = paper("2603.00001", title=title, abstract="", categories=categories)
    cake = paper("2603.00002", title="How to Bake a Cake", abstract="With flour and eggs.", categories=())
    matches = Corpus([Ranked(own, 0.0), Ranked(cake, 0.0)], LIBRARY).search(
        parse(f"topic:{topic}", topics=OWN)
    )
    assert [match.paper for match in matches] == [own]


def test_no_topic_selects_more_than_a_few_of_the_other_topics_papers() -> None:
    papers = [paper(slug, title=title, abstract="", categories=c) for slug, (title, c) in OWN.items()]
    day = Corpus([Ranked(each, 0.0) for each in papers], LIBRARY)
    for topic in TOPICS:
        assert len(day.search(LIBRARY.topics[topic.slug])) <= 8, topic.slug


# ---------------------------------------------------------------- over real papers


def real_papers() -> Iterator[Paper]:
    """About 5,000 papers: a quarter of the stored ones, all days of Hugging Face and of arXiv's feed."""
    with gzip.open(DATA / "papers/cs-12000.jsonl.gz", "rt") as lines:
        for line in itertools.islice(lines, 0, None, 4):
            row = json.loads(line)
            title, abstract = clean(row["title"]), clean(row["summary"])
            yield paper(row["id"], title=title, abstract=abstract, categories=tuple(row["categories"]))
    for kind, files in (
        (SourceKind.HUGGINGFACE, "huggingface/*.json.gz"),
        (SourceKind.ARXIV, "arxiv/feed/*.gz"),
    ):
        for file in sorted(DATA.glob(files)):
            for entry in parse_source(kind, gzip.decompress(file.read_bytes())).entries:
                title, abstract, categories = entry.title, entry.abstract, entry.categories
                yield paper(
                    entry.arxiv_id or entry.key, title=title, abstract=abstract, categories=categories
                )


@pytest.mark.corpus
def test_each_topic_selects_real_papers_but_not_most_of_them() -> None:
    if not DATA.is_dir():
        pytest.skip(f"no real papers here ({DATA})")
    papers = {each.id: each for each in real_papers()}
    day = Corpus([Ranked(each, 0.0) for each in papers.values()], LIBRARY)
    of_texts = [topic for topic in TOPICS if topic.slug != "picks"]
    shares = {t.slug: len(day.search(LIBRARY.topics[t.slug])) / len(papers) for t in of_texts}
    table = "\n".join(f"{slug:24}{share:8.2%}" for slug, share in sorted(shares.items(), key=lambda p: p[1]))
    assert min(shares.values()) > 0, table
    # Half of today's computer science is about language models; nothing else may be as wide.
    assert max(share for slug, share in shares.items() if slug != "llm") < 0.2, table
    assert shares["llm"] < 0.6, table
