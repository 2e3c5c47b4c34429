"""What all pictures are drawn with: colours, sizes, tiles and captions. They bring their own paper, for any page."""

import io
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

from landmarks.dataset import Photo
from landmarks.errors import UnreadableImage
from landmarks.images import local_pixels

Colour = tuple[int, int, int]
Corner = tuple[int, int]
"""Left and top, in pixels of the sheet."""

DENSITY = 2  # pixels of a picture for each pixel of the page, so that text is sharp on dense screens
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
    """What a cell shows: an image, or the text alone where there is none."""

    text: str
    image: Image.Image | None = None

    def __repr__(self) -> str:
        """Return what stands for the image where none can be shown."""
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
    """Return empty paper of the width that all pictures have, and a height without its margins."""
    return Image.new("RGB", (WIDTH_PX, height + 2 * MARGIN_PX), PAPER)


def titled(text: str, below: Image.Image) -> Image.Image:
    """Return a sheet with a line of text above it."""
    title = sheet(TITLE_PX - GAP_PX // 2)
    write(title, (MARGIN_PX, MARGIN_PX), text)
    return stacked(title, below)


def stacked(*sheets: Image.Image) -> Image.Image:
    """Return sheets below one another, with one margin between two."""
    whole = sheet(sum(part.height - MARGIN_PX for part in sheets) - MARGIN_PX)
    top = 0
    for part in sheets:
        whole.paste(part, (0, top))
        top += part.height - MARGIN_PX
    return whole


def write(canvas: Image.Image, corner: Corner, text: str, colour: Colour = INK, *, anchor: str = "la") -> None:
    """Write a line of text; ``anchor`` as PIL has it."""
    ImageDraw.Draw(canvas).text(corner, text, colour, ImageFont.load_default(FONT_PX), anchor=anchor)


def draw_tile(
    canvas: Image.Image, corner: Corner, photo: Photo, caption: tuple[str, ...], frame: Colour | None = None
) -> None:
    """Draw a photo on a mat, with lines below it, and in a frame of a colour."""
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
    """Return a photo that fits the size; a flat tile where it cannot be read."""
    try:
        return ImageOps.contain(Image.fromarray(local_pixels(photo.path)), size)
    except (UnreadableImage, MemoryError):
        return Image.new("RGB", size, FAINT)
