import base64
import hashlib
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from kernelwright.check.rehearsal_report import Claim
from kernelwright.rehearsal import charts, history, html_report
from kernelwright.rehearsal.html_report import Gallery
from kernelwright.rehearsal.report import Report, Run

EVIL = "<script>alert('\"&')</script><img src=x onerror=alert(1)>"
STAGE = {
    "name": EVIL,
    "count": 5,
    "seconds": 2.0,
    "fixed_s": 0.1,
    "each_s": 0.2,
    "observed": [(5, 2.0)],
    "note": EVIL,
}
FORECAST = {
    "hours": 13.0,
    "limit_hours": 12,
    "fits": False,
    "dominates": EVIL,
    "stages": [STAGE],
    "other_s": 3.0,
    "source": EVIL,
}


def run(**changes):
    facts = {
        "phase": "rerun",
        "mounts": "new",
        "sandbox": "bubblewrap",
        "verdict": "Complete",
        "detail": "",
        "seconds": 12.5,
        "peak_rss_bytes": 1_500_000_000,
        "memory": [(0.0, 0), (6.0, 1_500_000_000), (12.5, 1_000_000_000)],
        "guard": {"name": "RERUN", "computes": True, "smoke": 0, "why": EVIL, "right": True},
        "cells": [
            {"id": "one", "begins": EVIL, "seconds": 9.0, "failed": False},
            {"id": "two", "begins": "x", "seconds": 0.01, "failed": False},
            {"id": "three", "begins": "y", "seconds": None, "failed": False},
        ],
        "stages": [{"name": EVIL, "count": 3, "seconds": 8.0}],
        "submission": {"rows": 3, "problems": [], "sha256": "x", "is_sample": False},
        "submissions": [{"file": "submission.0.csv", "after": EVIL, "rows": 3, "scores": {EVIL: 0.5}}],
        "scores": {EVIL: 0.5},
    }
    return Run(**(facts | changes))


def report(*runs, **changes):
    facts = {
        "state": "ended",
        "note": "",
        "title": EVIL,
        "notebook_sha256": "ab" * 32,
        "notebook_bytes": 12_345,
        "input": EVIL,
        "limits": {"hours": 12, "memory_bytes": 30e9, "disk_bytes": 20e9},
        "runs": runs or (run(),),
        "files": {EVIL: "cd" * 32},
        "wheels": {EVIL: "ef" * 32},
        "missing": [EVIL],
        "added": [EVIL],
        "comparison": [Claim(says=EVIL, holds=False, detail=EVIL)],
        "forecast": FORECAST,
    }
    return Report(**(facts | changes))


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, and the text."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.texts = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return " ".join("".join(self.texts).split())


def test_nothing_from_data_becomes_an_element():
    bad = run(
        verdict="Notebook Threw Exception",
        detail=EVIL,
        submission={"rows": 0, "problems": [EVIL], "sha256": "", "is_sample": False},
        score_problem=EVIL,
    )
    seen = Page(html_report.render(report(run(), bad), Gallery(problem=EVIL)))
    assert not [tag for tag, _ in seen.elements if tag in {"script", "img"}]
    assert not [name for _, attributes in seen.elements for name in attributes if name.startswith("on")]
    assert seen.text.count("alert(1)>") > 20


def test_nothing_is_loaded_from_outside_and_styles_are_allowed_by_their_digest():
    html = html_report.render(report(), Gallery(html="<style>.mine { color: red }</style><p class=mine>shown</p>"))
    seen = Page(html)
    policy = next(attributes["content"] for tag, attributes in seen.elements if "http-equiv" in attributes)
    digests = [base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in styles(html)]
    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digests[0]}' 'sha256-{digests[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not [name for _, attributes in seen.elements for name in ("src", "srcset", "style") if name in attributes]
    links = [attributes["href"] for _, attributes in seen.elements if "href" in attributes]
    files = ["rerun-new/log.txt", "rerun-new/notes/executed.ipynb"]
    assert [link for link in links if not link.startswith("#")] == files


def styles(html):
    return re.findall(r"<style>(.*?)</style>", html, re.DOTALL)


@pytest.mark.smoke
def test_the_headline_says_how_it_went():
    fine = report(comparison=[], missing=[])
    assert html_report.headline(fine) == "Complete"
    assert html_report.headline(report()) == "The runs disagree"
    assert html_report.headline(report(run(), run(verdict="Notebook Timeout"))) == "1 of 2 runs failed"
    assert html_report.headline(replace(fine, state="interrupted")) == "Interrupted"


def test_only_an_ended_rehearsal_whose_claims_hold_is_complete():
    fine = report(comparison=[Claim(says="x", holds=True)])
    assert fine.complete
    assert not replace(fine, state="running").complete
    assert not report().complete
    assert not report(run(verdict="Notebook Timeout"), comparison=[]).complete


def test_a_rehearsal_that_has_not_begun_to_run_is_a_page_too():
    seen = Page(
        html_report.render(
            report(runs=(), state="running", note="about to start", comparison=[], forecast=None), Gallery()
        )
    )
    assert "This rehearsal has not ended: about to start." in seen.text
    assert "Submissions" not in seen.text


def test_one_layout_alone_is_said():
    said = "only the new mounts were rehearsed; Kaggle may use either"
    assert said in Page(html_report.render(report(), Gallery())).text
    assert said not in Page(html_report.render(report(run(), run(mounts="old")), Gallery())).text


def test_the_score_stands_first_and_what_the_runs_were_made_in_with_it():
    limits = {"time": "watched", "memory": "watched", "disk": "enforced"}
    commit = run(phase="commit", scores={"accuracy": 0.1}, limits=limits, sandbox="namespaces")
    made = report(run(scores={"accuracy": 0.75}), commit, title="Toy", input="mini", started="2026-11-26 01:02:03")
    seen = Page(html_report.render(replace(made, commit="c" * 40, image="2026-08", python="3.12"), Gallery()))
    assert "accuracy 0.7500 Rehearsed on mini, 2026-11-26 01:02:03 UTC, commit cccccccccc." in seen.text
    assert (
        "sandbox: namespaces, time: 12 h (watched), memory: 30 GB (watched), disk: 20 GB (enforced), image: 2026-08, "
        "Python: 3.12."
    ) in seen.text


def test_what_the_sandbox_leaves_open_is_said():
    seen = Page(html_report.render(report(isolation="files can be read"), Gallery()))
    assert "Not isolated: files can be read." in seen.text


def test_a_stage_that_took_time_shows_its_rate():
    timed, empty = {"name": "verify", "count": 3, "seconds": 8.0}, {"name": "embed", "count": 0, "seconds": 0.0}
    shown = html_report.parts(run(stages=[timed, empty]))
    assert shown == [("verify, 3 items, 0.375 per s", 8.0), ("embed, 0 items", 0.0), ("all else", 4.5)]


def test_earlier_rehearsals_are_kept_and_shown_the_latest_first(tmp_path):
    folder = tmp_path / "rehearsal"
    for number in range(25):
        scored = run(scores={"GAP": number / 100})
        history.append(folder, report(scored, started=f"day {number}", commit="abc", comparison=[]))
    with history.file_of(folder).open("a") as file:
        file.write('{"started": "cut')
    kept = history.read(folder)
    assert [entry["started"] for entry in kept] == [f"day {number}" for number in range(6, 25)]
    assert kept[-1] == {"started": "day 24", "commit": "abc", "complete": True, "scores": {"GAP": 0.24}}
    page = html_report.render(report(run(scores={"GAP": 0.48}), started="today", history=kept), Gallery())
    text = Page(page).text
    assert text.index("GAP 0.4800") < text.index("day 24abc GAP 0.2400") < text.index("day 6abc GAP 0.0600")
    table = page[page.index('id="history"') :]
    assert re.findall(r'<rect class="c0" width="([\d.]+)"', table)[:2] == ["1000.00", "500.00"]


def test_a_rehearsal_without_a_score_is_listed_without_one():
    earlier = [{"started": "yesterday", "commit": "abc", "complete": False, "scores": {}}]
    text = Page(html_report.render(report(history=earlier), Gallery())).text
    assert re.search("yesterdayabc . not complete", text)


def test_cells_without_weight_are_folded_away_and_those_that_never_ran_are_not():
    told = html_report.cells(run())
    assert [cell["id"] for cell in told["shown"]] == ["one", "three"]
    assert [cell["id"] for cell in told["quick"]] == ["two"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "never ran"), (0.034, "0.03 s"), (9, "9.0 s"), (90, "90 s"), (600, "10 min"), (9000, "2.5 h")],
)
def test_times_are_written_as_they_are_read(seconds, said):
    assert html_report.duration(seconds) == said


def test_a_long_record_of_memory_keeps_its_peak():
    points = [(float(second), 1.0) for second in range(100_000)]
    points[77_777] = (77_777.0, 9.0)
    drawn = charts.area(points, 9.0)
    assert len(drawn) < 20_000
    assert "777.8 0.0" in drawn


def test_parts_of_a_bar_fill_it():
    widths = [
        float(width) for width in re.findall(r' width="([\d.]+)" height="100"', charts.stacked([("a", 1), ("b", 3)]))
    ]
    assert widths == [250, 750]


@pytest.mark.full
@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium")
def test_a_browser_has_nothing_to_complain_of(tmp_path):
    file = tmp_path / "report.html"
    picture = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    shown = Gallery(html=f'<style>.mine {{ color: red }}</style><svg><image href="{picture}"/></svg>')
    html_report.write(report(), file, shown)
    assert _console(file, tmp_path) == []
    file.write_text(file.read_text("utf-8").replace("<main>", '<main><p style="color: red">', 1), "utf-8")
    assert any("Content Security Policy" in line for line in _console(file, tmp_path))


def _console(file, folder):
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0", "--dump-dom"]
    done = subprocess.run(
        ["chromium", *flags, f"--user-data-dir={folder / 'profile'}", file.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "</html>" in done.stdout
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]
