select w.repo, w.week
from marts.ci_weekly as w
where w.runs <> w.conclusive_runs + w.void_runs + w.pending_runs
    or w.conclusive_runs <> w.passed_runs + w.failed_runs
    or w.autofix_attempts < w.autofix_fixed + w.autofix_failed
