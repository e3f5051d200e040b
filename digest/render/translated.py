"""Makes a Jinja environment whose templates say their texts in the language of who reads them.

`{{ _("Papers by {name}", name=author) }}`, `ngettext("{number} paper", "{number} papers", count)`,
`pgettext("context", "text")`. In HTML a text of the catalogue is markup, its values are escaped.
"""

from collections.abc import Callable, Mapping

from jinja2 import Environment, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from digest import languages


class Translated(Markup):
    """A text of the catalogue with its values, ready to be printed in HTML."""

    __slots__ = ()


class PlainTranslated(str):
    """The same in a text part."""

    __slots__ = ()


def translate(environment: Environment, printed: Callable[[object], object] | None = None) -> None:
    """Give an environment `_`, `ngettext` and `pgettext`; `printed`: what its `{{ … }}` do with a value."""

    @pass_eval_context
    def gettext(context: EvalContext, text: str, /, **values: object) -> str:
        return _filled(context, languages.gettext(text), values, printed)

    @pass_eval_context
    def pgettext(context: EvalContext, about: str, text: str, /) -> str:
        return _filled(context, languages.pgettext(about, text), {}, printed)

    @pass_eval_context
    def ngettext(context: EvalContext, singular: str, plural: str, number: int, /, **values: object) -> str:
        found = languages.chosen(singular, plural, number)
        return _filled(context, found, {"number": number, **values}, printed)

    environment.globals |= {"_": gettext, "gettext": gettext, "ngettext": ngettext, "pgettext": pgettext}


def _filled(
    context: EvalContext,
    text: str,
    values: Mapping[str, object],
    printed: Callable[[object], object] | None,
) -> str:
    if not values and "{" not in text:  # most texts
        return Translated(text) if context.autoescape else PlainTranslated(text)
    parts = list(languages.pieces(text))
    shown = [values[name] for name in parts[1::2]]
    if printed:
        shown = [printed(value) for value in shown]
    parts[1::2] = [escape(value) if context.autoescape else str(value) for value in shown]
    whole = "".join(parts)
    return Translated(whole) if context.autoescape else PlainTranslated(whole)
