import pytest

from kernelwright.check.public_rows import public_rows


@pytest.mark.parametrize(
    ("fingerprint", "codes"),
    [
        ("{ rows = 1000 }", ["KW131"]),
        ("{ rows = 1001 }", []),
        ("{ rows = 1000, bytes = 7 }", []),
        ("{ bytes = 7 }", []),
    ],
)
def test_rows_that_a_template_wrote_are_told(folder, fingerprint, codes):
    folder.configure(f'driver = "main.py"\n[tool.kernelwright.public]\n"some-competition/train.csv" = {fingerprint}')
    assert [problem.code for problem in public_rows(folder.load())] == codes


def test_the_place_is_the_key(folder):
    folder.configure('driver = "main.py"\n[tool.kernelwright.public]\n"some-competition/train.csv" = { rows = 1000 }')
    (problem,) = public_rows(folder.load())
    assert problem.location == 'pyproject.toml: tool.kernelwright.public."some-competition/train.csv".rows'
