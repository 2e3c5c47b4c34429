import pytest

from tests.packager import shipped
from tests.packager.preflight.surveyed import found, with_driver, with_module

SECRETS = {
    'login("hf_' + "a" * 34 + '")': "a token of Hugging Face",
    'KEY = "AKIA' + "A1" * 8 + '"': "a key of AWS",
    'TOKEN = "ghp_' + "a1" * 18 + '"': "a token of GitHub",
    'KEY = "AIza' + "a1b2c" * 7 + '"': "a key of Google's",
    'auth = {"username": "me", "key": "' + "0a" * 16 + '"}': "a key of Kaggle's",
    'TOKEN = "KGAT_' + "0a" * 16 + '"': "a key of Kaggle's",
    'PEM = "-----BEGIN RSA PRIVATE KEY-----"': "a private key",
    'wandb_api_key = "0123456789abcdef0123456789abcdef01234567"': "a secret",
    'HOOK = "xoxb-0123456789-abcdef"': "a token of Slack",
    'KEY = "sk-proj-0123456789abcdefghij"': "a key of OpenAI or Anthropic",
}


@pytest.mark.parametrize("code", SECRETS)
def test_a_secret_in_the_sources_is_an_error_that_does_not_repeat_it(tmp_path, code):
    project = shipped.make(tmp_path)
    with_module(project, f"\n{code}\n")
    (one,) = found(project, "secret")
    assert (one.severity, one.place) == ("error", "toy/__init__.py:12")
    assert one.problem == f"looks like {SECRETS[code]}, which everybody who sees the notebook could read"


def test_a_secret_in_the_driver_and_in_a_data_file_is_told(tmp_path):
    project = shipped.make(tmp_path)
    secret = 'TOKEN = "ghp_' + "a1" * 18 + '"'
    with_driver(project, secret)
    (project / "toy/.env").write_text(secret)
    assert [one.place for one in found(project, "secret")] == ["driver, cell 4:1", "toy/.env:1"]


@pytest.mark.parametrize(
    "code",
    [
        'secret = UserSecretsClient().get_secret("wandb_api_key")',
        'password = "changeme"',
        'PASSWORD_PATTERN = "[a-z]{3} and more words 12"',
        'token = "</s>"',
        'TOKEN = "ghp_' + "a1" * 18 + '"  # kernelwright: allow',
    ],
)
def test_what_only_sounds_like_a_secret_is_no_finding(tmp_path, code):
    project = shipped.make(tmp_path)
    with_module(project, f"\n{code}\n")
    assert found(project, "secret") == []
