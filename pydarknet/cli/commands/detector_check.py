"""The command detector check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...errors import CfgError, DarknetError
from ...system.console import say
from ...system.problems import count_failure
from ...system.resources import locate
from ..data_files import check_outputs, write_text
from ..operands import Data
from ..verbs import READ_IMAGES, Help, Run, verb

if TYPE_CHECKING:
    from ...checks.plan import Plan
    from ...checks.survey import Survey, Watch

CfgFile = Annotated[Path | None, Help("the cfg that is to train; if omitted, only the data")]
Decode = Annotated[
    bool, Help("read the pixels of all images too: damage, copies saved anew, near copies")
]
Json = Annotated[Path | None, Help("write counts and findings, with all places", writes=True)]
Plot = Annotated[
    Path | None, Help("draw into this folder: labelled samples, sizes of boxes, classes")
]


@verb("detector check", uses=READ_IMAGES)
def detector_check(
    run: Run,
    data: Data,
    cfg: CfgFile = None,
    *,
    decode: Decode = False,
    json: Json = None,
    plot: Plot = None,
) -> None:
    """Say what in images, labels, names and cfg would make a training go wrong, the worst first.

    The exit status is 1 if training would stop, or learn something else than is meant: a list, a
    cfg or batch that cannot be trained; classes of .data file, names and cfg that differ; ids that
    are none of the classes; corners for centres; no usable box; or more than one in a hundred
    images unreadable or labels left out. All else is to be looked at, and the status is 0.
    """
    from ...checks import findings_of
    from ...checks.report import as_json, report

    check_outputs(json, plot)
    if plot:
        from ...charts.library import check_installed

        check_installed()
    survey = open_survey(run, data, cfg).read(watch(), decode=decode)
    findings = findings_of(survey)
    for line in report(survey, findings):
        say(line)
    if json:
        write_text(json, as_json(survey, findings))
    if plot:
        from ...checks.plots import plots

        plots(survey, plot)
    if any(one.state == "wrong" for one in findings):
        count_failure()


def open_survey(run: Run, data: Path, cfg: Path | None) -> Survey:
    """Return the survey of a .data file for a cfg, which is not read yet."""
    from ...checks.of_classes import given_classes
    from ...checks.plan import read_plan
    from ...checks.survey import survey_of
    from ...dataset.files import DataFile, read_names

    options = DataFile.read(data)
    plan: Plan | None = None
    problem: DarknetError | None = None
    try:
        plan = read_plan(locate(cfg), run.dialect, run.strict, run.batchnorm) if cfg else None
    except CfgError as error:  # of [net]: the data are looked at all the same
        problem = error
    classes = plan.classes if plan else 0
    classes = classes or given_classes(options) or 0
    if not classes and (names := options.find_file("names")):
        classes = len(read_names(names))
    survey = survey_of(options, plan, classes or 1, exif=run.exif is not False)
    survey.cfg_error = problem
    return survey


def watch() -> Watch | None:
    """Return a progress bar, where stderr is a terminal."""
    from ..progress import bar

    return (lambda paths: bar(paths, len(paths))) if sys.stderr.isatty() else None
