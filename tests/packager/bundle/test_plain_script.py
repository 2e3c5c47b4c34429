import jupytext
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelwright.bundle import plain_script

LINES = [
    *(
        "# %%",
        "# %% [markdown]",
        "# %% [raw]",
        '# %% tags=["a"]',
        "#%%",
        "# In[3]:",
        "# <codecell>",
        "# # %%",
        "# %%  ",
    ),
    *(
        "x = 1",
        "def f():",
        "    return 'it''s'",
        "if x:",
        '"""',
        "'''",
        "r'''a",
        's = """# %%"""',
        "t = '\"'",
        '"a"',
        "  ",
    ),
    *(
        "# text",
        "#",
        "# # title",
        "#text",
        "# - item",
        "# +",
        "# -",
        "# `%%time`",
        "    # note",
        "",
        "",
        "\t",
        "x = 'a' # '",
    ),
    *(
        "%matplotlib inline",
        "!ls",
        "# !ls",
        "# %time",
        "ls",
        "x = '\\''",
        "print(\"a\\\\\", '''b''')",
        "await f()",
        "é = '∂'",
    ),
]
scripts = st.lists(st.sampled_from(LINES), max_size=14).flatmap(
    lambda lines: st.sampled_from(["# %%", "# %% [markdown]"]).map(lambda mark: "\n".join([mark, *lines]))
)


def by_jupytext(text):
    form = {"extension": ".py", "format_name": "percent", "comment_magics": False}
    return [(cell.cell_type, cell.source) for cell in jupytext.reads(text, form).cells]


@given(scripts, st.sampled_from(["", "\n", "\n\n"]))
def test_a_plain_script_is_read_as_jupytext_reads_it(text, end):
    cells = plain_script.split(text + end)
    if cells is not None:
        assert [(cell.kind, cell.source) for cell in cells] == by_jupytext(text + end)


@given(st.text(alphabet="# %[]()'\"\\\nabm=:", max_size=60))
def test_any_text_is_read_as_jupytext_reads_it_or_left_to_it(text):
    script = f"# %%\n{text}"
    cells = plain_script.split(script)
    if cells is not None:
        assert [(cell.kind, cell.source) for cell in cells] == by_jupytext(script)


def test_each_cell_knows_the_line_it_begins_in():
    text = "# %% [markdown]\n# # Title\n#\n# Text\n\n# %%\nimport os\n\n\ndef f():\n    pass\n\n\n# %%\n"
    cells = plain_script.split(text)
    assert [(cell.kind, cell.source, cell.line) for cell in cells] == [
        ("markdown", "# Title\n\nText", 2),
        ("code", "import os\n\n\ndef f():\n    pass", 7),
        ("code", "", 15),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1\n# %%\n",
        "# ---\n# jupyter: {}\n# ---\n# %%\nx = 1\n",
        '# %% tags=["modules"]\n',
        "# %%\n%matplotlib inline\n",
        "# %%\n!ls\n",
        "# %% [raw]\n# text\n",
        '# %% [markdown]\n"""\ntext\n"""\n',
        "# %%\n# # %% an escaped mark\n",
        "# %%\nx = (\n",
        "# %%\nx = 'a\x0cb'\n",
    ],
)
def test_what_is_not_plain_is_left_to_jupytext(text):
    assert plain_script.split(text) is None
