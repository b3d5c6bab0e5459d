"""The workflow table as a drawing (SVG), made from the live table: a new step appears by itself."""

from collections import defaultdict
from html import escape

from referral.referrals.workflow import EVENT_LABELS, FINAL, LABELS, STEPS, EventName, Status

COLUMN, ROW, WIDTH, HEIGHT, MARGIN = 250, 140, 190, 46, 24

PLACES: dict[Status, tuple[int, int]] = {
    Status.DRAFT: (0, 1),
    Status.SUBMITTED: (1, 1),
    Status.RETURNED: (1, 0),
    Status.ACCEPTED: (2, 1),
    Status.WAITLISTED: (2, 0),
    Status.HANDED_OVER: (3, 1),
    Status.INTAKE: (4, 1),
    Status.IN_TRAJECTORY: (5, 1),
    Status.COMPLETED: (6, 1),
    Status.CLOSED: (7, 1),
    Status.VOID: (0, 2),
    Status.EXPIRED: (1, 2),
    Status.DECLINED: (2, 2),
    Status.WITHDRAWN: (3, 2),
    Status.NOT_STARTED: (4, 2),
    Status.STOPPED_EARLY: (5, 2),
}
"""Column and row of each status: the good way in the middle, waiting above, the other ends below."""

STYLE = (
    "text{font:13px sans-serif;fill:#1b1b1b}.s{fill:#fff;stroke:#154273;stroke-width:2}.f{fill:#eef1f5}"
    ".e{fill:none;stroke:#5a6b7b;stroke-width:1.2}.m{stroke:#154273;stroke-width:2.4}.l{font-size:11px;fill:#154273}"
)


def draw() -> str:
    """The drawing: a box for every status, an arrow for every pair of statuses that an event connects.

    A status that can be reached from every other one gets a note instead of an arrow from each.
    """
    edges = _edges()
    everywhere = [
        status for status in Status if {(source, status) for source in Status if source is not status} <= edges.keys()
    ]
    columns = max(column for column, _ in PLACES.values()) + 1
    width, height = MARGIN * 2 + COLUMN * columns, MARGIN * 2 + ROW * 3
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'aria-label="Statussen en stappen van een verwijzing">',
        f"<style>{STYLE}</style>",
        '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0,0L8,4L0,8Z" fill="#5a6b7b"/></marker></defs>',
        *(_arrow(source, target, events) for (source, target), events in edges.items() if target not in everywhere),
        *(_box(status) for status in Status),
        *(_note(status) for status in everywhere),
        "</svg>",
    ]
    return "".join(parts)


def _edges() -> dict[tuple[Status, Status], list[EventName]]:
    edges: dict[tuple[Status, Status], list[EventName]] = defaultdict(list)
    for event, step in STEPS.items():
        for source in Status:
            target = step.leads_to(source) if source in step.sources else None
            if target is not None and target is not source:
                edges[source, target].append(event)
    return edges


def _corner(status: Status) -> tuple[int, int]:
    column, row = PLACES[status]
    return MARGIN + column * COLUMN, MARGIN + row * ROW + (ROW - HEIGHT) // 2


def _box(status: Status) -> str:
    x, y = _corner(status)
    kind = "s f" if status in FINAL else "s"
    return (
        f'<rect class="{kind}" x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
        f'<text x="{x + WIDTH // 2}" y="{y + 28}" text-anchor="middle">{escape(LABELS[status])}</text>'
    )


def _note(status: Status) -> str:
    x, y = _corner(status)
    return f'<text class="l" x="{x + WIDTH // 2}" y="{y - 8}" text-anchor="middle">vanuit elke status</text>'


def _arrow(source: Status, target: Status, events: list[EventName]) -> str:
    (x1, y1), (x2, y2) = _corner(source), _corner(target)
    told = ", ".join(EVENT_LABELS[event] for event in events)
    title = f"<title>{escape(LABELS[source])} → {escape(LABELS[target])}: {escape(told)}</title>"
    if y1 == y2 and x2 - x1 == COLUMN:
        start, end, middle = (x1 + WIDTH, y1 + HEIGHT // 2), (x2, y2 + HEIGHT // 2), y1 - 6
        line = f'<path class="e m" marker-end="url(#a)" d="M{start[0]},{start[1]}L{end[0]},{end[1]}">{title}</path>'
        label = f'<text class="l" x="{(start[0] + end[0]) // 2}" y="{middle}" text-anchor="middle">'
        return f"{line}{label}{escape(EVENT_LABELS[events[0]])}</text>"
    side = HEIGHT if y2 > y1 else 0
    sx, sy = x1 + WIDTH // 2 + (20 if x2 >= x1 else -20), y1 + side
    tx, ty = x2 + WIDTH // 2 + (-20 if x2 >= x1 else 20), y2 + (HEIGHT - side if y1 != y2 else side)
    bend = (sy + ty) // 2 if y1 != y2 else sy - ROW // 2
    return f'<path class="e" marker-end="url(#a)" d="M{sx},{sy}C{sx},{bend} {tx},{bend} {tx},{ty}">{title}</path>'
