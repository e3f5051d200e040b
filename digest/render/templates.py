"""Compiles mail templates with their CSS inlined, once per template.

In: a folder of templates. Out: `environment`. Never: inlines a rendered message, or trusts a template
(sandbox), a missing name (an error) or a value (escaped in HTML, without control characters everywhere).
"""

from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from digest.render.colors import Colors
from digest.render.phrases import printable, shorten, together
from digest.render.placeholders import Placeholder
from digest.render.plain import underlined, width, wrap
from digest.render.translated import PlainTranslated, Translated, translate

_STYLE = "_base/style.css"


class _InliningLoader(FileSystemLoader):
    """Reads templates; those in HTML get the rules of `_base/style.css` written into their style attributes.

    The inliner reads the template's source as HTML, so Jinja's tags may stand in text and in attribute
    values, but not between the rows of a table, where no text may be.
    """

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, filename, uptodate = super().get_source(environment, template)
        if template.endswith(".html"):
            style = super().get_source(environment, _STYLE)[0]
            source = _inlined(source, environment.from_string(style).render())
        return source, filename, uptodate


def _inlined(source: str, style: str) -> str:
    from css_inline import CSSInliner  # noqa: PLC0415 - of HTML only

    inliner = CSSInliner(extra_css=style, minify_css=True, load_remote_stylesheets=False)
    if "<html" in source:
        return inliner.inline(source) + "\n"
    return inliner.inline_fragment(source, style)


def environment(*folders: Path, colors: Colors) -> SandboxedEnvironment:
    """Return where mails are rendered from: a template is looked for in each folder in turn.

    `colors` are known to every template and to `_base/style.css`.
    """
    jinja = SandboxedEnvironment(
        loader=_InliningLoader([str(folder) for folder in folders]),
        autoescape=select_autoescape(enabled_extensions=("html",), default=False),
        undefined=StrictUndefined,
        finalize=_printed,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    jinja.globals["colors"] = colors
    jinja.filters |= {"shorten": shorten, "together": together}
    jinja.filters |= {"underlined": underlined, "width": width, "wrap": wrap}
    translate(jinja, _printed)
    return jinja


def _printed(value: object) -> object:
    """What `{{ … }}` prints: without control characters, whatever the value was; a slot stays one."""
    if isinstance(value, Placeholder):
        return Markup(value.mark)  # noqa: S704 - a name of ours between two marks
    if isinstance(value, Translated | PlainTranslated):  # its values were printed one by one
        return value
    if isinstance(value, Markup):
        return Markup(printable(value))  # noqa: S704 - it was markup before
    return printable(value) if isinstance(value, str) else value
