# SPDX-License-Identifier: BSD-2-Clause
"""How many machines have their first block by when, as an SVG that a browser and a README show as it is."""

from html import escape

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 44, 52
COLOURS = ("#1b6ca8", "#d1495b", "#2e8b57", "#8d5fd3", "#c77700", "#444444")
POINTS = 100  # of a curve: more than can be told apart


def steps(top, about=8):
    """Round marks from 0 to at least `top`."""
    unit = 10.0 ** -3
    while top / unit > about:
        for factor in (2, 2.5, 2):
            unit *= factor
            if top / unit <= about:
                break
    count = max(1, int(top / unit + 0.999999))
    return [unit * i for i in range(count + 1)]


def thinned(times):
    """(time, share of `times` that is over by then), the first and the last among them."""
    count = len(times)
    parts = min(POINTS, max(1, count - 1))
    wanted = sorted({round(part * (count - 1) / parts) for part in range(parts + 1)})
    return [(times[i], (i + 1) / count) for i in wanted]


class Chart:
    """One picture: add() curves and mark() moments, then text()."""

    def __init__(self, title):
        self.title, self.curves, self.moments = title, [], []

    def add(self, label, times, count):
        """The sorted times of those of `count` machines that came so far."""
        self.curves.append((label, [(at, share * len(times) / count) for at, share in thinned(times)]))

    def mark(self, label, at):
        self.moments.append((label, at))

    def _scale(self):
        ends = [curve[-1][0] for _, curve in self.curves] + [at for _, at in self.moments]
        self.marks = steps(max(ends))

    def _x(self, seconds):
        return LEFT + (WIDTH - LEFT - RIGHT) * seconds / self.marks[-1]

    def _y(self, share):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    def _axes(self):
        for mark in self.marks:
            x = self._x(mark)
            yield f'<path class="grid" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
            yield f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{mark:g}</text>'
        for share in (0, 0.25, 0.5, 0.75, 1):
            y = self._y(share)
            yield f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
            yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{share:.0%}</text>'
        yield f'<text x="{LEFT}" y="24" class="title">{escape(self.title)}</text>'
        yield (f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 12}" text-anchor="middle">'
               "seconds from power-on to the first block of the disk</text>")
        yield (f'<text transform="translate(16 {(TOP + HEIGHT - BOTTOM) / 2:.0f}) rotate(-90)" '
               'text-anchor="middle">machines</text>')

    def _curve(self, number, label, points):
        colour = COLOURS[number % len(COLOURS)]
        path = f"M{self._x(points[0][0]):.1f} {self._y(0):.1f}" + "".join(
            f"L{self._x(at):.1f} {self._y(share):.1f}" for at, share in points)
        y = HEIGHT - BOTTOM - 14 - 18 * (len(self.curves) - 1 - number)
        yield f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        x = LEFT + 20 if self.moments else WIDTH - 250  # where no curve is
        yield f'<path d="M{x} {y - 4}h24" stroke="{colour}" stroke-width="3"/>'
        yield f'<text x="{x + 32}" y="{y}">{escape(label)}</text>'

    def _moment(self, label, at):
        x = self._x(at)
        yield f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#000" stroke-dasharray="5 4"/>'
        yield f'<text x="{x - 6:.1f}" y="{TOP + 14}" text-anchor="end">{escape(label)}</text>'

    def text(self):
        self._scale()
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
            'font-size="13">',
            "<style>.grid{stroke:#ddd}.title{font-size:15px;font-weight:bold}</style>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            *self._axes(),
        ]
        for label, at in self.moments:
            lines += self._moment(label, at)
        for number, (label, points) in enumerate(self.curves):
            lines += self._curve(number, label, points)
        return "\n".join([*lines, "</svg>", ""])
