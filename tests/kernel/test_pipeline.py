import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from kernelwright.runtime.errors import InputNotFound
from landmarks import pipeline, prefetch, ranking, reranking, run
from landmarks.dataset import image_path
from landmarks.errors import GalleryTooLarge, InvalidData, NothingRecognised
from landmarks.local_features import FeatureCache
from landmarks.run import Run
from landmarks.settings import B6, B7, LocalOnlySettings, LocalSettings, NetworkSettings, RootSiftSettings, Settings
from landmarks.verification_levels import VerificationLevel
from tests.kernel import competition
from tests.kernel.competition import GALLERY, QUERIES
from tests.kernel.reference import judgement, pixels, search

LOCAL = LocalSettings(rootsift=RootSiftSettings(longer_side_px=320, max_features=600))
SETTINGS = Settings(local=LOCAL)
NETWORK = NetworkSettings(resize_px=24, input_px=32, embedding=6)


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("KERNELWRIGHT_INPUT", str(tmp_path))
    monkeypatch.delenv("KERNELWRIGHT_RECORD", raising=False)
    return competition.write(tmp_path / "landmark-recognition-2021")


@pytest.fixture(scope="module")
def models():
    """Untrained, but what it sees is coarse enough to tell scenes apart."""
    image = tf.keras.layers.Input((32, 32, 3))
    coarse = tf.keras.layers.AveragePooling2D(8)(image)
    return [(tf.keras.Model(image, tf.keras.layers.Flatten()(coarse)), NETWORK)]


def steps(root, settings=SETTINGS, **options):
    return {step.name: step for step in pipeline.recognise(root, settings, **options)}


def said(caplog):
    return [record.getMessage() for record in caplog.records if record.name.startswith("landmarks.")]


def labels(step):
    return {image_id: cell.split(" ")[0] for image_id, cell in step.rows()}


@pytest.mark.parametrize("local_only", [False, True])
def test_every_query_is_recognised_after_verification(root, models, local_only):
    found = steps(root, models=[] if local_only else models)
    assert [*found] == ["retrieval", "verification"]
    assert labels(found["verification"]) == QUERIES


@pytest.mark.parametrize("local_only", [False, True])
def test_two_runs_agree_to_the_last_digit(root, models, local_only):
    one, other = (steps(root, models=[] if local_only else models)["verification"].rows() for _ in "ab")
    assert one == other


def test_predictions_are_those_of_the_plain_reference(root, models):
    found = steps(root, models=models)
    gallery = [image_path(root, "train", image_id) for image_id in sorted(GALLERY)]
    vectors = [embedded(models, path) for path in gallery]
    cache = FeatureCache(SETTINGS.local)
    for query in found["retrieval"].data.queries:
        near = search.neighbours(embedded(models, query.path), vectors, 3)
        before = [(sorted(GALLERY)[row], cosine) for row, cosine in near]
        assert [one.id for one in found["retrieval"].neighbours[query]] == [image_id for image_id, _ in before]
        counts = [inliers(cache(query), cache(found["retrieval"].data.gallery[row])) for row, _ in near]
        after = [(one, judgement.total(cosine, count)) for (one, cosine), count in zip(before, counts, strict=True)]
        for name, scored in (("retrieval", before), ("verification", sorted(after, key=lambda one: -one[1]))):
            label, score = judgement.winner([(GALLERY[one], value) for one, value in scored], 3)
            assert found[name].predictions[query.id].label == label
            assert found[name].predictions[query.id].score == pytest.approx(score, abs=1e-5)


def embedded(models, path):
    return np.asarray(models[0][0](pixels.for_global_model(path, 24, 32)[None])).ravel()


def inliers(query, train):
    import pydegensac

    pairs = search.matches(query.descriptors, train.descriptors, 0.4)
    if len(pairs) <= 4:
        return 0
    ends = [np.array([one.keypoints[pair[side]] for pair in pairs], float) for side, one in enumerate((query, train))]
    return int(sum(pydegensac.findHomography(*ends, 7.0, 0.99, 10000, seed=2021)[1]))


def test_without_verification_it_ends_after_retrieval(root, models):
    assert [*steps(root, replace(SETTINGS, verify=False), models=models)] == ["retrieval"]


def test_without_attached_weights_it_says_that_local_features_rank(root, caplog):
    assert pipeline.load_models(replace(SETTINGS, models=(B7, B6))) == []
    assert caplog.messages == [
        "no global weights are attached (effb7-512-ep12, effb6-512-ep18): local features alone rank the gallery"
    ]


def test_an_ensemble_attached_in_part_is_an_error_unless_the_run_goes_on(root, monkeypatch, caplog):
    (root.parent / "effb7-512-ep12").mkdir()
    monkeypatch.setattr(pipeline, "load_embedding_model", lambda folder, weights, **_: (weights, NETWORK))
    assert pipeline.load_models(SETTINGS) == [(B7, NETWORK)]
    with pytest.raises(InputNotFound, match="'effb6-512-ep18' is not mounted"):
        pipeline.load_models(replace(SETTINGS, models=(B7, B6)))
    assert pipeline.load_models(replace(SETTINGS, models=(B7, B6)), keep_going=True) == [(B7, NETWORK)]
    assert caplog.messages[-1].startswith("effb6-512-ep18 is left out: input 'effb6-512-ep18' is not mounted")


def test_a_gallery_too_large_for_local_features_names_the_weights_to_attach(root):
    settings = replace(SETTINGS, local_only=LocalOnlySettings(max_gallery=4), models=(B7, B6))
    with pytest.raises(GalleryTooLarge) as error:
        steps(root, settings, models=[])
    assert str(error.value) == (
        "5 gallery images are more than local features alone can rank (local_only.max_gallery = 4); "
        "attach the global weights: effb7-512-ep12, effb6-512-ep18"
    )


@pytest.mark.parametrize("local_only", [False, True])
@pytest.mark.parametrize("content", [b"", b"no image at all"])
def test_an_unreadable_query_keeps_its_row_without_a_prediction(root, models, content, local_only, caplog):
    broken = image_path(root, "test", "3d01")
    broken.write_bytes(content)
    found = steps(root, models=[] if local_only else models)["verification"]
    assert labels(found) == QUERIES | {"3d01": ""}
    (message,) = said(caplog)
    assert f"{broken}: unreadable image" in message


@pytest.mark.parametrize("local_only", [False, True])
def test_an_unreadable_gallery_image_is_left_out(root, models, local_only, caplog):
    broken = image_path(root, "train", "1b00")
    broken.write_bytes(b"no image at all")
    found = steps(root, models=[] if local_only else models)["verification"]
    assert labels(found) == QUERIES
    assert "1b00" not in {one.id for near in found.neighbours.values() for one in near}
    assert len(said(caplog)) == 1


def test_a_gallery_of_one_image_gives_every_query_its_label(root, models):
    first, *others = GALLERY
    for image_id in others:
        image_path(root, "train", image_id).unlink()
    assert labels(steps(root, models=models)["verification"]) == dict.fromkeys(QUERIES, GALLERY[first])


def test_a_query_cut_off_keeps_what_the_global_model_saw(root, models, caplog):
    path = image_path(root, "test", "3d01")
    path.write_bytes(path.read_bytes()[:-200])
    found = steps(root, models=models)
    assert found["verification"].predictions["3d01"] == found["retrieval"].predictions["3d01"]
    (message,) = said(caplog)
    assert message.startswith(f"no local features: {path}: unreadable image (image file is truncated")


def test_a_gallery_image_without_a_label_is_left_out_and_counted(root, caplog):
    competition.save(root, "train", "0a02", competition.scene(11))
    data = pipeline.load_data(root, SETTINGS)
    assert [photo.id for photo in data.gallery] == sorted(GALLERY)
    assert caplog.messages == ["skipped: 1 of 6 gallery images have no label in train.csv"]


def test_a_debug_subset_is_the_first_images_of_each_split_and_all_rows_stay(root, models):
    found = steps(root, replace(SETTINGS, max_images=2), models=models)["verification"]
    assert [photo.id for photo in found.data.queries] == ["3d00", "3d01"]
    assert [photo.id for photo in found.data.gallery] == ["0a00", "0a01"]
    assert labels(found) == {"3d00": "11", "3d01": "11", "4e00": ""}


@pytest.mark.parametrize(
    ("queries", "taken"), [(1, (["3d00"], ["0a00", "0a01"])), (0, ([*QUERIES], [*GALLERY]))], ids=["tried", "rerun"]
)
def test_the_guard_says_whether_the_debug_subset_is_taken(root, queries, taken):
    data = pipeline.load_data(root, replace(SETTINGS, max_images=2, smoke_gallery=3), queries=queries)
    assert ([photo.id for photo in data.queries], [photo.id for photo in data.gallery]) == taken


def test_a_gallery_tried_in_part_warns_that_the_whole_is_too_large_without_weights(root, caplog):
    settings = replace(SETTINGS, smoke_gallery=3, local_only=LocalOnlySettings(max_gallery=4))
    [*pipeline.recognise(root, settings, queries=1, models=[])]
    assert said(caplog) == [
        "the run on all data will stop: 5 gallery images are more than local features alone can rank "
        "(local_only.max_gallery = 4); attach the global weights: effb7-512-ep12"
    ]


def test_a_few_queries_are_tried_on_a_small_gallery(root):
    data = pipeline.load_data(root, replace(SETTINGS, smoke_gallery=3), queries=1)
    assert [photo.id for photo in data.queries] == ["3d00"]
    assert [photo.id for photo in data.gallery] == ["0a00", "0a01", "1b00"]
    assert data.ids == [*QUERIES]


def test_all_queries_meet_the_whole_gallery(root):
    data = pipeline.load_data(root, replace(SETTINGS, smoke_gallery=3))
    assert ([photo.id for photo in data.queries], [photo.id for photo in data.gallery]) == ([*QUERIES], [*GALLERY])


@pytest.mark.parametrize("local_only", [False, True])
def test_a_gallery_without_labels_is_an_error(root, models, local_only):
    competition.table(root / "train.csv", ("id", "landmark_id"), [])
    with pytest.raises(
        NothingRecognised, match=r"^nothing was recognised: of 3 queries 3, of 0 labelled gallery images"
    ):
        steps(root, models=[] if local_only else models)


def test_a_competition_without_test_images_is_an_error(root):
    for path in (root / "test").rglob("*.jpg"):
        path.unlink()
    with pytest.raises(InvalidData, match=r"test: no \*.jpg is found in it"):
        steps(root, models=[])


def test_a_feature_is_extracted_once_for_ranking_and_verification(root, monkeypatch):
    read = []
    original = pipeline.FeatureCache._describe
    monkeypatch.setattr(
        pipeline.FeatureCache,
        "_describe",
        lambda cache, photo, coarse: (read.append(photo.id), original(cache, photo, coarse))[1],
    )
    steps(root, models=[])
    assert sorted(read) == sorted([*GALLERY, *QUERIES])


def test_verification_stops_in_time_and_the_queries_left_keep_their_scores(root, models, caplog, monkeypatch):
    steps_found = steps(root, models=models)
    before, data = steps_found["retrieval"].neighbours, steps_found["retrieval"].data
    ticks = iter(range(100))
    monkeypatch.setattr(pipeline.stages, "time", SimpleNamespace(monotonic=time.monotonic, time=lambda: next(ticks)))
    for module in (run, prefetch):
        monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: 0))
    found = reranking.rerank(data, before, FeatureCache(LOCAL), Run(settings=SETTINGS, deadline=2))
    order = sorted(before, key=lambda query: ranking.verification_priority(before[query], SETTINGS.ranking))
    after = steps_found["verification"].neighbours
    assert found == {**after, order[2]: before[order[2]]}
    assert [*found] == [*before]
    assert said(caplog) == ["out of time: 1 of 3 queries keep their retrieval score"]


def test_what_was_verified_in_part_for_want_of_time_is_verified_in_full_when_some_is_left(
    root, models, caplog, monkeypatch
):
    found = steps(root, models=models)
    before, data = found["retrieval"].neighbours, found["retrieval"].data
    one = VerificationLevel(candidates=1, coarse=True)
    monkeypatch.setattr(
        reranking.verification_levels, "assign_levels", lambda items, *_, **__: ((item, one) for item in items)
    )
    assert reranking.rerank(data, before, FeatureCache(LOCAL), Run(settings=SETTINGS)) == (
        found["verification"].neighbours
    )
    ticks = iter([0, 0, 0, 0, 9])  # the first pass ends by itself, the second has no time
    monkeypatch.setattr(pipeline.stages, "time", SimpleNamespace(monotonic=time.monotonic, time=lambda: next(ticks)))
    for module in (run, prefetch):
        monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: 0))
    in_part = reranking.rerank(data, before, FeatureCache(LOCAL), Run(settings=SETTINGS, deadline=9))
    for query, neighbours in before.items():
        scores = {neighbour.id: neighbour.score for neighbour in in_part[query]}
        best, *others = neighbours
        assert scores[best.id] > best.score
        assert [scores[other.id] for other in others] == [other.score for other in others]
    assert said(caplog) == ["out of time: 3 of 3 queries are verified in part"]


def test_candidates_after_one_with_enough_inliers_are_not_verified(root, models):
    every = steps(root, models=models)
    before, in_full = every["retrieval"].neighbours, every["verification"].neighbours
    verification = replace(SETTINGS.verification, enough_inliers=1)
    stopped = steps(root, replace(SETTINGS, verification=verification), models=models)["verification"].neighbours
    for query, neighbours in before.items():
        best, *others = neighbours
        scores, verified = ({each.id: each.score for each in found[query]} for found in (stopped, in_full))
        assert scores[best.id] == verified[best.id] > best.score
        assert [scores[other.id] for other in others] == [other.score for other in others]


def test_a_query_under_way_when_time_runs_out_is_given_up(root, models, caplog, monkeypatch):
    found = steps(root, models=models)["retrieval"]
    monkeypatch.setattr(pipeline.stages, "time", SimpleNamespace(monotonic=time.monotonic, time=lambda: 0))
    features = FeatureCache(LOCAL)
    kept = reranking.rerank(found.data, found.neighbours, features, Run(settings=SETTINGS, deadline=1))
    assert kept == found.neighbours
    assert not features._cached
    assert said(caplog) == ["out of time: 3 of 3 queries keep their retrieval score"]


def test_without_a_query_compared_in_time_nothing_is_recognised(root, models, monkeypatch):
    monkeypatch.setattr(pipeline, "_retrieve", lambda *_: ({}, True))
    with pytest.raises(NothingRecognised, match="time ran out before a query was compared with the gallery"):
        steps(root, models=models)


def test_short_of_time_an_image_of_each_landmark_is_embedded_first(root, caplog):
    data = pipeline.load_data(root, SETTINGS)
    in_time = [photo.id for photo in pipeline._as_time_allows(data, float("inf"))]
    assert in_time == [*QUERIES, *GALLERY]
    late = [photo.id for photo in pipeline._as_time_allows(data, 0.0)]
    assert late == [*QUERIES, "0a00", "1b00", "2c00", "0a01", "1b01"]
    assert said(caplog) == ["short of time: of 5 gallery images left, one of each landmark comes first"]


def test_without_time_nothing_is_recognised(root, models, monkeypatch):
    monkeypatch.setenv("KERNELWRIGHT_DEADLINE", "1")
    with pytest.raises(NothingRecognised, match="time ran out before the models were loaded"):
        steps(root, models=models)


def test_a_rerun_without_weights_ranks_as_much_of_a_large_gallery_as_it_can(root, caplog):
    settings = replace(SETTINGS, local_only=LocalOnlySettings(max_gallery=3))
    found = steps(root, settings, models=[], keep_going=True)["verification"]
    assert {one.id for near in found.neighbours.values() for one in near} <= {"0a00", "1b00", "2c00"}
    assert labels(found) == QUERIES
    assert said(caplog)[0].startswith("only 3 images are ranked, of each landmark in turn: 5 gallery images are more")
