"""The QR code of the customer's page."""

from __future__ import annotations

from webapp.services.quoting.paper.pen import Pen

SIZE = 66.0


def draw(pen: Pen, address: str, x: float, top: float) -> None:
    """Draw the code of ``address`` with its upper left corner at ``x`` and ``top``. The layout keeps it free around."""
    import segno

    matrix = segno.make(address, error="m", micro=False).matrix
    module = SIZE / len(matrix)
    with pen.tagged("Figure", f"QR code of {address}"):
        pen.canvas.setFillColor(pen.color("ink"))
        path = pen.canvas.beginPath()
        for number, row in enumerate(matrix):
            start = None
            for index, dark in enumerate([*row, 0]):
                if dark and start is None:
                    start = index
                elif not dark and start is not None:
                    path.rect(
                        x + start * module, top - (number + 1) * module, (index - start) * module, module
                    )
                    start = None
        pen.canvas.drawPath(path, stroke=0, fill=1)
