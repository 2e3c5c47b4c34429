"""Findings: problems with the name of the check that found them and a severity."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from kernelwright import codes
from kernelwright.errors import Problem


class Severity(StrEnum):
    """How severe a finding is.

    An error is wrong on any machine. An unready finding stops a push but does not fail a check: a fresh clone has no
    notebook, no rehearsal and perhaps no owner yet, although nothing is wrong with it. A warning stops nothing.

    The members are in order of severity; `ordered` relies on that.
    """

    error = "error"
    unready = "unready"
    warning = "warning"


@dataclass(frozen=True, kw_only=True)
class Finding(Problem):
    """A problem with its severity and ``check``, the stable name of the check that found it."""

    check: str = ""
    severity: Severity = Severity.error

    @classmethod
    def of(cls, problem: Problem, check: str) -> "Finding":
        """Add the check's name to a problem. A problem without a severity gets that of its code in codes.toml."""
        if isinstance(problem, Finding):
            return replace(problem, check=problem.check or check)
        row = codes.table().get(problem.code)
        return cls(**vars(problem), check=check, severity=Severity(row.severity) if row else Severity.error)

    def as_json(self) -> dict[str, str]:
        """Return the finding as ``check --json`` prints it."""
        judged = {"check": self.check, "severity": self.severity.value, "code": self.code}
        return {**judged, "place": self.location, "problem": self.message, "fix": self.fix}


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings by severity, most severe first, then by place; drop duplicates."""

    def rank(finding: Finding) -> tuple[object, ...]:
        line = finding.place if isinstance(finding.place, int) else 0
        return (list(Severity).index(finding.severity), finding.file, line, finding.location, finding.code)

    return sorted(dict.fromkeys(findings), key=rank)


def stops_a_push(findings: Iterable[Finding]) -> bool:
    """Return whether any finding stops a push: any error or unready finding."""
    return any(finding.severity != Severity.warning for finding in findings)


def has_error(findings: Iterable[Finding]) -> bool:
    """Return whether any finding is an error."""
    return any(finding.severity == Severity.error for finding in findings)
