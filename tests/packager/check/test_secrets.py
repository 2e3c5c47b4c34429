import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernelwright.check import credentials
from kernelwright.check.secrets import _KINDS, _PATTERNS, in_text, masked, secrets
from tests.packager import shipped
from tests.packager.check.surveyed import assembled, with_driver

HEX_32, HEX_40 = "0a1b2c3d" * 4, "0a1b2c3d4e" * 4
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
    'KEY = "sk-' + "aB3" * 16 + '"': "a key of OpenAI or Anthropic",
    f'KAGGLE_KEY = "{HEX_32}"': "a key of Kaggle's",
    f'os.environ["KAGGLE_KEY"] = "{HEX_32}"': "a key of Kaggle's",
    f"os.environ.setdefault('KAGGLE_KEY', '{HEX_32}')": "a key of Kaggle's",
    f'kaggle_api_key: str = "{HEX_32}"': "a key of Kaggle's",
    f'text = "{{\\"key\\": \\"{HEX_32}\\"}}"': "a key of Kaggle's",
    f'import kaggle; key = "{HEX_32}"': "a key of Kaggle's",
    f'wandb.login(key="{HEX_40}")': "a key of Weights & Biases",
    f'wandb.login("{HEX_40}")': "a key of Weights & Biases",
    f'os.environ["WANDB_API_KEY"] = "{HEX_40}"': "a secret",
    'login(token="a1b2c3d4e5f6g7h8i9")': "a secret",
    'api_key_1 = "zX9kQ2mV7bN4cL1pR8"': "a secret",
    'password = "hunter2hunter2hunter2"': "a secret",
    'aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCY0123456789"': "a secret",
    f'headers = {{"Authorization": "Bearer {HEX_32}"}}': "a secret",
    f'value = "Bearer {HEX_40}"': "a secret",
    'TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_123456"': "a signed token",
    'URL = "https://user:pass@host/x"': "a password in an address",
    'URL = "postgres://u:p%40ss@host/db"': "a password in an address",
    'TOKEN = "glpat-' + "a1B2" * 5 + '"': "a token of GitLab",
    'KEY = "sk_live_' + "a1B2" * 6 + '"': "a key of Stripe",
    'KEY = "GOCSPX-' + "a1B2" * 6 + '"': "a key of Google's",
    'KEY = "wandb_v1_' + "a1B2" * 6 + '"': "a key of Weights & Biases",
    'HOOK = "https://discord.com/api/webhooks/123456789012345678/' + "aB3_" * 17 + '"': "a hook of Discord",
    'URL = "https://api.telegram.org/bot123456789:' + "aB3_-" * 7 + '/sendMessage"': "a token of Telegram",
    'N = "eyJhcGlfYWRkcmVzcyI6' + "aB3+" * 10 + '=="': "a token of Neptune",
    'KEY = "gsk_' + "aB3d" * 13 + '"': "a key of Groq",
    'HOOK = "https://hooks.slack.com/services/T00A/B00B/abc123"': "a token of Slack",
}


TOKEN = 'TOKEN = "ghp_' + "a1" * 18 + '"'


def problems(text, *, is_python=True):
    return list(in_text("toy/a.py", text, first=1, is_python=is_python))


@pytest.mark.parametrize("code", SECRETS)
def test_a_secret_is_found_by_its_kind_and_is_not_repeated(code):
    (problem,) = problems(f"\n{code}\n")
    assert problem.location == "toy/a.py:2"
    assert problem.code in ({"KW802"} if SECRETS[code] == "a secret" else {"KW801", "KW802"})
    assert problem.message == f"looks like {SECRETS[code]}, which everybody who sees the notebook could read"


def test_the_driver_its_markdown_and_files_of_data_are_searched(tmp_path):
    project = shipped.make(tmp_path)
    with_driver(project, TOKEN)
    (project / "toy/keys.env").write_text(TOKEN)
    lines = (project / "main.py").read_text().split("\n")
    markdown = 'token = "ghp_' + "a1" * 18 + '"'
    (project / "main.py").write_text("\n".join(["# %% [markdown]", "# One line", "#", f"# {markdown}", "", *lines]))
    found = [problem.location for problem in secrets(assembled(project))]
    assert found == ["main.py:4", f"main.py:{lines.index(TOKEN) + 6}", "toy/keys.env:1"]


@pytest.mark.parametrize(
    "code",
    [
        'secret = UserSecretsClient().get_secret("wandb_api_key")',
        'password = "changeme"',
        'PASSWORD_PATTERN = "[a-z]{3} and more words 12"',
        'token = "</s>"',
        'TOPIC = "sk-image-processing-and-segmentation"',
        'API_KEY_URL = "https://x.org/a1b2c3d4e5f6g7h8"',
        'api_key = "https://x.org/a1b2c3d4e5f6g7h8"',
        'secret_file = "/kaggle/input/x1/y2/token"',
        'secret = "weights/token-1a2b3c4d.json"',
        'password_field = "input-password-1"',
        'password = "input-password-1"',
        'API_KEY = "your-key-here-123"',
        'api_key = "xxxxxxxxxxxxxxxx1234"',
        'api_key = os.environ["MY_API_KEY_12345678"]',
        'token = "distilbert-base-uncased-finetuned-sst-2-english"',
        'TOKEN = "hf_' + "x" * 34 + '"',
        f'commit = "{HEX_40}"',
        f'key = "{HEX_32}"',
        f'image = "gcr.io/kaggle-images/python@sha256:{HEX_32 * 2}"',
        'URL = f"https://{user}:{password}@host"',
        'URL = "https://x.org:8080/a@b"',
        'PATTERN = r"(https?)://([^:]+):([^@]+)@(.*)"',
        'HEADERS = {"Authorization": f"Bearer {token}"}',
        'token_ids = "1a2b3c4d5e6f7a8b9c"',
    ],
)
def test_what_only_sounds_like_a_secret_is_no_finding(code):
    assert problems(code) == []


@pytest.mark.parametrize(
    "code",
    [
        f"!export KAGGLE_KEY={HEX_32}",
        f"%env WANDB_API_KEY={HEX_40}",
        f"!tool --api-key {HEX_40}",
        f"!wandb login {HEX_40}",
        f"import os\nos.system('wandb login --relogin {HEX_40}')",
        f'!wget "https://x.y/?token={HEX_32}"',
        f"!wget https://x.y/a?b=1&token={HEX_32}",
        f"import os\nos.system('wget https://x.y/?token={HEX_32}')",
        f"files = !wget https://x.y/?token={HEX_32}",
        f"%%bash\nKAGGLE_KEY={HEX_32} kaggle datasets list",
        f"!curl -H 'Authorization: Bearer {HEX_32}' http://localhost",
    ],
)
def test_a_secret_in_a_command_needs_no_quotation_marks(code):
    assert len(problems(code, is_python=not code.startswith("%%"))) == 1


def test_a_secret_in_a_file_of_settings_needs_no_quotation_marks():
    text = f"user: me\nwandb_api_key: {HEX_40}\nmodel: a-b-c-1\n"
    assert [problem.place for problem in problems(text, is_python=False)] == [2]


@pytest.mark.parametrize(
    "unit",
    ["https://", "://?", " ", "-", "a://b:", "token=", "wandb.login(", "http://a?&token=b", "eyJaaaaaaaa-", "a, "],
)
def test_a_line_of_100_kb_is_searched_and_a_secret_at_its_end_is_found(unit):
    """Where a pattern looked ahead without a bound, one such line took minutes."""
    line = f"token {unit * (100_000 // len(unit))} {TOKEN}"
    assert [problem.code for problem in problems(line, is_python=False)] == ["KW801"]


def test_a_masked_command_keeps_no_secret():
    command = f"curl -u me:pw1 -H 'Authorization: Bearer {HEX_32}' https://x.y/?key={HEX_40}"
    assert masked(command) == "curl -u … -H 'Authorization: Bearer …' https://x.y/?…"


@pytest.mark.full
@pytest.mark.parametrize("kind", _PATTERNS)
@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_what_a_pattern_matches_holds_one_of_its_marks(kind, data):
    text = data.draw(st.from_regex(_PATTERNS[kind]))
    assert any(mark in text for mark in _KINDS[kind][0].split("|"))


@given(st.from_regex(credentials._NAMED) | st.from_regex(credentials._KEY))
def test_a_text_with_a_name_of_a_secret_is_searched(text):
    assert credentials.may_be_in(text)
