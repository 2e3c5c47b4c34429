"""Provide the pytest fixture ``rehearsal``, with which a kernel's tests run the built notebook on an input folder.

::

    def test_the_kernel_beats_the_sample(rehearsal):
        run = rehearsal("tests/input").runs[0]
        assert run.verdict == "Complete", run.detail
        assert run.scores["GAP"] > 0.5

pytest loads this plugin wherever kernelwright is installed. So the rest of Kernelwright is imported only when the
fixture is called.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kernelwright.rehearsal.report import Report, Run
    from kernelwright.rehearsal.resource_limits import Limits
    from kernelwright.rehearsal.run_directory import Layout, PhaseName


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """A finished rehearsal: its report, and the folder that contains the folders of its runs."""

    report: "Report"
    folder: Path

    @property
    def runs(self) -> "Sequence[Run]":
        """The runs of the report, each with its verdict."""
        return self.report.runs

    def working(self, run: "Run") -> Path:
        """Return the working folder of a run, which contains its submission and other output."""
        return self.folder / f"{run.phase}-{run.mounts}" / "working"


@dataclass(frozen=True, kw_only=True)
class Rehearse:
    """The value of the fixture. Call it with an input folder.

    Attributes
    ----------
    project : Path
        The project's folder: pytest's root folder.
    folder : Path
        The folder for reports and runs.
    """

    project: Path
    folder: Path

    def __call__(
        self,
        source: str | Path,
        *,
        kernel: str = "",
        phases: "Sequence[PhaseName]" = ("rerun",),
        layouts: "Sequence[Layout]" = ("new",),
        limits: "Limits | None" = None,
    ) -> Rehearsed:
        """Build the notebook and run it on the input folder ``source``, which may be relative to the project."""
        from kernelwright.project.model import load_project  # noqa: PLC0415 - slow, and most tests do not need it
        from kernelwright.rehearsal.rehearse import Plan, rehearse  # noqa: PLC0415
        from kernelwright.rehearsal.resource_limits import Limits  # noqa: PLC0415

        folder = self.folder / str(len([*self.folder.iterdir()]))  # numbered, because a test may call it repeatedly
        plan = Plan(
            source=(self.project / source).resolve(),
            phases=phases,
            layouts=layouts,
            limits=limits or Limits(),
            folder=folder,
        )
        return Rehearsed(report=rehearse(load_project(self.project, kernel), plan), folder=folder)


@pytest.fixture
def rehearsal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Rehearse:
    """Return a `Rehearse` object, which rehearses the tested project."""
    return Rehearse(project=request.config.rootpath, folder=tmp_path_factory.mktemp("rehearsal"))
