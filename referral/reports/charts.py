"""Charts as SVG, drawn from figures as they may be shown. On a page the table of the numbers stands beside each.

Lengths are in units of a picture 440 wide, so that words stay readable when it is as narrow as a telephone. Colours
come from the stylesheet. A hidden figure is drawn as an empty outline of the same size everywhere: it tells nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from markupsafe import Markup

WIDTH = 440
EDGE = 2
BAR, LINE = 18, 20
"""How high a bar is, and a line of text."""
COLUMN_WIDTH, NODE_GAP, FLOW_HEIGHT = 12, 26, 300
HIDDEN_WIDTH = 40
COLOURS = 6
HIDDEN = "verborgen"


@dataclass(frozen=True)
class Bar:
    """One bar: `count` None is hidden. `note` is said beside the number."""

    label: str
    count: int | None
    note: str = ""


@dataclass(frozen=True)
class Box:
    """How long something took, in days: nine out of ten between the whiskers' ends, the middle half in the box.

    What is None is not drawn.
    """

    label: str
    p10: float | None
    p25: float | None
    median: float | None
    p75: float | None
    p90: float | None


@dataclass(frozen=True)
class Link:
    """So many went from one node to a node of the next column. A node is its column and its name."""

    column: int
    source: str
    target: str
    count: int


def write_figure(number: float) -> str:
    """A number as Dutch people write it: a dot between thousands, a comma before decimals."""
    text = f"{number:,.1f}" if number % 1 else f"{number:,.0f}"
    return text.translate(str.maketrans(",.", ".,"))


def draw_bars(bars: Sequence[Bar], title: str) -> Markup:
    """Horizontal bars, each under its label, from the same starting line."""
    row = LINE + BAR + 12
    picture = _picture(title, len(bars) * row)
    most = max((bar.count or 0 for bar in bars), default=0) or 1
    for at, bar in enumerate(bars):
        top = at * row
        _text(picture, 0, top + LINE - 5, bar.label)
        _text(picture, WIDTH, top + LINE - 5, _said(bar), anchor="end", kind="chart-number")
        if bar.count is None:
            _add(picture, "rect", x=EDGE, y=top + LINE, width=HIDDEN_WIDTH, height=BAR, **{"class": "chart-hidden"})
        else:
            length = max(EDGE, (WIDTH - 2 * EDGE) * bar.count / most)
            _add(picture, "rect", x=EDGE, y=top + LINE, width=length, height=BAR, rx=2, **{"class": "chart-bar"})
    return _written(picture)


def draw_boxes(boxes: Sequence[Box], title: str) -> Markup:
    """Box plots under each other on one scale of days."""
    row = LINE + BAR + 14
    picture = _picture(title, len(boxes) * row + LINE + 8)
    most = max((value for box in boxes for value in (box.median, box.p75, box.p90) if value is not None), default=0)
    scale = (WIDTH - 4 * EDGE) / (most or 1)

    def place(value: float) -> float:
        return 2 * EDGE + value * scale

    for at, box in enumerate(boxes):
        top, middle = at * row + LINE, at * row + LINE + BAR / 2
        _text(picture, 0, top - 5, box.label)
        _text(picture, WIDTH, top - 5, _median(box), anchor="end", kind="chart-number")
        if box.p10 is not None and box.p90 is not None:
            _add(picture, "line", x1=place(box.p10), x2=place(box.p90), y1=middle, y2=middle, **{"class": "chart-line"})
        if box.p25 is not None and box.p75 is not None:
            length = max(EDGE, place(box.p75) - place(box.p25))
            _add(picture, "rect", x=place(box.p25), y=top, width=length, height=BAR, **{"class": "chart-box"})
        if box.median is not None:
            x = place(box.median)
            _add(picture, "line", x1=x, x2=x, y1=top - 2, y2=top + BAR + 2, **{"class": "chart-median"})
    bottom = len(boxes) * row + LINE
    for part in range(5):
        anchor = "start" if part == 0 else "end" if part == 4 else "middle"
        _text(picture, place(most * part / 4), bottom, f"{most * part / 4:.0f}", anchor=anchor, kind="chart-note")
    return _written(picture)


def draw_flow(links: Sequence[Link], title: str) -> Markup:
    """A Sankey diagram: bands as wide as what flows from column to column, the largest nodes on top."""
    picture = _picture(title, FLOW_HEIGHT)
    nodes = _nodes(links)
    left: dict[tuple[int, str], float] = {node: place.top for node, place in nodes.items()}
    right = dict(left)
    order = list(nodes)
    for link in sorted(links, key=lambda it: (order.index((it.column, it.source)), order.index(_end(it)))):
        start, end = nodes[link.column, link.source], nodes[_end(link)]
        thick = link.count * start.scale
        y0, y1 = left[link.column, link.source], right[_end(link)]
        left[link.column, link.source] += thick
        right[_end(link)] += thick
        band = _add(picture, "path", d=_band(start.x + COLUMN_WIDTH, y0, end.x, y1, thick))
        band.set("class", f"chart-flow chart-flow--{order.index((link.column, link.source)) % COLOURS}")
    for (column, name), place in nodes.items():
        colour = order.index((column, name)) % COLOURS
        node = _add(picture, "rect", x=place.x, y=place.top, width=COLUMN_WIDTH, height=max(EDGE, place.height))
        node.set("class", f"chart-node chart-flow--{colour}")
        if 0 < place.x < WIDTH - COLUMN_WIDTH:
            # Between the columns there is no room beside a node, so its name stands under it.
            _text(picture, place.x, place.top + place.height + 14, name, anchor="middle")
            continue
        is_last = place.x > 0
        x = place.x + COLUMN_WIDTH if is_last else place.x
        _text(
            picture, x, place.top - 6, f"{name} {write_figure(place.count)}",
            anchor="end" if is_last else "start", kind="chart-label",
        )  # fmt: skip
    return _written(picture)


@dataclass
class _Place:
    x: float
    top: float
    height: float
    count: int
    scale: float


def _nodes(links: Sequence[Link]) -> dict[tuple[int, str], _Place]:
    """Where every node stands: what flows in or out of it, whichever is more, decides how high it is."""
    out, into = _sums((it.column, it.source, it.count) for it in links), _sums((*_end(it), it.count) for it in links)
    counts = {node: max(out.get(node, 0), into.get(node, 0)) for node in (*out, *into)}
    columns = sorted({column for column, _name in counts})
    grouped = [
        sorted((node for node in counts if node[0] == column), key=lambda node: (-counts[node], node[1]))
        for column in columns
    ]
    room = [(FLOW_HEIGHT - NODE_GAP * len(column)) / (sum(counts[node] for node in column) or 1) for column in grouped]
    scale, places = min(room, default=1.0), {}
    for at, column in enumerate(grouped):
        top, x = float(NODE_GAP - 4), at * (WIDTH - COLUMN_WIDTH) / max(1, len(grouped) - 1)
        for node in column:
            places[node] = _Place(x, top, counts[node] * scale, counts[node], scale)
            top += counts[node] * scale + NODE_GAP
    return places


def _sums(parts: Iterable[tuple[int, str, int]]) -> dict[tuple[int, str], int]:
    sums: dict[tuple[int, str], int] = {}
    for column, name, count in parts:
        sums[column, name] = sums.get((column, name), 0) + count
    return sums


def _end(link: Link) -> tuple[int, str]:
    return link.column + 1, link.target


def _band(x0: float, y0: float, x1: float, y1: float, thick: float) -> str:
    middle = (x0 + x1) / 2
    points = [(middle, y0), (middle, y1), (x1, y1)]
    there = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    back = " ".join(f"{x:.1f},{y + thick:.1f}" for x, y in ((middle, y1), (middle, y0), (x0, y0)))
    return f"M{x0:.1f},{y0:.1f} C{there} v{thick:.1f} C{back} Z"


def _said(bar: Bar) -> str:
    number = HIDDEN if bar.count is None else write_figure(bar.count)
    return f"{number} · {bar.note}" if bar.note else number


def _median(box: Box) -> str:
    return "te weinig gegevens" if box.median is None else f"mediaan {write_figure(box.median)} dagen"


def _picture(title: str, height: float) -> ElementTree.Element:
    """An empty picture that says what it shows to who cannot see it."""
    return ElementTree.Element(
        "svg", {"class": "chart", "viewBox": f"0 0 {WIDTH} {height:.0f}", "role": "img", "aria-label": title}
    )


def _add(parent: ElementTree.Element, tag: str, **attributes: str | float) -> ElementTree.Element:
    texts = {name: it if isinstance(it, str) else f"{it:.1f}".removesuffix(".0") for name, it in attributes.items()}
    return ElementTree.SubElement(parent, tag, texts)


def _text(
    parent: ElementTree.Element, x: float, y: float, words: str, *, anchor: str = "start", kind: str = ""
) -> None:
    element = _add(parent, "text", x=x, y=y, **{"text-anchor": anchor, "class": kind or "chart-label"})
    element.text = words


def _written(picture: ElementTree.Element) -> Markup:
    """The picture as text; the writer escapes every word in it."""
    return Markup(ElementTree.tostring(picture, encoding="unicode"))  # noqa: S704
