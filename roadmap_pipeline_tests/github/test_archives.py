"""Logs in archives of runs go to the jobs they belong to."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.github.dump.archives import NO_JOB, NO_RUN, SEVERAL_JOBS, KnownJob, LogFile, place_logs


def job(job_id, name, run_id=1, attempt=1):
    return KnownJob(job_id, "acme/shop", run_id, attempt, name, True)


def archive(names, source="logs.zip", complete=()):
    """Return an archive of logs called so; ``complete`` are the names that the logs themselves tell."""
    said = [*complete, *[None] * (len(names) - len(complete))]
    texts = [b"2026-11-10T10:00:00Z Complete job name: %b\n" % name.encode() if name else b"" for name in said]
    return [
        LogFile(source, n, None, name, lambda text=text: text)
        for n, (name, text) in enumerate(zip(names, texts, strict=True), 1)
    ]


def placed(logs: Sequence[LogFile], jobs):
    """(name of the log by job, reasons by position of a log)."""
    found, unplaced = place_logs(logs, jobs)
    return {job_id: log.name for job_id, log in found.items()}, {one.position: one.reason for one in unplaced}


LONG = "integration tests of the storefront in a browser (ubuntu-22.04, postgresql-14, python-{})"
SHORT = "deploy to: staging / eu <west>"


@pytest.mark.parametrize(
    "name",
    [
        "deploy to staging  eu west",  # until June 2025
        "deploy to_ staging _ eu _west_",  # since then
        "deploy to: staging / eu <west>",
    ],
)
def test_a_name_in_the_spelling_of_any_year(name):
    assert placed(archive([name, "lint"]), [job(11, SHORT), job(12, "lint")]) == ({11: name, 12: "lint"}, {})


def test_names_that_differ_at_their_end_only_are_told_apart_in_full():
    names = [LONG.format("3.12"), LONG.format("3.11")]
    jobs = [job(11, names[1]), job(12, names[0])]
    for given_names in (names, names[::-1]):
        assert placed(archive(given_names), jobs) == ({11: names[1], 12: names[0]}, {})


def test_names_cut_to_the_same_are_told_apart_by_what_the_logs_say_or_not_at_all():
    cut = LONG[:58]
    jobs = [job(11, LONG.format("3.11")), job(12, LONG.format("3.12")), job(13, "lint")]
    found, unplaced = placed(archive([cut, cut, "lint"]), jobs)
    assert (found, unplaced) == ({13: "lint"}, {1: SEVERAL_JOBS, 2: SEVERAL_JOBS})
    logs = archive([cut, cut, "lint"], complete=[LONG.format("3.12"), LONG.format("3.11")])
    assert {job_id: log.position for job_id, log in place_logs(logs, jobs)[0].items()} == {12: 1, 11: 2, 13: 3}


def test_a_cut_name_that_fits_one_job_is_placed_unless_its_log_says_another_name():
    jobs = [job(11, LONG.format("3.11")), job(13, "lint")]
    assert placed(archive([LONG[:58], "lint"]), jobs) == ({11: LONG[:58], 13: "lint"}, {})
    other = archive([LONG[:58], "lint"], complete=[LONG.format("3.9")])
    assert placed(other, jobs) == ({13: "lint"}, {1: NO_JOB})
    hidden = archive([LONG[:58], "lint"], complete=["integration *** of the storefront"])
    assert placed(hidden, jobs)[0] == {11: LONG[:58], 13: "lint"}
    short = archive(["integration tests", "lint"], "1.zip")  # names are not cut that early
    assert placed(short, jobs) == ({13: "lint"}, {1: NO_JOB})


@pytest.mark.parametrize("names", [["build", "build"], ["build", "build (1)"]])
def test_jobs_of_one_name_get_no_log(names):
    found, unplaced = placed(archive(names), [job(11, "build"), job(12, "build")])
    assert (found, unplaced) == ({}, {1: SEVERAL_JOBS, 2: SEVERAL_JOBS})


def test_a_numbered_name_is_no_other_job():
    jobs = [job(11, "build"), job(12, "lint")]
    assert placed(archive(["build (2)", "lint"]), jobs) == ({12: "lint"}, {1: SEVERAL_JOBS})
    matrix = [job(11, "build (1)"), job(12, "build (2)"), job(13, "build")]
    assert placed(archive(["build (2)", "build", "build (1)"]), matrix)[0] == {
        12: "build (2)",
        13: "build",
        11: "build (1)",
    }


def test_two_jobs_whose_names_give_one_file_name():
    jobs = [job(11, "test/unit"), job(12, "test:unit"), job(13, "lint")]
    found, unplaced = placed(archive(["test_unit", "test_unit", "lint"], complete=["test:unit", "test/unit"]), jobs)
    assert (found, unplaced) == ({12: "test_unit", 11: "test_unit", 13: "lint"}, {})
    assert placed(archive(["testunit", "testunit", "lint"]), jobs)[1] == {1: SEVERAL_JOBS, 2: SEVERAL_JOBS}


def test_one_log_that_fits_no_job_keeps_none_of_the_others():
    jobs = [job(11, "build"), job(12, "lint")]
    assert placed(archive(["build", "gone", "lint"]), jobs) == ({11: "build", 12: "lint"}, {2: NO_JOB})
    assert placed(archive(["build", "gone", "too"]), jobs) == ({}, {1: NO_RUN, 2: NO_RUN, 3: NO_RUN})
    assert placed(archive(["build", "gone", "too"], source="1/logs.zip"), jobs)[0] == {11: "build"}


def test_which_run_an_archive_is_of():
    jobs = [job(11, "build", 771), job(21, "build", 772), job(22, "build", 772, attempt=2)]
    logs = archive(["build"])
    assert placed(logs, jobs) == ({}, {1: NO_RUN})
    assert placed(archive(["build"], "771.zip"), jobs)[0] == {11: "build"}
    assert placed(archive(["build"], "logs_772.zip"), jobs) == ({}, {1: NO_RUN})
    assert placed(archive(["build"], "logs_772_attempt_2.zip"), jobs)[0] == {22: "build"}
    # a run's id in its name is never read over for another run that fits better
    more = [*jobs, job(31, "build", 773), job(32, "lint", 773)]
    found, unplaced = placed(archive(["build", "lint"], "771.zip"), more)
    assert (found, unplaced) == ({11: "build"}, {2: NO_JOB})


NAMES = st.text(st.sampled_from('ab3 _/:."(),-é'), min_size=1, max_size=70)


@given(st.lists(NAMES, unique=True, min_size=1, max_size=6), st.booleans(), st.sampled_from([None, 58]), st.randoms())
def test_no_job_ever_gets_another_ones_log(names, is_new, longest, chance):
    """However GitHub spells, cuts and orders them: a log is placed with its job or not at all."""
    sign = "_" if is_new else ""
    jobs = [job(n, name) for n, name in enumerate(names)]
    logs = []
    for n, name in enumerate(names):
        spelled = "".join(sign if letter in '/:"' else letter for letter in name)[:longest].strip()
        logs.append(LogFile("logs.zip", n, None, spelled, bytes))
    chance.shuffle(logs)
    found, unplaced = place_logs(logs, jobs)
    assert all(log.position == job_id for job_id, log in found.items())
    assert len(found) + len(unplaced) == len(names)
