"""The cost of a model by layer, as a picture."""

from html import escape
from typing import Final

from compute.zkml.cost import CostReport

WIDTH: Final = 720
LEFT: Final = 170
ROW: Final = 24
TOP: Final = 56


def cost_svg(report: CostReport, title: str) -> str:
    """Bars of constraints by layer; within a bar, bits are light and wide wires, which cost more to prove, are dark."""
    scale = (WIDTH - LEFT - 90) / max(1, *(layer.constraints for layer in report.layers))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{TOP + ROW * len(report.layers) + 16}"'
        ' font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="12" y="22" font-size="15">{escape(title)}: {report.constraints} constraints</text>',
        '<rect x="12" y="32" width="10" height="10" fill="#9ecae1"/><text x="28" y="42">bits</text>',
        '<rect x="70" y="32" width="10" height="10" fill="#08519c"/><text x="86" y="42">wider wires</text>',
    ]
    for place, layer in enumerate(report.layers):
        y = TOP + ROW * place
        bits, wide = layer.by_width[1] * scale, (layer.constraints - layer.by_width[1]) * scale
        parts += [
            f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(layer.name)}</text>',
            f'<rect x="{LEFT}" y="{y + 2}" width="{bits:.1f}" height="{ROW - 6}" fill="#9ecae1"/>',
            f'<rect x="{LEFT + bits:.1f}" y="{y + 2}" width="{wide:.1f}" height="{ROW - 6}" fill="#08519c"/>',
            f'<text x="{LEFT + bits + wide + 6:.1f}" y="{y + 15}">{layer.constraints}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])
