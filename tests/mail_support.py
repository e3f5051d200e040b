"""What emails use of HTML and CSS, and what whoever's program lacks it gets instead: the project's own list.

An empty text: Gmail, Outlook, Apple Mail and Yahoo know it, on all platforms, in the way that we use it. Who
adds a property, an element or an attribute to a template looks it up (caniemail.com), and writes it down here
with what stands in its place.
"""

CSS = {
    "background": "",  # of a colour alone
    "background-color": "",  # in Outlook's own table
    "border": "",
    "border-bottom": "Outlook for Windows draws it unreliably on paragraphs: a line less",
    "border-color": "the light line",
    "border-radius": "Outlook for Windows: square corners",
    "color": "",
    "color-scheme": "the light colours, which stand inverting too (E-06)",
    "display": "Outlook for Windows: buttons and links without room around them",
    "font": "",
    "font-family": "",  # in Outlook's own style
    "font-size": "",
    "font-weight": "",
    "margin": "",  # never negative; `auto` beside the table's `align`
    "margin-bottom": "",  # in Outlook's own style
    "margin-top": "",
    "max-height": "the preheader is hidden by `display` and `mso-hide` too",
    "max-width": "Outlook for Windows: a table of its own, 640 pixels wide",
    "mso-hide": "for Outlook for Windows alone",
    "overflow": "the preheader is hidden by `display` and `mso-hide` too",
    "padding": "Outlook for Windows: of cells alone; `word.css` gives margins instead",
    "supported-color-schemes": "an older name of `color-scheme`, for Apple Mail",
    "table-layout": "Outlook: a long word makes the column wider",
    "text-align": "",
    "text-decoration": "",
    "white-space": "Outlook for Windows: a date may end a line behind one of its hyphens",
    "width": "the attribute of the same name",
    "word-break": "Chinese headings and dates are broken between any two characters",
    "word-wrap": "Outlook for Windows: a long word makes the column wider",
}
VALUES = {
    "display": {"none", "inline-block"},
    "font-weight": {"bold", "normal", "inherit"},  # Outlook and Yahoo don't know all numbers
    "overflow": {"hidden"},
    "table-layout": {"fixed"},
    "text-align": {"left"},
    "text-decoration": {"none"},
    "white-space": {"nowrap"},
    "word-break": {"keep-all"},
    "word-wrap": {"break-word"},
}
UNITS = {"px"}  # `rem` isn't known to Outlook and Yahoo, `em` behaves oddly in Word

ELEMENTS = {
    **dict.fromkeys(("a", "br", "div", "h1", "h2", "h3", "h4", "p", "span", "strong"), ""),
    **dict.fromkeys(("table", "tbody", "tr", "td"), ""),
    **dict.fromkeys(("html", "head", "meta", "title"), ""),
    "body": "the wrapper carries language, direction and colours too",
    "img": "where pictures are off: the alternative text, at the size of the picture",
    "style": "the inlined styles, which hold all but the dark mode",
}
ATTRIBUTES = {
    **dict.fromkeys(("align", "border", "cellpadding", "cellspacing", "valign"), ""),
    **dict.fromkeys(("class", "content", "charset", "name", "style"), ""),
    **dict.fromkeys(("alt", "dir", "href", "lang", "src"), ""),
    "height": "Apple Mail keeps the proportions of a carried picture by itself",
    "width": "Apple Mail: the property of the same name, for a carried picture",
    "aria-label": "the visible text of a link, which stands alone too",
    "aria-roledescription": "the role alone",
    "role": "Yahoo: on tables alone; headings remain",
    "data-css-inline": "nothing: it is read when the template is inlined",
}
MORE = {  # caniemail's names of what is neither property nor element
    "css-at-media": "the wide layout, which is fluid up to 640 px anyway",
    "css-at-media-prefers-color-scheme": "the light colours, which stand inverting too (E-06)",
    "css-important": "no dark mode; the inlined styles",
    "css-selector-attribute": "the light colours: only Outlook's own dark mode is told in this way",
    "css-sytem-ui": "the next font of the list",
    "css-unit-px": "",
    "html-comments": "",
    "html-meta-color-scheme": "the light colours",
    "image-jpg": "",
}
