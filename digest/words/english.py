"""What rules can't say of English: irregular plurals, words of their own, British spellings. Data only.

The lists of words in -ing and -ed follow from how often each stands beside its verb in 13,251 abstracts, and
what the verb means there (DECISIONS.md, “Forms of words”).
"""

import re


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _each(roots: str, plural: str, singular: str) -> dict[str, str]:
    """Plural → singular for words that are a root and an ending."""
    return {root + plural: root + singular for root in roots.split()}


# They end in s and aren't plurals. The last lines are acronyms whose S is a word.
NO_PLURAL = _listed(
    """
    alias always athens atlas besides bias brussels canvas chaos christmas cosmos debias does ethos gas goes
    has kansas kudos las lens los news overseas pancreas pathos perhaps sans series species texas thermos
    thomas towards unbias was whereas yes its aws bfs cls cms css cvs das dfs dns dos eos bos fps gis gps
    iss jss lts mas mls nas nls pls pos ras rms ros sas sms tls tts vas vis https
    """
)
# Of words in -ics these are plurals; others are disciplines: `dynamics` isn't `dynamic`.
PLURAL_ICS = _listed(
    """
    academics analgesics antibiotics asics basics ceramics characteristics classics clinics comics critics
    cynics diagnostics epics epidemics fabrics generics geodesics harmonics heuristics infographics italics
    logics lyrics mechanics medics metrics mimics mosaics nics organics pandemics paramedics picnics
    plastics relics rubrics skeptics specifics submetrics topics
    """
)
PLURALS = (
    _each(
        "hypothe the synthe diagno progno parenthe cri oa metasta paraly neuro psycho ellip photosynthe"
        " biosynthe prosthe antithe osmo apopto mito meio steno fibro symbio analy metaanaly reanaly",
        "ses",
        "sis",
    )
    | _each("matr append hel submatr", "ices", "ix")
    | _each("vert ind vort cort ap cod subind", "ices", "ex")
    | _each("foc loc nucle stimul radi cact fung alumn gyr sulc bacill calcul hippocamp", "i", "us")
    | _each(
        "spectr bacteri strat quant minim maxim optim extrem equilibri curricul moment symposi", "a", "um"
    )
    | _each("criteri phenomen tax automat mitochondri polyhedr tetrahedr", "a", "on")
    | _each("formul larv alg vertebr antenn lamin nebul supernov", "ae", "a")
    | _each(
        "foc vir stat corp bon camp cens consens b nex radi geni apparat surpl min pl circ cact", "uses", "us"
    )
    | _each("bi ali atl canv g pancre debi", "ases", "as")
    | _each("plateau hoi api gui roi poi ui ai wiki emoji id ad menu guru emu mcu icu imu relu", "s", "")
    | _each("movie cookie selfie calorie tie lie pie die shoe toe genie zombie prairie", "s", "")
    | {"corpora": "corpus", "genera": "genus", "lenses": "lens", "irises": "iris", "axes": "axis"}
    | {"mice": "mouse", "children": "child", "women": "woman", "men": "man", "feet": "foot", "teeth": "tooth"}
    | {"lives": "life", "halves": "half", "wolves": "wolf", "knives": "knife", "shelves": "shelf"}
    | {"leaves": "leaf", "schemata": "schema", "stigmata": "stigma", "quizzes": "quiz", "gases": "gas"}
)
# Words in -ing and -ed that mean more than a form of their verb: who asks for `modeling`, `grounding` or
# `sampling` doesn't ask for each “model”, “ground truth” and “sample”. Their own plurals are found.
OF_THEIR_OWN = _listed(
    """
    accounting anything banking bearing being boring building ceiling clothing coding computing conditioning
    driving during engineering evening everything facing featuring feeling finding fishing folding following
    forcing framing functioning grounding grouping hearing housing imaging interesting landing leading
    lighting mapping marketing matching meaning meeting missing modeling morning networking nothing offering
    opening ordering outstanding parking patterning pointing posing positioning pricing processing
    programming ranking rating reasoning sampling scaling scoring screening sensing sequencing serving
    setting shaping sibling signaling something spring standing sterling streaming string targeting testing
    thing timing trading turing typing weighting wording working aged based biped conditioned detailed embed
    faced featured flatbed grained handed hatred hundred imbed infrared jagged kindred layered misled naked
    pointed posed principled quadruped ragged related rugged sacred seabed shaped sized structured tasked
    testbed unstructured unrelated watershed weighted wicked
    """
)
SAME_AS = {  # another form of what stands above, or of an irregular verb
    "grounded": "grounding",
    "reweighted": "reweighting",
    "agreed": "agree",
    "disagreed": "disagree",
    "guaranteed": "guarantee",
    "freed": "free",
    "lying": "lie",
    "dying": "die",
    "tying": "tie",
    "died": "die",
    "tied": "tie",
    "lied": "lie",
    "learnt": "learn",
    "burnt": "burn",
    "spelt": "spell",
    "ageing": "aging",
}
# Short verbs that double their last letter. Others of three letters are names: RAG isn't “ragged”.
SHORT_VERBS = _listed(
    """
    ban bet bin cap cut dip dot fit fog hop lag lap log map mix mop nod pad peg pin pop rig rub run rot sum
    tag tap tip win zip
    """
)
# What is British wherever it stands in a word, and what America writes.
AMERICAN = tuple(
    (re.compile(british), american)
    for british, american in [
        (
            r"(behavi|^col|discol|fav|neighb|^lab|^hum|tum|flav|vap|^rum|^hon|^harb|vig|endeav|^od|arm|rig)our",
            r"\1or",
        ),
        (r"(^cent|epicent|^met|(?:kilo|centi|milli|micro|nano)met|^lit|^fib|theat|calib|^lust)re$", r"\1er"),
        (r"^centr(?:ed|ing)$", "center"),
        (r"(cata|dia|ana|mono|pro|epi|homo)logue", r"\1log"),
        (r"^(def|off|pret)ence$", r"\1ense"),
        (r"programme$", "program"),
        (r"^licence$", "license"),
        (r"^practis", "practic"),
        (r"(judg|acknowledg)ement", r"\1ment"),
        (r"sulph", "sulf"),
        (r"^artefact", "artifact"),
        (r"^grey", "gray"),
        (r"^mould", "mold"),
        (r"aluminium", "aluminum"),
        (r"haem(?=[aoi])", "hem"),
        (r"(leuk|an|isch|glyc|ur)aemi", r"\1emi"),
        (r"anaesth", "anesth"),
        (r"^(o)edem", "edem"),
        (r"^(o)eso?ph", "esoph"),
        (r"^oestr", "estr"),
        (r"paed(?=i)", "ped"),
        (r"foet(?=[ua])", "fet"),
        (r"gynaec", "gynec"),
        (r"diarrhoea", "diarrhea"),
        (r"manoeuvr(?:e|ing|ed)", "maneuver"),
        (r"encyclopaed", "encycloped"),
        (r"sceptic", "skeptic"),
        (r"([aot]l)ys(?=e[dr]?$|ing$)", r"\1yz"),
        (r"([aeiou][^aeiou]+[aeiou])lling$", r"\1ling"),
        (r"(?<=[aeiou])ll(?=ers?$|ments?$|ful$)", "l"),
    ]
)
# Each of these holds one of these letters, which are looked for in a tenth of the time.
MAY_BE_BRITISH = re.compile(
    "our|[bt]re$|centr|logue|ence$|gramme|practis|gement|sulph|artefact|grey|mould|aluminium|ae|oe|sceptic"
    "|lys|ll"
)
# -ise is -ize, but for these roots.
ISE = re.compile(r"(.*[aeiouy].*i)s(e|ed|er|ing|able|ation)")
ALWAYS_ISE = re.compile(
    r"(?:wi|[ao]i|ui|pri|[ernxm]ci|(?<!ti)vi|(?:pro|pre|de|sur)mi|(?:exper|trea|adver|chas|prac)ti|^a?ri"
    r"|(?:sun|moon|up)ri|andi|radi|pi|chi|^i)$"
)
# With these begin words that others write with a hyphen or a space.
FIRST_PARTS = sorted(
    _listed(
        """
        anti audio auto back bi co counter cross crowd cyber data de down ego electro feed fine full geo
        half hand hetero high hyper inter intra key large light long low macro meta micro mid multi neuro
        non object omni open out over pair photo point post pre pseudo real re self semi single socio spatio
        speed step sub super text time token top trade ultra un under uni up video visuo wave zero
        """
    )
)
# These stand beside other words without ever making one with them.
APART = _listed(
    """
    a an and any are as at be but by can do for from has have if is it its of or that the their this to via
    was we were when which with
    """
)
