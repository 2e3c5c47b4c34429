"""Claims that should hold over all runs of a rehearsal together."""

from collections import defaultdict
from collections.abc import Sequence

from kernelwright.check.rehearsal_report import Claim
from kernelwright.rehearsal.report import Run


def compare(runs: Sequence[Run]) -> list[Claim]:
    """Return the claims about the guard's decisions, the sample and the rows, with whether each holds."""
    claims = []
    if guarded := [run for run in runs if run.guard]:
        detail = "; ".join(f"{run.phase}, {run.mounts}: {run.guard['name']}" for run in guarded)
        right = all(run.guard["right"] for run in guarded)
        claims.append(Claim(says="the guard takes each run for what it is", holds=right, detail=detail))
    if reruns := [run for run in runs if run.phase == "rerun" and run.submission["sha256"]]:
        left = ", ".join(run.mounts for run in reruns if run.submission["is_sample"])
        detail = f"still the sample: {left} mounts" if left else ""
        claims.append(Claim(says="the rerun leaves no sample behind", holds=not left, detail=detail))
    written = [run for run in runs if run.submission["ids_sha256"]]
    if len(written) > 1:
        # Only runs with the same sample are compared, because the public input may have other rows.
        ids: dict[str, set[str]] = defaultdict(set)
        for run in written:
            ids[run.submission["sample_sha256"]].add(run.submission["ids_sha256"])
        detail = "; ".join(f"{run.phase}, {run.mounts}: {run.submission['rows']} rows" for run in written)
        same = all(len(digests) == 1 for digests in ids.values())
        claims.append(Claim(says="every run writes the rows its sample asks for", holds=same, detail=detail))
    return claims
