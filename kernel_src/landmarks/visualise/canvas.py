"""Common elements of figures: colours, sizes, tiles and captions. Figures have an opaque white background."""

import io
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

from landmarks.dataset import Photo
from landmarks.errors import UnreadableImage
from landmarks.images import local_pixels

Colour = tuple[int, int, int]
Corner = tuple[int, int]
"""Left and top, in pixels of the figure."""

DENSITY = 2  # pixels of the image per CSS pixel, so that text is sharp on high-resolution screens
COLUMNS = 4
TILE_PX = (408, 306)  # width, height
GAP_PX = 20
MARGIN_PX = 32
CAPTION_PX = 84
TITLE_PX = 48
FRAME_PX = 8
FONT_PX = 28
WIDTH_PX = 2 * MARGIN_PX + COLUMNS * (TILE_PX[0] + GAP_PX) - GAP_PX
JPEG_QUALITY = 85

PAPER: Colour = (255, 255, 255)
INK: Colour = (32, 36, 44)
FAINT: Colour = (92, 100, 116)
MAT: Colour = (238, 240, 243)
NEUTRAL: Colour = (66, 99, 165)
RIGHT: Colour = (31, 122, 74)
WRONG: Colour = (196, 62, 58)


@dataclass(frozen=True)
class Figure:
    """The value of a notebook cell: an image, or text if there is no image."""

    text: str
    image: Image.Image | None = None

    def __repr__(self) -> str:
        """Return the text, for frontends that cannot show images."""
        return self.text

    def _repr_markdown_(self) -> str | None:
        return None if self.image else self.text

    def _repr_jpeg_(self) -> tuple[bytes, dict[str, Any]] | None:
        if self.image is None:
            return None
        written = io.BytesIO()
        self.image.save(written, "JPEG", quality=JPEG_QUALITY, subsampling=0)
        return written.getvalue(), {"width": self.image.width // DENSITY}


def sheet(height: int) -> Image.Image:
    """Return an empty image of the common width. Margins are added to ``height``, in pixels."""
    return Image.new("RGB", (WIDTH_PX, height + 2 * MARGIN_PX), PAPER)


def titled(text: str, below: Image.Image) -> Image.Image:
    """Add a line of text above a sheet."""
    title = sheet(TITLE_PX - GAP_PX // 2)
    write(title, (MARGIN_PX, MARGIN_PX), text)
    return stacked(title, below)


def stacked(*sheets: Image.Image) -> Image.Image:
    """Concatenate sheets vertically, with a single margin between them."""
    whole = sheet(sum(part.height - MARGIN_PX for part in sheets) - MARGIN_PX)
    top = 0
    for part in sheets:
        whole.paste(part, (0, top))
        top += part.height - MARGIN_PX
    return whole


def write(canvas: Image.Image, corner: Corner, text: str, colour: Colour = INK, *, anchor: str = "la") -> None:
    """Write a line of text. ``anchor`` is a text anchor of PIL."""
    ImageDraw.Draw(canvas).text(corner, text, colour, ImageFont.load_default(FONT_PX), anchor=anchor)


def draw_tile(
    canvas: Image.Image, corner: Corner, photo: Photo, caption: tuple[str, ...], frame: Colour | None = None
) -> None:
    """Draw a photo on a background, with caption lines below it and, optionally, a coloured frame."""
    left, top = corner
    box = (left, top, left + TILE_PX[0] - 1, top + TILE_PX[1] - 1)
    draw = ImageDraw.Draw(canvas)
    draw.rectangle(box, fill=MAT)
    inside = photograph(photo, (TILE_PX[0] - 2 * FRAME_PX, TILE_PX[1] - 2 * FRAME_PX))
    canvas.paste(inside, (left + (TILE_PX[0] - inside.width) // 2, top + (TILE_PX[1] - inside.height) // 2))
    if frame:
        draw.rectangle(box, outline=frame, width=FRAME_PX)
    for line, text in enumerate(caption):
        write(canvas, (left, top + TILE_PX[1] + 8 + line * (FONT_PX + 8)), text, INK if line == 0 else FAINT)


def photograph(photo: Photo, size: tuple[int, int]) -> Image.Image:
    """Return a photo scaled to fit into ``size``, (width, height) in pixels; a grey tile if it cannot be read."""
    try:
        return ImageOps.contain(Image.fromarray(local_pixels(photo.path)), size)
    except (UnreadableImage, MemoryError):
        return Image.new("RGB", size, FAINT)
