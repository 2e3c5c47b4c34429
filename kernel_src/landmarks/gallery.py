"""HTML report of a rehearsal: the GAP curve, and each query with its neighbours, worst mistakes first."""

import base64
import io
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image

from landmarks import dataset, gap, records
from landmarks.settings import Settings

SHOWN = 60  # maximum number of queries on the page
NEIGHBOURS = 3
TILE = (220, 165)  # width, height in pixels
SPACE = 12
THUMBNAIL_PX = 260
JPEG_QUALITY = 74
STEPS = ("retrieval", "verification")

Query = Mapping[str, Any]
Truth = Mapping[str, Collection[str]]

STYLE = """
.gap svg { display: block; width: 100%; height: 11rem; overflow: visible; }
.gap path { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke; }
.gap .retrieval { stroke: var(--faint); stroke-dasharray: 4 4; }
.gap .verification { stroke: var(--accent); }
.gap .hit { stroke: var(--good); } .gap .miss { stroke: var(--bad); }
.gap .grid { stroke: var(--line); stroke-width: 1; }
.query { border-top: 1px solid var(--line); padding: 1.1rem 0; }
.query h4 { margin: 0 0 .2rem; font-size: 1rem; display: flex; flex-wrap: wrap; gap: .5rem; align-items: baseline; }
.query p { margin: 0 0 .7rem; color: var(--faint); }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(19rem, 100%), 1fr)); gap: 1rem; }
.pair { margin: 0; } .pair svg { display: block; width: 100%; height: auto; border-radius: 6px; }
.pair .mat { fill: var(--mat); } .pair .frame { fill: none; stroke-width: 3; }
.pair .right { stroke: var(--good); } .pair .wrong { stroke: var(--bad); } .pair .unknown { stroke: var(--line); }
.pair .line { stroke: #ffd23e; stroke-width: 1; stroke-opacity: .85; } .pair .dot { fill: #ffd23e; }
.pair figcaption { font-size: .85rem; color: var(--faint); margin-top: .35rem; line-height: 1.45; }
.pair figcaption b { color: var(--ink); font-weight: 600; }
.defs { position: absolute; width: 0; height: 0; }
"""


@dataclass(kw_only=True)
class _Photos:
    """The photographs of the page. Each is embedded once, even if it is shown several times."""

    root: Path
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    images: list[str] = field(default_factory=list)

    def number(self, split: str, image_id: str) -> int:
        """Return the number of a photo. A photo that cannot be read has size (0, 0)."""
        if (split, image_id) not in self.numbers:
            size, data = _thumbnail(dataset.image_path(self.root, split, image_id))
            self.numbers[split, image_id] = len(self.sizes)
            self.sizes.append(size)
            self.images.append(data)
        return self.numbers[split, image_id]

    def definitions(self) -> str:
        """Return the SVG that defines all photographs."""
        shapes = (_fitted(size)[2:] for size in self.sizes)
        images = (
            f'<image id="photo-{number}" width="{width:.1f}" height="{height:.1f}" href="{data}"/>'
            for number, ((width, height), data) in enumerate(zip(shapes, self.images, strict=True))
            if data
        )
        return f'<svg class="defs" aria-hidden="true"><defs>{"".join(images)}</defs></svg>'


def gallery(record: Path, inputs: Path) -> str:
    """Return an HTML fragment for the report page of a rehearsal.

    Parameters
    ----------
    record : Path
        The record folder of a run.
    inputs : Path
        The input folder, with one folder per attached source. True labels are read from ``truth.csv`` in the
        competition's folder, if it exists.

    Returns
    -------
    str
        Empty if the run recorded no step. All values that come from data are escaped.
    """
    steps = {name: _read(record / f"{name}.json") for name in STEPS}
    queries_by_step = {name: step["queries"] for name, step in steps.items() if step}
    if not queries_by_step:
        return ""
    root = inputs / Settings().competition
    truth_csv = root / "truth.csv"
    truth = dataset.read_truth(truth_csv) if truth_csv.is_file() else None
    photos = _Photos(root=root)
    ordered = worst_first([*queries_by_step.values()][-1], truth)
    cards = [_card(query, _before(queries_by_step, query["id"]), record, photos, truth) for query in ordered[:SHOWN]]
    figure = _curve(queries_by_step, truth) if truth else ""
    return f"<style>{STYLE}</style>{photos.definitions()}{figure}{_heading(ordered, truth)}{''.join(cards)}"


def worst_first(queries: Iterable[Query], truth: Truth | None) -> list[Query]:
    """Sort queries: wrong predictions by descending score, missed ones, then correct ones by ascending score."""
    places = {"wrong": 0, "missed": 1, "unknown": 2, "right": 3, "none": 4}

    def key(query: Query) -> tuple[int, float]:
        verdict, score = judge(query, truth), query["prediction"]["score"] if query["prediction"] else 0.0
        return places[verdict], score if verdict == "right" else -score

    return sorted(queries, key=key)


def judge(query: Query, truth: Truth | None) -> str:
    """Compare the prediction of a query with its true labels.

    Returns
    -------
    str
        ``right`` or ``wrong`` for a prediction. Without a prediction, ``missed`` if the query shows a landmark, else
        ``none``. ``unknown`` without true labels.
    """
    if truth is None:
        return "unknown"
    labels = truth.get(query["id"], ())
    if query["prediction"] is None:
        return "missed" if labels else "none"
    return "right" if query["prediction"]["label"] in labels else "wrong"


def curve(queries: Iterable[Query], truth: Truth) -> list[tuple[bool, float]]:
    """Return correctness and precision by rank, as `landmarks.gap.precision_by_rank` does."""
    return gap.precision_by_rank(_scored(queries), truth)


def _curve(queries_by_step: Mapping[str, Sequence[Query]], truth: Truth) -> str:
    curves = {name: curve(queries, truth) for name, queries in queries_by_step.items()}
    longest = max(map(len, curves.values()))
    lines = "".join(f'<path class="{name}" d="{_path(points, longest)}"/>' for name, points in curves.items() if points)
    ticks = "".join(_ticks([*curves.values()][-1], longest))
    gaps = {name: gap.global_average_precision(_scored(queries), truth) for name, queries in queries_by_step.items()}
    legend = "; ".join(f"after {name} <b>{value:.4f}</b>" for name, value in gaps.items())
    grid = "".join(f'<path class="grid" d="M0 {100 * level} H1000"/>' for level in (0, 0.25, 0.5, 0.75, 1))
    return (
        f'<figure class="gap"><p>GAP: {legend}</p>'
        f'<svg viewBox="0 0 1000 108" preserveAspectRatio="none" role="img" aria-label="precision by rank">'
        f"{grid}{lines}{ticks}</svg>"
        f"<figcaption>Precision (0 to 1) by rank, from the highest score on the left to all {longest} predictions "
        f"on the right, after retrieval (dashed) and after verification. The marks below are green for correct "
        f"predictions and red for wrong ones. GAP is the precision at the rank of each correct prediction, averaged "
        f"over the queries that show a landmark.</figcaption></figure>"
    )


def _path(points: Sequence[tuple[bool, float]], longest: int) -> str:
    steps = (f"{1000 * (place + 0.5) / longest:.1f} {100 * (1 - value):.1f}" for place, (_, value) in enumerate(points))
    return "M" + " L".join(steps)


def _ticks(points: Sequence[tuple[bool, float]], longest: int) -> Iterator[str]:
    for place, (right, _) in enumerate(points):
        kind = "hit" if right else "miss"
        yield f'<path class="{kind}" d="M{1000 * (place + 0.5) / longest:.1f} 103 v5"/>'


def _scored(queries: Iterable[Query]) -> list[gap.Scored]:
    predicted = (query for query in queries if query["prediction"])
    return [(query["id"], query["prediction"]["label"], query["prediction"]["score"]) for query in predicted]


def _heading(ordered: Sequence[Query], truth: Truth | None) -> str:
    counts = Counter(judge(query, truth) for query in ordered)
    words = {"right": "right", "wrong": "wrong", "missed": "missed", "none": "rightly left empty"}
    words["unknown"] = "without true labels"
    summary = ", ".join(f"{counts[verdict]} {text}" for verdict, text in words.items() if counts[verdict])
    shown = f"; the first {SHOWN} are shown" if len(ordered) > SHOWN else ""
    return f"<h3>{len(ordered)} queries, worst mistakes first</h3><p>{summary}{shown}.</p>"


def _card(query: Query, before: Mapping[str, float], record: Path, photos: _Photos, truth: Truth | None) -> str:
    labels, verdict = (truth or {}).get(query["id"], ()), judge(query, truth)
    prediction = query["prediction"]
    says = (
        f"predicted {escape(prediction['label'])}, score {prediction['score']:.3f}" if prediction else "no prediction"
    )
    shows = f"; shows {escape(', '.join(labels) or 'no landmark')}" if truth is not None else ""
    matches = _read(record / records.MATCHES / f"{query['id']}.json")
    drawn = "".join(
        _pair(
            _Pair(
                query_id=query["id"],
                neighbour=neighbour,
                before=before.get(neighbour["id"]),
                matches=matches.get(neighbour["id"]),
                frame="unknown" if truth is None else "right" if neighbour["label"] in labels else "wrong",
            ),
            photos,
        )
        for neighbour in query["neighbours"][:NEIGHBOURS]
    )
    badge = f'<span class="badge {verdict}">{verdict if verdict != "none" else "empty"}</span>'
    heading = f"<h4>{badge}<code>{escape(query['id'])}</code></h4><p>{says}{shows}</p>"
    return f'<article class="query">{heading}<div class="pairs">{drawn}</div></article>'


@dataclass(frozen=True, kw_only=True)
class _Pair:
    query_id: str
    neighbour: Query
    before: float | None
    """The neighbour's score before verification."""
    matches: Query | None
    """Number of matches, number of inliers, and lines between the inliers."""
    frame: str


def _pair(pair: _Pair, photos: _Photos) -> str:
    neighbour, offset = pair.neighbour, TILE[0] + SPACE
    left, right = photos.number("test", pair.query_id), photos.number("train", neighbour["id"])
    lines = pair.matches["lines"] if pair.matches else []
    drawn = "".join(_line(line, photos.sizes[left], photos.sizes[right], offset) for line in lines)
    facts = [f"<b>{escape(neighbour['label'])}</b> <code>{escape(neighbour['id'])}</code>", *_verified(pair)]
    label = f"{escape(pair.query_id)} beside {escape(neighbour['id'])}"
    return (
        f'<figure class="pair"><svg viewBox="0 0 {offset + TILE[0]} {TILE[1]}" role="img" aria-label="{label}">'
        f"{_tile(left, photos, 0, '')}{_tile(right, photos, offset, pair.frame)}{drawn}</svg>"
        f"<figcaption>{'<br>'.join(facts)}</figcaption></figure>"
    )


def _verified(pair: _Pair) -> Iterator[str]:
    """Yield the score before and after verification, and the number of inliers."""
    score = f"{pair.neighbour['score']:.3f}"
    before = "" if pair.before is None else f"{pair.before:.3f}"
    yield f"score {score}, was {before}" if before not in {"", score} else f"score {score}"
    if pair.matches and pair.matches["matches"]:
        yield f"{pair.matches['inliers']} of {pair.matches['matches']} matches are inliers"
    elif pair.matches:
        yield "no matches"


def _tile(number: int, photos: _Photos, left: float, frame: str) -> str:
    x, y, *_ = _fitted(photos.sizes[number])
    mat = f'<rect class="mat" x="{left}" width="{TILE[0]}" height="{TILE[1]}"/>'
    photo = f'<use href="#photo-{number}" x="{left + x:.1f}" y="{y:.1f}"/>' if photos.images[number] else ""
    box = f'<rect class="frame {frame}" x="{left + 1.5}" y="1.5" width="{TILE[0] - 3}" height="{TILE[1] - 3}"/>'
    return mat + photo + (box if frame else "")


def _line(line: Sequence[float], query: tuple[int, int], train: tuple[int, int], offset: float) -> str:
    x1, y1 = _on_tile(line[1], line[0], query, 0)
    x2, y2 = _on_tile(line[3], line[2], train, offset)
    dots = "".join(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="1.8"/>' for x, y in ((x1, y1), (x2, y2)))
    return f'<line class="line" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>{dots}'


def _on_tile(x: float, y: float, size: tuple[int, int], offset: float) -> tuple[float, float]:
    left, top, width, height = _fitted(size)
    return offset + left + x * width / max(size[0], 1), top + y * height / max(size[1], 1)


def _fitted(size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return left, top, width and height of an image within a tile, in pixels."""
    zoom = min(TILE[0] / max(size[0], 1), TILE[1] / max(size[1], 1))
    width, height = size[0] * zoom, size[1] * zoom
    return (TILE[0] - width) / 2, (TILE[1] - height) / 2, width, height


def _thumbnail(path: Path) -> tuple[tuple[int, int], str]:
    """Return the size of a stored image, and a thumbnail as a data URI; (0, 0) and an empty string if unreadable."""
    try:
        with Image.open(path) as image:
            size = image.size
            image.draft("RGB", (THUMBNAIL_PX, THUMBNAIL_PX))
            small = image.convert("RGB")
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        return (0, 0), ""
    small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    written = io.BytesIO()
    small.save(written, "JPEG", quality=JPEG_QUALITY)
    return size, f"data:image/jpeg;base64,{base64.b64encode(written.getvalue()).decode()}"


def _before(queries_by_step: Mapping[str, Sequence[Query]], query_id: str) -> dict[str, float]:
    """Return the retrieval scores of a query's neighbours, if they were verified afterwards."""
    if len(queries_by_step) < len(STEPS):
        return {}
    neighbours = (query["neighbours"] for query in queries_by_step["retrieval"] if query["id"] == query_id)
    return {neighbour["id"]: neighbour["score"] for neighbour in next(neighbours, [])}


def _read(file: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    return read
