"""The people of the simulated organisation and their repositories. Fixed: no chance decides here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """An account on GitHub; ``type`` is User, Bot or Organization."""

    login: str
    name: str
    id: int
    type: str = "User"

    @property
    def is_bot(self) -> bool:
        """True for the account of an app."""
        return self.type == "Bot"

    @property
    def email(self) -> str:
        """The private address that GitHub puts into commits."""
        return f"{self.id}+{self.login}@users.noreply.github.com"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository of the organisation.

    ``first_number`` is the number of the first issue or pull request of the simulated time, ``first_run`` that of the
    first run of every workflow; both had a life before. Logs are kept for ``log_days``.
    """

    name: str
    id: int
    description: str
    language: str
    team: tuple[Person, ...]
    fixer: Person
    """The app that repairs formatting on branches of pull requests."""
    fixer_starts_runs: bool
    """False where the app pushes with the workflow's own token: such a push starts no run."""
    pull_requests_a_week: float
    merge_queue: bool
    first_number: int
    first_run: int
    log_days: int
    default_branch: str = "main"

    @property
    def full_name(self) -> str:
        """The name as ``owner/name``."""
        return f"{ORGANISATION.login}/{self.name}"


ORGANISATION = Person("acme", "Acme", 7_100_001, "Organization")
VIEWER = Person("roadmap-pipeline[bot]", "roadmap-pipeline[bot]", 900_001, "Bot")

AMARA = Person("amara-okafor", "Amara Okafor", 7_200_011)
BEN = Person("bvanderlaan", "Ben van der Laan", 7_200_024)
CHIARA = Person("chiara-m", "Chiara Moretti", 7_200_037)
DMITRI = Person("dvolkov", "Dmitri Volkov", 7_200_041)
ELIF = Person("elifdemir", "Elif Demir", 7_200_052)
FREJA = Person("freja-n", "Freja Nygaard", 7_200_068)
GAURAV = Person("gauravs", "Gaurav Sen", 7_200_073)
HANA = Person("hanakim", "Hana Kim", 7_200_089)
IVO = Person("ivopetrov", "Ivo Petrov", 7_200_095)
JULES = Person("jules-martin", "Jules Martin", 7_200_103)
KOFI = Person("kofi-asante", "Kofi Asante", 7_200_117)
LENA = Person("lenahoff", "Lena Hoff", 7_200_126)
OUTSIDER = Person("quietfern", "Robin Fern", 7_355_208)
GONE = Person("mottled-owl", "Sam Ortega", 7_355_977)
PEOPLE = (AMARA, BEN, CHIARA, DMITRI, ELIF, FREJA, GAURAV, HANA, IVO, JULES, KOFI, LENA)

DEPENDABOT = Person("dependabot[bot]", "dependabot[bot]", 49_699_333, "Bot")
RENOVATE = Person("renovate[bot]", "renovate[bot]", 29_139_614, "Bot")
PRE_COMMIT = Person("pre-commit-ci[bot]", "pre-commit-ci[bot]", 66_853_113, "Bot")
AUTOFIX = Person("autofix-ci[bot]", "autofix-ci[bot]", 114_827_586, "Bot")
ACTIONS = Person("github-actions[bot]", "github-actions[bot]", 41_898_282, "Bot")
MERGE_QUEUE = Person("github-merge-queue[bot]", "github-merge-queue[bot]", 118_344_674, "Bot")
BOTS = (DEPENDABOT, RENOVATE, PRE_COMMIT, AUTOFIX, ACTIONS)

PAYMENTS = Repository(
    name="payments",
    id=610_000_101,
    description="Ledger, settlement and payment providers",
    language="Python",
    team=(AMARA, BEN, CHIARA, DMITRI, ELIF),
    fixer=PRE_COMMIT,
    fixer_starts_runs=True,
    pull_requests_a_week=3.9,
    merge_queue=False,
    first_number=1207,
    first_run=4312,
    log_days=400,
)
STOREFRONT = Repository(
    name="storefront",
    id=610_000_202,
    description="The shop that customers see",
    language="TypeScript",
    team=(FREJA, GAURAV, HANA, IVO, AMARA),
    fixer=AUTOFIX,
    fixer_starts_runs=True,
    pull_requests_a_week=3.0,
    merge_queue=False,
    first_number=863,
    first_run=2954,
    log_days=90,
)
PLATFORM = Repository(
    name="platform",
    id=610_000_303,
    description="Clusters, agents and the tools around them",
    language="Go",
    team=(JULES, KOFI, LENA, DMITRI),
    fixer=ACTIONS,
    fixer_starts_runs=False,
    pull_requests_a_week=2.1,
    merge_queue=True,
    first_number=431,
    first_run=1688,
    log_days=90,
)
REPOSITORIES = (PAYMENTS, STOREFRONT, PLATFORM)
