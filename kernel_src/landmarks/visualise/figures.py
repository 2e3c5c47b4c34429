"""The pictures of the driver's story, each from what a run knows by then."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from kernelwright.runtime import inputs
from landmarks import dataset, gap
from landmarks.dataset import Photo, image_path
from landmarks.feature_types import LocalFeatures
from landmarks.images import local_pixels
from landmarks.local_features import create_extractor
from landmarks.reranking import match_and_verify
from landmarks.results import Step
from landmarks.settings import Settings
from landmarks.visualise import canvas, contact_sheet, gap_chart, matches, photographs
from landmarks.visualise.canvas import Figure
from landmarks.visualise.contact_sheet import Truth
from landmarks.visualise.matches import Pair

Photos = tuple[Photo, Photo]

ROWS = 4  # queries of a sheet
PAIRS = 3  # queries, landmarks, and photographs of a landmark, whose pairs are matched here
NO_STEP = "Nothing was recognised, so there is nothing to show here."


def data(settings: Settings) -> Figure:
    """Show a few landmarks, and how many photographs landmarks have."""
    root = inputs.find(settings.competition)
    ids = photographs.by_landmark(dataset.read_labels(root / "train.csv", keep_going=True))
    shown = canvas.stacked(photographs.landmarks(root, ids), photographs.class_sizes(ids))
    return Figure(f"A few of {len(ids):,} landmarks, and how many photographs landmarks have.", shown)


def neighbours(settings: Settings, steps: Sequence[Step]) -> Figure:
    """Show queries beside what the first look finds, from the surest to the least sure."""
    shown = contact_sheet.spread(contact_sheet.surest_first(steps[0]), ROWS) if steps else []
    if not shown:
        return Figure(NO_STEP)
    sheet = contact_sheet.draw(steps[0], shown, _truth(settings, steps[0]))
    return Figure("Queries, each beside its nearest gallery photographs.", sheet)


def pairs(settings: Settings, steps: Sequence[Step]) -> Figure:
    """Show the pair of photographs of which most details agree, and the one of which fewest do."""
    if not steps:
        return Figure(NO_STEP)
    candidates = [*_queries_and_neighbours(steps[-1]), *_of_a_landmark(settings, steps[-1])]
    tried = sorted(_matched(candidates, settings), key=lambda pair: (sum(pair.agreeing), -len(pair.matches)))
    if not tried:
        return Figure("No two photographs have details that could agree.")
    refused, accepted = tried[0], tried[-1]
    drawn = [matches.draw(accepted, f"accepted: {_verdict(accepted)}", canvas.RIGHT)]
    if refused is not accepted:
        drawn.append(matches.draw(refused, f"refused: {_verdict(refused)}", canvas.WRONG))
    return Figure("Two pairs of photographs, with their matches.", canvas.stacked(*drawn))


def mistakes(settings: Settings, steps: Sequence[Step]) -> Figure:
    """Show wrong answers, the surest first; without a truth, the least sure answers."""
    if not steps:
        return Figure(NO_STEP)
    last, truth = steps[-1], _truth(settings, steps[-1])
    surest = contact_sheet.surest_first(last)
    if truth is None:
        shown, what = surest[: -ROWS - 1 : -1], "No truth is attached; these are the least sure answers."
    else:
        shown = [query for query in surest if last.predictions[query.id].label not in truth[query.id]][:ROWS]
        what = "The surest of the wrong answers."
    if not shown:
        return Figure("No answer is wrong.")
    return Figure(what, canvas.titled(what, contact_sheet.draw(last, shown, truth)))


def gap_curve(settings: Settings, steps: Sequence[Step]) -> Figure:
    """Show precision among the surest answers, after either look."""
    truth = _truth(settings, steps[-1]) if steps else None
    if truth is None:
        return Figure("No truth is attached to this run, so that its GAP is not known.")
    scored = {
        step.name: [(image_id, prediction.label, prediction.score) for image_id, prediction in step.predictions.items()]
        for step in steps
        if step.predictions
    }
    if not scored:
        return Figure(NO_STEP)
    legends = {
        name: f"GAP after {name}: {gap.global_average_precision(predictions, truth):.4f}"
        for name, predictions in scored.items()
    }
    curves = {name: gap.precision_by_rank(predictions, truth) for name, predictions in scored.items()}
    return Figure("; ".join(legends.values()), gap_chart.draw(curves, legends))


def _truth(settings: Settings, step: Step) -> Truth | None:
    """Return the labels of each query of a step, where the competition's folder says them, as a local one may."""
    file = inputs.find(settings.competition) / "truth.csv"
    if not file.is_file():
        return None
    truth = dataset.read_truth(file)
    return {query.id: truth.get(query.id, ()) for query in step.data.queries}


def _queries_and_neighbours(step: Step) -> Iterator[Photos]:
    """Yield a few queries, each with its first and its last neighbour."""
    gallery = {photo.id: photo for photo in step.data.gallery}
    for query in contact_sheet.spread(contact_sheet.surest_first(step), PAIRS):
        ranked = [gallery[neighbour.id] for neighbour in step.neighbours[query] if neighbour.id in gallery]
        yield from ((query, photo) for photo in dict.fromkeys([*ranked[:1], *ranked[-1:]]))


def _of_a_landmark(settings: Settings, step: Step) -> Iterator[Photos]:
    """Yield photographs of one landmark: of the few that a commit recognises, none may have one beside it."""
    root, ids = inputs.find(settings.competition), photographs.by_landmark(step.data.labels)
    for label in [label for label, photos in ids.items() if len(photos) >= PAIRS][-PAIRS:]:
        photos = [Photo(image_id, image_path(root, "train", image_id)) for image_id in ids[label][:PAIRS]]
        yield from combinations(photos, 2)


def _matched(candidates: Iterable[Photos], settings: Settings) -> Iterator[Pair]:
    """Yield the candidates that have as many matches as a homography needs."""
    describe, described = create_extractor(settings.local), dict[Photo, LocalFeatures]()
    for photos in candidates:
        try:
            for photo in set(photos) - described.keys():
                described[photo] = describe(local_pixels(photo.path, exif_rotation=settings.local.exif_rotation))
            features = (described[photos[0]], described[photos[1]])
            matched, inliers = match_and_verify(*features, settings.local.chosen.max_distance, settings.verification)
        except Exception:  # noqa: BLE001, S112 - the run has logged what such a photo does; another pair is shown
            continue
        if len(matched) >= settings.verification.min_matches:
            yield Pair(photos=photos, features=features, matches=matched, agreeing=inliers.mask)


def _verdict(pair: Pair) -> str:
    return f"{sum(pair.agreeing)} of {len(pair.matches)} matches agree on one homography"
