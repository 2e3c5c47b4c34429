"""Test images with faults, for `tests.kernel.test_faults`: all of them are in one run."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

EMPTY = "its row is empty"
RECOGNISED = "it is recognised"
RETRIEVED = "it keeps its retrieval score"
UNLIKE = "it gets the nearest landmark"


@dataclass(frozen=True, kw_only=True)
class ImageFault:
    """A test image with a fault, and what becomes of its row; the other queries are recognised as ever."""

    name: str
    file: str
    """Its name in the test folder; its id is the stem, in lower case."""
    write: Callable[[Path, Path], object]
    """Write it, out of a good photo."""
    outcome: str
    """One of the above, for the document."""
    logged: str = ""
    """What the log says after its file's name, a pattern; empty where nothing is to be said."""
    full: bool = False
    """Whether it is too heavy for `make test`."""

    @property
    def id(self) -> str:
        """Return what the submission calls it."""
        return Path(self.file).stem.lower()


def _first(share: float) -> Callable[[Path, Path], object]:
    return lambda path, photo: path.write_bytes(photo.read_bytes()[: int(share * photo.stat().st_size)])


def _converted(mode: str, kind: str = "JPEG") -> Callable[[Path, Path], object]:
    return lambda path, photo: Image.open(photo).convert(mode).save(path, kind)


def _drawn(size: tuple[int, int], mode: str = "RGB", kind: str = "JPEG") -> Callable[[Path, Path], object]:
    return lambda path, _: Image.new(mode, size).save(path, kind)


def _turned(path: Path, photo: Path) -> None:
    """Store a photo on its side, with the EXIF orientation that turns it up again."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(photo).transpose(Image.Transpose.ROTATE_90).save(path, exif=exif, quality=95)


def _not_unicode(path: Path, _: Path) -> None:
    os.close(os.open(os.fsencode(path.parent) + b"/badname\xff.jpg", os.O_CREAT))


IMAGES = [
    ImageFault(
        name="is empty",
        file="empty.jpg",
        write=lambda path, _: path.touch(),
        outcome=EMPTY,
        logged="unreadable image",
    ),
    ImageFault(
        name="is text",
        file="text.jpg",
        write=lambda path, _: path.write_text("no image"),
        outcome=EMPTY,
        logged="unreadable image",
    ),
    ImageFault(
        name="is cut off in its header", file="header.jpg", write=_first(0.01), outcome=EMPTY, logged="unreadable image"
    ),
    ImageFault(
        name="is cut off in its pixels",
        file="cut.jpg",
        write=_first(0.8),
        outcome=RETRIEVED,
        logged="unreadable image .*truncated",
    ),
    ImageFault(
        name="cannot be read: the system reports an input/output error",
        file="eio.jpg",
        write=lambda path, _: path.symlink_to("/proc/self/mem"),  # nothing is mapped where its first byte is
        outcome=EMPTY,
        logged="unreadable image",
    ),
    ImageFault(
        name="is a folder", file="directory.jpg", write=lambda path, _: path.mkdir(), outcome=EMPTY, logged="a folder"
    ),
    ImageFault(
        name="is a link to itself",
        file="loop.jpg",
        write=lambda path, _: path.symlink_to(path.name),
        outcome=EMPTY,
        logged="not a regular file",
    ),
    ImageFault(
        name="is a named pipe",
        file="pipe.jpg",
        write=lambda path, _: os.mkfifo(path),
        outcome=EMPTY,
        logged="not a regular file",
    ),
    ImageFault(
        name="has a file name that is not UTF-8",
        file="badname.jpg",
        write=_not_unicode,
        outcome=EMPTY,
        logged="the file name is not UTF-8",
    ),
    ImageFault(
        name="lies in two folders",
        file="twice.jpg",
        write=lambda path, photo: (shutil.copy(photo, path), shutil.copy(photo, path.parent.parent / path.name)),
        outcome=RECOGNISED,
        logged="the id is that of",
    ),
    ImageFault(
        name="is named .JPG", file="UPPER.JPG", write=lambda path, photo: shutil.copy(photo, path), outcome=RECOGNISED
    ),
    ImageFault(name="is a PNG named .jpg", file="png.jpg", write=_converted("RGB", "PNG"), outcome=RECOGNISED),
    ImageFault(name="is a WebP named .jpg", file="webp.jpg", write=_converted("RGB", "WEBP"), outcome=RECOGNISED),
    ImageFault(name="is a GIF named .jpg", file="gif.jpg", write=_converted("RGB", "GIF"), outcome=RECOGNISED),
    ImageFault(name="has an alpha channel", file="alpha.jpg", write=_converted("RGBA", "PNG"), outcome=RECOGNISED),
    ImageFault(name="is CMYK", file="cmyk.jpg", write=_converted("CMYK"), outcome=RECOGNISED),
    ImageFault(name="is turned by EXIF", file="turned.jpg", write=_turned, outcome=RECOGNISED),
    ImageFault(name="is grey", file="grey.jpg", write=_converted("L"), outcome=UNLIKE),
    ImageFault(name="has 16 bits a channel", file="deep.jpg", write=_drawn((40, 30), "I;16", "PNG"), outcome=UNLIKE),
    ImageFault(name="is one pixel", file="pixel.jpg", write=_drawn((1, 1)), outcome=UNLIKE),
    ImageFault(name="is 1 pixel wide and 5000 high", file="line.jpg", write=_drawn((1, 5000)), outcome=UNLIKE),
    ImageFault(name="has 100 megapixels", file="huge.jpg", write=_drawn((10_000, 10_000)), outcome=UNLIKE, full=True),
    ImageFault(
        name="has 400 megapixels: PIL refuses it as a decompression bomb",
        file="bomb.jpg",
        write=_drawn((20_000, 20_000), "L"),
        outcome=RETRIEVED,
        logged="unreadable image .*decompression bomb",
        full=True,
    ),
]
