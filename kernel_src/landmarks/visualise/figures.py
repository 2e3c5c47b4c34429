"""The figures of the recognition notebook."""

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

ROWS = 4  # queries per figure
PAIRS = 3  # number of queries, of landmarks, and of photographs per landmark from which pairs are formed
NO_STEP = "Nothing was recognised, so there is nothing to show here."


def data(settings: Settings) -> Figure:
    """Show photographs of some landmarks, and the distribution of photographs per landmark."""
    root = inputs.find(settings.competition)
    ids = photographs.group_by_landmark(dataset.read_labels(root / "train.csv", keep_going=True))
    shown = canvas.stacked(photographs.draw_landmarks(root, ids), photographs.draw_class_sizes(ids))
    return Figure(f"Photographs of some of {len(ids):,} landmarks, and the number of photographs per landmark.", shown)


def neighbours(settings: Settings, steps: Sequence[Step]) -> Figure:
    """Show queries with their nearest neighbours after retrieval, sorted by descending score."""
    shown = contact_sheet.sample_evenly(contact_sheet.highest_scores_first(steps[0]), ROWS) if steps else []
    if not shown:
        return Figure(NO_STEP)
    sheet = contact_sheet.draw(steps[0], shown, _truth(settings, steps[0]))
    return Figure("Queries with their nearest gallery photographs.", sheet)


def pairs(settings: Settings, steps: Sequence[Step]) -> Figure:
    """Show the matches of the pairs of photographs with the most and with the fewest inliers."""
    if not steps:
        return Figure(NO_STEP)
    candidates = [*_queries_and_neighbours(steps[-1]), *_pairs_of_a_landmark(settings, steps[-1])]
    matched = sorted(_match_pairs(candidates, settings), key=lambda pair: (sum(pair.inlier_mask), -len(pair.matches)))
    if not matched:
        return Figure("No pair of photographs has enough matches.")
    fewest, most = matched[0], matched[-1]
    sheets = [matches.draw(most, f"most inliers: {_count_inliers(most)}", canvas.RIGHT)]
    if fewest is not most:
        sheets.append(matches.draw(fewest, f"fewest inliers: {_count_inliers(fewest)}", canvas.WRONG))
    return Figure("Two pairs of photographs, with their matches.", canvas.stacked(*sheets))


def mistakes(settings: Settings, steps: Sequence[Step]) -> Figure:
    """Show the wrong predictions with the highest scores; without a truth, the predictions with the lowest."""
    if not steps:
        return Figure(NO_STEP)
    last, truth = steps[-1], _truth(settings, steps[-1])
    queries = contact_sheet.highest_scores_first(last)
    if truth is None:
        shown = queries[: -ROWS - 1 : -1]
        caption = "True labels are not available; these predictions have the lowest scores."
    else:
        shown = [query for query in queries if last.predictions[query.id].label not in truth[query.id]][:ROWS]
        caption = "The wrong predictions with the highest scores."
    if not shown:
        return Figure("No prediction is wrong.")
    return Figure(caption, canvas.titled(caption, contact_sheet.draw(last, shown, truth)))


def gap_curve(settings: Settings, steps: Sequence[Step]) -> Figure:
    """Show precision by rank after each stage."""
    truth = _truth(settings, steps[-1]) if steps else None
    if truth is None:
        return Figure("True labels are not available, so the GAP is unknown.")
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
    """Return the true labels of each query of a step, if ``truth.csv`` exists. It does so only outside Kaggle."""
    file = inputs.find(settings.competition) / "truth.csv"
    if not file.is_file():
        return None
    truth = dataset.read_truth(file)
    return {query.id: truth.get(query.id, ()) for query in step.data.queries}


def _queries_and_neighbours(step: Step) -> Iterator[Photos]:
    """Yield pairs of some queries with their best and their worst neighbour."""
    gallery = {photo.id: photo for photo in step.data.gallery}
    for query in contact_sheet.sample_evenly(contact_sheet.highest_scores_first(step), PAIRS):
        ranked = [gallery[neighbour.id] for neighbour in step.neighbours[query] if neighbour.id in gallery]
        yield from ((query, photo) for photo in dict.fromkeys([*ranked[:1], *ranked[-1:]]))


def _pairs_of_a_landmark(settings: Settings, step: Step) -> Iterator[Photos]:
    """Yield pairs of photographs of one landmark, because the few queries of a commit may have no correct neighbour."""
    root, ids = inputs.find(settings.competition), photographs.group_by_landmark(step.data.labels)
    for label in [label for label, photos in ids.items() if len(photos) >= PAIRS][-PAIRS:]:
        photos = [Photo(image_id, image_path(root, "train", image_id)) for image_id in ids[label][:PAIRS]]
        yield from combinations(photos, 2)


def _match_pairs(candidates: Iterable[Photos], settings: Settings) -> Iterator[Pair]:
    """Yield the pairs that have enough matches for a homography."""
    extract, extracted = create_extractor(settings.local), dict[Photo, LocalFeatures]()
    for photos in candidates:
        try:
            for photo in set(photos) - extracted.keys():
                extracted[photo] = extract(local_pixels(photo.path, exif_rotation=settings.local.exif_rotation))
            features = (extracted[photos[0]], extracted[photos[1]])
            matched, inliers = match_and_verify(*features, settings.local.chosen.max_distance, settings.verification)
        except Exception:  # noqa: BLE001, S112 - the run has logged such a photo; another pair is shown
            continue
        if len(matched) >= settings.verification.min_matches:
            yield Pair(photos=photos, features=features, matches=matched, inlier_mask=inliers.mask)


def _count_inliers(pair: Pair) -> str:
    return f"{sum(pair.inlier_mask)} of {len(pair.matches)} matches"
