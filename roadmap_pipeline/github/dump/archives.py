"""The jobs to which the logs in archives of runs belong.

Belongs here: how GitHub makes the names in an archive from those of jobs, and when what fits is certain. Reading
archives belongs to ``files``.

Until June 2025 GitHub left out of names what files can't be called and cut them (with the number before them to 60
characters); since then it writes ``_`` in its place. Logs of several jobs of one name are told apart by numbers that
tell nothing: neither they nor the archive's order are those of the jobs. The runner says in the log itself how the job
is called, in recent years.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from roadmap_pipeline import decoding
from roadmap_pipeline.github.dump.files import BrokenFileError

_NO_FILE_NAME = re.compile(r'[\x00-\x1f"<>|:*?\\/]')
_NO_SIGN = re.compile(r"[^\w.+#@-]|_")
_NUMBERED = re.compile(r"(.+?)(?: ?\(\d+\)|[ _-]\d+)")
"""A name with a number that tells it from others of the same name."""
_SHORTEST_CUT = 40
"""A name in an archive of so many characters may be a longer one that was cut."""
_COMPLETE_NAME = re.compile(rb"(?m)^(?:\S+Z )?Complete job name: ([^\r\n]+)")
_NAMED_WITHIN = 64 << 10

NO_RUN = "log of a job in an archive, and not one run is known that has its jobs"
NO_JOB = "log in the archive of a run, none of whose known jobs has that name"
SEVERAL_JOBS = "log in the archive of a run that could be that of several jobs"


@dataclass(frozen=True, slots=True)
class KnownJob:
    """A job as far as its log needs it."""

    job_id: int
    repo: str
    run_id: int
    run_attempt: int
    name: str
    failed: bool


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A record or log that is not used, and why."""

    source: str
    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class LogFile:
    """A job's log. In the archive of a run ``job_id`` is None: there a log goes by the job's ``name``.

    ``read`` raises BrokenFileError.
    """

    source: str
    position: int
    job_id: int | None
    name: str
    read: Callable[[], bytes]

    def complete_name(self) -> str | None:
        """Return the name of its job, where the log says it."""
        try:
            data = self.read()
        except BrokenFileError as error:
            data = error.part
        beginning = b"".join(decoding.log([data[:_NAMED_WITHIN]]))
        match = _COMPLETE_NAME.search(beginning)
        # a part of it may have been hidden as a secret
        return decoding.characters(match[1]).strip() if match and b"***" not in match[1] else None


def place_logs(logs: Iterable[LogFile], jobs: Iterable[KnownJob]) -> tuple[dict[int, LogFile], list[Unplaced]]:
    """Return the log of each job by its id, and the logs that belong to none.

    A file named by its job belongs to that. An archive belongs to the run attempt that has most of its jobs, if one
    alone has: ids in the archive's name decide, and without them more than half of its logs must fit. Of its logs those
    are placed that can be of one job only.
    """
    known = _KnownJobs(jobs)
    placed: dict[int, LogFile] = {}
    unplaced: list[Unplaced] = []
    archives: dict[str, list[LogFile]] = {}
    for log in logs:
        if log.job_id is None:
            archives.setdefault(log.source, []).append(log)
        elif log.job_id in known.by_id:
            placed[log.job_id] = log
        else:
            unplaced.append(Unplaced(log.source, log.position, f"no job {log.job_id} is known"))
    for source, members in archives.items():
        attempt = known.attempt_of(source, members)
        if attempt is None:
            unplaced.extend(Unplaced(source, log.position, NO_RUN) for log in members)
            continue
        matches = [(log, known.job_of(log, attempt)) for log in members]
        times = Counter(job.job_id for _, job in matches if isinstance(job, KnownJob))
        for log, job in matches:
            if isinstance(job, str):
                unplaced.append(Unplaced(source, log.position, job))
            elif times[job.job_id] > 1:
                unplaced.append(Unplaced(source, log.position, SEVERAL_JOBS))
            else:
                placed.setdefault(job.job_id, log)
    return placed, unplaced


_Attempt = tuple[int, int]


class _KnownJobs:
    """Jobs, to be found by what archives make of their names."""

    def __init__(self, jobs: Iterable[KnownJob]) -> None:
        self.by_id = {job.job_id: job for job in jobs}
        self._by_key: dict[str, list[KnownJob]] = defaultdict(list)
        self._runs: dict[int, list[KnownJob]] = defaultdict(list)
        for job in self.by_id.values():
            self._by_key[_key(job.name)].append(job)
            self._runs[job.run_id].append(job)
        self._keys = sorted(self._by_key)

    def attempt_of(self, source: str, members: Sequence[LogFile]) -> _Attempt | None:
        """Return the attempt whose logs an archive holds; None where that isn't certain."""
        numbers = {int(number) for number in re.findall(r"\d{1,18}", source)}
        named = [job for number in numbers for job in self._runs.get(number, ())]
        best = self._best(members, _KnownJobs(named).candidates, numbers) if named else None
        if best is None:
            best = self._best(members, self.candidates, numbers)
            if best is not None and 2 * best[1] <= len(members):
                return None
        return best[0] if best is not None else None

    def _best(
        self, members: Sequence[LogFile], candidates: Callable[[str], list[KnownJob]], numbers: set[int]
    ) -> tuple[_Attempt | None, int] | None:
        """Return the attempt that most of the logs fit, None if several are, and how many do; None if none does."""
        fitting: Counter[_Attempt] = Counter()
        for log in members:
            fitting.update({(job.run_id, job.run_attempt) for job in candidates(log.name)})
        if not fitting:
            return None
        most = max(fitting.values())
        leading = [attempt for attempt, count in fitting.items() if count == most]
        if len(leading) > 1:
            leading = [attempt for attempt in leading if attempt[1] in numbers]
        return leading[0] if len(leading) == 1 else None, most

    def candidates(self, name: str) -> list[KnownJob]:
        """Return the jobs whose log may bear a name in an archive."""
        key = _key(name)
        jobs = self._by_key.get(key, [])
        if not jobs and len(name) >= _SHORTEST_CUT:
            jobs = list(self._beginning_with(key))
        if not jobs and (numbered := _NUMBERED.fullmatch(name)):
            jobs = self.candidates(numbered[1])
        return jobs

    def _beginning_with(self, key: str) -> Iterator[KnownJob]:
        for position in range(bisect_left(self._keys, key), len(self._keys)):
            if not self._keys[position].startswith(key):
                return
            yield from self._by_key[self._keys[position]]

    def job_of(self, log: LogFile, attempt: _Attempt) -> KnownJob | str:
        """Return the one job of an attempt whose log it can be, or why there is none."""
        candidates = [job for job in self.candidates(log.name) if (job.run_id, job.run_attempt) == attempt]
        if not candidates:
            return NO_JOB
        exact = [job for job in candidates if log.name in _names(job.name)]
        if [job.name for job in exact] == [log.name]:
            return exact[0]
        name = log.complete_name()
        if name is not None:
            candidates = [job for job in candidates if job.name == name]
            return candidates[0] if len(candidates) == 1 else SEVERAL_JOBS if candidates else NO_JOB
        candidates = exact or candidates
        if len(candidates) > 1:
            return SEVERAL_JOBS
        # a number at the end tells it from the log of another job of that name
        is_whole = _key(log.name) == _key(candidates[0].name) or len(log.name) >= _SHORTEST_CUT
        return candidates[0] if is_whole else SEVERAL_JOBS


def _names(job_name: str) -> set[str]:
    """Return the names of a job's log in archives, not cut."""
    return {job_name, *(_NO_FILE_NAME.sub(sign, job_name).strip() for sign in ("", "_"))}


def _key(name: str) -> str:
    """Return the part that is the same in a job's name and in that of its log."""
    return _NO_SIGN.sub("", name)
