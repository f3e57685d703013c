"""The cost of a model by layer, as a picture."""

from html import escape
from typing import Final

from compute.zkml.cost import CostReport

WIDTH: Final = 760
MARGIN: Final = 16
ROW: Final = 26
BAR: Final = 16
TOP: Final = 74
LETTER: Final = 7.2  # of text of 13 pixels, generously
NAME_LETTERS: Final = 28  # longer names are cut
TITLE_LETTERS: Final = 56
BITS: Final = "#9ecae1"
WIDE: Final = "#08519c"


def cost_svg(report: CostReport, title: str) -> str:
    """Bars of constraints by layer; within a bar, bits are light and wide wires, which cost more to prove, are dark."""
    names = [_cut(layer.name, NAME_LETTERS) for layer in report.layers]
    labels = [f"{layer.constraints:,}  {_share(layer.constraints, report.constraints)}" for layer in report.layers]
    left = MARGIN + round(LETTER * max(map(len, names))) + 8
    room = WIDTH - left - MARGIN - 8 - round(LETTER * max(map(len, labels)))
    scale = room / max(1, *(layer.constraints for layer in report.layers))
    parts = _head(report, title, TOP + ROW * len(names) + MARGIN)
    for place, (layer, name, label) in enumerate(zip(report.layers, names, labels, strict=True)):
        y = TOP + ROW * place
        bits, wide = layer.by_width[1] * scale, (layer.constraints - layer.by_width[1]) * scale
        baseline = y + BAR - 3
        parts += [
            f'<text x="{left - 8}" y="{baseline}" text-anchor="end">{escape(name)}</text>',
            f'<line x1="{left}" y1="{y - 5}" x2="{left}" y2="{y + ROW - 5}" stroke="#cccccc"/>',
            f'<rect x="{left}" y="{y}" width="{bits:.1f}" height="{BAR}" fill="{BITS}"/>',
            f'<rect x="{left + bits:.1f}" y="{y}" width="{wide:.1f}" height="{BAR}" fill="{WIDE}"/>',
            f'<text x="{left + bits + wide + 8:.1f}" y="{baseline}" fill="#555555">{label}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])


def _head(report: CostReport, title: str, height: int) -> list[str]:
    seconds = report.estimate.prove_microseconds / 1e6
    key = report.estimate.key_bytes / 1e6
    said = f"{report.constraints:,} constraints, about {seconds:,.2f} CPU-seconds a proof, a key of {key:,.1f} MB"
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="sans-serif" font-size="13" fill="#222222">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="{MARGIN}" y="24" font-size="16">{escape(_cut(title, TITLE_LETTERS))}</text>',
        f'<text x="{MARGIN}" y="44" fill="#555555">{said}</text>',
        f'<rect x="{WIDTH - 192}" y="15" width="10" height="10" fill="{BITS}"/>',
        f'<text x="{WIDTH - 177}" y="24">bits</text>',
        f'<rect x="{WIDTH - 132}" y="15" width="10" height="10" fill="{WIDE}"/>',
        f'<text x="{WIDTH - 117}" y="24">wider wires</text>',
    ]


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"


def _share(constraints: int, total: int) -> str:
    return f"({constraints / max(1, total):.1%})" if constraints else ""
