"""What a notebook attaches."""

from kernelwright.adopt import attachments


def test_what_is_attached_is_told_by_its_path():
    code = """
    a = read('/kaggle/input/titanic/train.csv', '../input/titanic/gender_submission.csv')
    b = '/kaggle/input/datasets/me/data/x', "/kaggle/input/models/google/bert/tensorflow2/base/1/x"
    c = '../input/weights/w.h5', '/kaggle/input/models/google/delg'
    """
    assert attachments.mentioned([code]) == {
        "titanic": "competition_sources",
        "me/data": "dataset_sources",
        "google/bert/tensorflow2/base/1": "model_sources",
        "weights": "",
        "google/delg": "",
    }
