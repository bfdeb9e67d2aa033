-- Runs of GitHub's own services (Dependabot's updates, Copilot's agents, the dependency graph, …), which no workflow
-- file of the repository starts: they say nothing about its code. CodeQL's default set-up and Pages, which test and
-- publish what the repository holds, are workflows like any other.
select distinct run.run_id
from raw.workflow_runs as run
where starts_with(run.workflow_path, 'dynamic/')
    and not regexp_matches(run.workflow_path, '^dynamic/(github-code-scanning/codeql|pages/[^@]*)(@.*)?$')
