import pytest

from kernelwright.image import import_names, kaggle_image


@pytest.mark.parametrize(
    ("name", "distribution"),
    [
        ("bs4", "beautifulsoup4"),
        ("cv2", "opencv-python-headless"),
        ("git", "gitpython"),
        ("jwt", "pyjwt"),
        ("sklearn.model_selection", "scikit-learn"),
        ("yaml", "pyyaml"),
        ("segmentation_models_pytorch", "segmentation-models-pytorch"),
        ("google.cloud.storage.blob", "google-cloud-storage"),
        ("mpl_toolkits.mplot3d", "matplotlib"),
        ("toolz", "toolz"),
    ],
)
def test_a_name_leads_to_the_distribution_that_likely_brings_it(name, distribution):
    assert import_names.distributions(name)[0] == distribution


@pytest.mark.parametrize(
    ("name", "distribution"),
    [
        ("cv2", "opencv-python-headless"),
        ("PIL.Image", "pillow"),
        ("numpy", "numpy"),
        ("google.cloud.speech", "google-cloud-speech"),
        ("google.cloud.discoveryengine", "google-cloud-discoveryengine"),
        ("segmentation_models_pytorch", None),
        ("hydra", None),
    ],
)
def test_what_the_image_brings_is_told_from_what_it_lacks(name, distribution):
    assert import_names.provided(name, kaggle_image.load("2026-08")) == distribution


def test_one_of_several_that_bring_a_name_is_enough():
    image = kaggle_image.load("2026-08")
    assert "faiss-cpu" not in image.distributions
    assert import_names.provided("psycopg2", image) == "psycopg2"


def test_each_row_of_the_table_is_of_use():
    for name, brought in import_names._table().items():
        assert brought != (name.replace("_", "-").lower(),), name
