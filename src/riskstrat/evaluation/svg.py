"""Matplotlib figures as inline SVG: same figure, same bytes, and nothing to load from anywhere."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

__all__ = ["inline_svg", "style"]

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: searchable, read aloud, in the page's own font
    "font.family": "DejaVu Sans",  # shipped with matplotlib, so that layout is the same everywhere
    "font.size": 10,  # 8 points on A4, where a figure is drawn at five sixths
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#8a939b",
    "axes.labelcolor": "#3b444c",
    "axes.linewidth": 0.8,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlecolor": "#1d252c",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e9ec",
    "grid.linewidth": 0.8,
    "xtick.color": "#8a939b",
    "ytick.color": "#8a939b",
    "xtick.labelcolor": "#3b444c",
    "ytick.labelcolor": "#3b444c",
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 9.5,
}

_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
_PROLOGUE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_NAMESPACES = re.compile(r'\sxmlns(:\w+)?="[^"]*"')
_SIZE = re.compile(r'(<svg[^>]*?)\swidth="[^"]*"|(<svg[^>]*?)\sheight="[^"]*"')
_COMMENTS = re.compile(r"<!--.*?-->\s*", re.DOTALL)


@contextmanager
def style() -> Iterator[None]:
    """Draw figures in the report's style; the caller's settings come back afterwards."""
    with mpl.rc_context(_STYLE):
        yield


def inline_svg(
    figure: Figure,
    name: str,
    title: str,
    description: str,
    hover: Mapping[str, str] | None = None,
) -> str:
    """A figure as one ``<svg>`` element for an HTML page.

    Parameters
    ----------
    figure : Figure
        Drawn within :func:`style`.
    name : str
        Prefix of every id inside, so that several figures can stand on one page.
    title : str
        What the figure is, in a few words.
    description : str
        What it shows, for people who cannot see it.
    hover : mapping, optional
        Words shown over a part of the figure, by the ``gid`` of the part.

    Returns
    -------
    str
        Without XML prologue, metadata, namespaces, size or comments.
    """
    with mpl.rc_context({**_STYLE, "svg.hashsalt": f"riskstrat-{name}"}):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata=_NO_METADATA)
    text = _PROLOGUE.sub("", buffer.getvalue(), count=1)
    for pattern in (_NAMESPACES, _COMMENTS):
        text = pattern.sub("", text)
    text = _SIZE.sub(r"\1\2", _SIZE.sub(r"\1\2", text))
    text = text.replace("xlink:href", "href")
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r'(href="#|url\(#)', rf"\1{name}-", text)
    for part, words in (hover or {}).items():
        opening = f'<g id="{name}-{part}">'
        text = text.replace(opening, f"{opening}\n<title>{escape(words)}</title>", 1)
    head = f'<svg role="img" aria-labelledby="{name}-title {name}-desc" '
    titled = (
        f'<title id="{name}-title">{escape(title)}</title>\n'
        f'<desc id="{name}-desc">{escape(description)}</desc>'
    )
    return re.sub(r"<svg\s+([^>]*)>", lambda m: f"{head}{m[1]}>\n{titled}", text, count=1).strip()
