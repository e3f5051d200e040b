"""The page of a paper, its citations, and the lists of authors and topics."""

import html
import json
import re
import time
from datetime import timedelta

import pytest

from digest.domain import Actor, Entry, HideReason, SignalKind
from digest.pipeline.community import moderation, picks, votes
from digest.pipeline.installation import acting
from digest.store import papers, session
from digest.web.addresses import author_path, paper_path
from digest.web.page_cache import LOOK_EVERY
from tests.builders import NOW, entry
from tests.installations import join, store_entries
from tests.web.test_sessions import ADA, sign_in
from tests.web_server import WebServer


@pytest.fixture
def database_kind() -> str:
    """What differs between databases is tested with the pipeline."""
    return "sqlite"


def test_a_paper_is_shown_whole(web: WebServer) -> None:
    whole = entry(
        title="Agents <that> plan", abstract="First & last.", authors=("Ada Lovelace", "C++ & Co"),
        signals={SignalKind.UPVOTES: 7}, comment="12 pages", doi="10.1000/x",
    )  # fmt: skip
    store_entries(web.installation.engine, [whole])
    page = web.client().get("/p/2603.00001").text
    assert '<h1 dir="auto">Agents &lt;that&gt; plan</h1>' in page
    assert "First &amp; last." in page
    assert 'href="/authors/C++%20%26%20Co"' in page
    assert "12 pages" in page
    assert '<link rel="canonical" href="https://arxiv.org/abs/2603.00001">' in page
    assert '<meta property="og:title" content="Agents &lt;that&gt; plan">' in page
    data = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert data
    assert json.loads(data[1])["headline"] == "Agents <that> plan"


def test_formulas_of_a_title_are_text_in_its_reference_and_in_what_machines_read(web: WebServer) -> None:
    store_entries(web.installation.engine, [entry(title=r"Worlds of $\mathcal{O}(n^2)$")])
    page = web.client().get("/p/2603.00001").text
    reference = re.search(r'<p class="reference"[^>]*>(.*?)</p>', page)
    data = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert reference
    assert data
    assert "Worlds of 𝒪(n²). arXiv" in reference[1]
    assert json.loads(data[1])["headline"] == "Worlds of 𝒪(n²)"


@pytest.mark.parametrize("ref", ["2603.00001v2", "arxiv:2603.00001", "https://arxiv.org/abs/2603.00001"])
def test_other_spellings_of_an_id_lead_to_its_page(web: WebServer, ref: str) -> None:
    store_entries(web.installation.engine, [entry()])
    answer = web.client().get(f"/p/{ref}")
    assert (answer.status_code, answer.headers["location"]) == (302, "/p/2603.00001")


def test_a_merged_paper_leads_to_the_one_that_stands_for_it(web: WebServer) -> None:
    store_entries(web.installation.engine, [entry(), entry("2603.00002")])
    with session.transaction(web.installation.engine) as db:
        papers.merge(db, "2603.00002", "2603.00001", papers.Why("one work", "a test", NOW))
    assert web.client().get("/p/2603.00002").headers["location"] == "/p/2603.00001"


def test_who_is_signed_in_can_leave_out_what_is_like_a_paper(web: WebServer) -> None:
    store_entries(web.installation.engine, [entry(title=r"Worlds of $n^2$ agents")])
    join(web.installation, ADA)
    assert "Less like this" not in web.client().get("/p/2603.00001").text
    page = sign_in(web).get("/p/2603.00001").text
    assert "Get trending papers in your inbox" not in page  # they get them
    less = re.search(r'<a href="([^"]+)">Less like this</a>', page)
    assert less
    offered = web.client().get(html.unescape(less[1]))
    assert offered.status_code == 200
    assert ">Worlds of n² agents</a>" in offered.text


def test_a_source_that_carried_both_ids_of_one_work_is_named_once(web: WebServer) -> None:
    engine = web.installation.engine
    store_entries(engine, [entry(version=1), entry("2603.00002", version=1)], seen_at=NOW)
    store_entries(engine, [entry(version=2, key="v2")], seen_at=NOW + timedelta(days=1))
    with session.transaction(engine) as db:
        papers.merge(db, "2603.00002", "2603.00001", papers.Why("one work", "a test", NOW))
    page = web.client().get("/p/2603.00001").text
    seen = [re.sub("<[^>]+>", "", each) for each in re.findall(r"<li>(arXiv, .*?)</li>", page)]
    assert seen == ["arXiv, 17 March 2026, version 1", "arXiv, 18 March 2026, version 2"]


@pytest.mark.parametrize(
    ("reason", "status"), [(HideReason.SPAM, 410), (HideReason.LEGAL, 410), (HideReason.DUPLICATE, 302)]
)
def test_a_hidden_paper_that_was_merged_into_a_visible_one_stays_hidden(
    web: WebServer, reason: HideReason, status: int
) -> None:
    """Unless it was hidden as a duplicate: then the other one is what it leads to."""
    part = entry("2603.00002", comment="Buy lamps", version=9)
    store_entries(web.installation.engine, [entry(), part])
    moderation.hide(web.installation, "2603.00002", reason, now=NOW)
    with session.transaction(web.installation.engine) as db:
        papers.merge(db, "2603.00002", "2603.00001", papers.Why("one work", "a test", NOW))
        assert papers.by_ids(db, ["arxiv:2603.00002"]) == {}
    client = web.client()
    assert client.get("/p/2603.00002").status_code == status
    shown = client.get("/p/2603.00001")
    assert shown.status_code == 200
    assert "Buy lamps" not in shown.text


def test_a_page_says_what_votes_of_new_readers_weigh(web: WebServer) -> None:
    store_entries(web.installation.engine, [entry()])
    now = web.clock.now
    for number in range(2):
        person = join(web.installation, f"r{number}@example.org", now=now - timedelta(days=1))
        hands = acting(web.installation, Actor(f"subscriber:{person.id}", "web", str(number)))
        votes.vote(hands, person.id, votes.paper(web.installation, "2603.00001"), now)
    assert "2 votes of readers here weigh 0.5 together" in web.client().get("/p/2603.00001").text


@pytest.mark.parametrize("ref", ["2603.99999", "x", "%00", "a" * 400, "%ed%a0%80", "..%2f..%2fetc"])
def test_what_is_no_paper_is_no_page(web: WebServer, ref: str) -> None:
    assert web.client().get(f"/p/{ref}").status_code == 404


def test_a_hidden_paper_is_gone(web: WebServer) -> None:
    store_entries(web.installation.engine, [entry()])
    moderation.hide(web.installation, "2603.00001", HideReason.SPAM, "<b>an advertisement</b>.", now=NOW)
    answer = web.client().get("/p/2603.00001")
    assert answer.status_code == 410
    assert "It was hidden as spam: &lt;b&gt;an advertisement&lt;/b&gt;." in answer.text
    for address in ("/p/2603.00001/cite.bib", "/api/v1/papers/2603.00001/similar"):
        assert web.client().get(address).status_code == 410


def test_what_another_process_hides_or_picks_is_seen_within_a_second(web: WebServer) -> None:
    entries = [entry("2603.00001", title="Seldom seen"), entry("2603.00002", title="Often seen")]
    store_entries(web.installation.engine, entries, seen_at=web.clock.now - timedelta(minutes=5))
    addresses = ("/papers", "/papers.rss", "/papers.atom", "/search?q=seldom", "/", "/p/2603.00001")
    assert all("Seldom seen" in web.client().get(address).text for address in addresses)
    moderation.hide(web.installation, "2603.00001", HideReason.SPAM, now=web.clock.now)
    time.sleep(LOOK_EVERY)
    web.client().get("/about")  # any request looks around
    found = {address: "Seldom seen" in web.client().get(address).text for address in addresses}
    assert found == dict.fromkeys(addresses, False)
    picks.pick(web.installation, "2603.00002", "Read & marvel.", now=web.clock.now)
    time.sleep(LOOK_EVERY)
    assert "Picked today" in web.client().get("/papers").text
    assert "Read &amp; marvel." in web.client().get("/p/2603.00002").text


def test_a_paper_whose_id_is_no_arxiv_id_has_a_page_too(web: WebServer) -> None:
    for key in ("blog/2026/a b", "x?y#z", "../up", "ünï"):
        odd = Entry(key, f"A paper called {key}", url="https://example.org/")
        store_entries(web.installation.engine, [odd], source="feed-of-mine")
        path = paper_path(f"feed-of-mine:{key}")
        assert web.client().get(path).status_code == 200, path


def test_signals_are_drawn_and_told_in_a_table(web: WebServer) -> None:
    store_entries(web.installation.engine, [entry(signals={SignalKind.UPVOTES: 3})])
    web.clock.move(days=2)
    store_entries(web.installation.engine, [entry(signals={SignalKind.UPVOTES: 30})], seen_at=web.clock.now)
    page = web.client().get("/p/2603.00001").text
    assert 'aria-label="From 3 on 17 March 2026 to 30 on 19 March 2026"' in page
    assert '<th scope="row">19 Mar</th><td>30</td>' in page
    assert "× 0.500" in page


@pytest.mark.parametrize(
    ("form", "kind", "start"),
    [
        ("bib", "application/x-bibtex", "@misc{lovelace2026paper,"),
        ("ris", "application/x-research-info", "TY  - "),
        ("json", "application/vnd.citationstyles.csl+json", "["),
    ],
)
def test_citations_are_files(web: WebServer, form: str, kind: str, start: str) -> None:
    store_entries(web.installation.engine, [entry()])
    answer = web.client().get(f"/p/2603.00001/cite.{form}")
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["content-disposition"] == f'attachment; filename="lovelace2026paper.{form}"'
    assert answer.text.startswith(start)
    assert web.client().get("/p/2603.00001/cite.exe").status_code == 404


def test_an_author_has_a_list_and_nobody_has_none(web: WebServer) -> None:
    store_entries(web.installation.engine, [entry(authors=("José García",)), entry("2603.00002")])
    page = web.client().get(author_path("Jose Garcia")).text
    assert 'Papers by <span dir="auto">José García</span>' in page
    assert page.count('<li class="paper">') == 1
    assert "/?authors=Jos%C3%A9%20Garc%C3%ADa" in page
    assert web.client().get("/authors/nobody").status_code == 404
    assert web.client().get("/authors/...").status_code == 404


def test_topics_lead_to_lists_and_to_the_form_filled_in(web: WebServer) -> None:
    store_entries(
        web.installation.engine, [entry(title="A large language model"), entry("2603.00002", title="Legs")]
    )
    assert 'href="/t/llm">Large language models</a> <span class="count">1 paper</span>' in (
        web.client().get("/topics").text
    )
    page = web.client().get("/t/llm").text
    assert "A large language model" in page
    assert "Legs" not in page
    assert '<input type="hidden" name="topics" value="llm">' in page
    assert web.client().get("/t/nothing").status_code == 404


def test_formulas_of_an_abstract_are_mathml_and_all_else_is_text(web: WebServer) -> None:
    abstract = r"We sort in $O(n \log n)$, \textbf{twice} as fast, for \$5; $\unknown{x}$ & <b>no</b> tag."
    store_entries(web.installation.engine, [entry(abstract=abstract)])
    answer = web.client().get("/p/2603.00001")
    shown = re.search(r'<p class="abstract" dir="auto">(.*?)</p>', answer.text)
    assert shown
    assert '<math display="inline"><mrow><mi>O</mi>' in shown[1]
    assert ", twice as fast" in shown[1]
    assert "<b>" not in shown[1]
    assert "style=" not in shown[1]
    assert answer.headers["content-security-policy"].startswith("default-src 'self';")
