"""Identity tokens, and what only looks missing: kinds of failures."""

from roadmap_pipeline_tests.failures.kinds.kind import OIDC, Kind

KINDS = [
    Kind(
        OIDC,
        "permissions_auth",
        "npm publish --provenance",
        'npm error code EUSAGE\nnpm error Provenance generation in GitHub Actions requires "write" access to the'
        ' "id-token" permission',
        "id-token",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "azure/login@v2",
        "##[error]Login failed with Error: Please make sure to give write permissions to id-token in the workflow.",
        "id-token",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "actions/attest-build-provenance@v3",
        '##[error]missing "id-token" permission. Please add "permissions: id-token: write" to your workflow.',
        "id-token",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "aws-actions/configure-aws-credentials@v5",
        "It looks like you might be trying to authenticate with OIDC. Did you mean to set the `id-token` permission?\n"
        "##[error]Credentials could not be loaded, please check your action inputs: Could not load credentials from any"
        " providers",
        "Credentials could not be loaded",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "aws-actions/configure-aws-credentials@v5",
        "Assuming role with OIDC\n##[error]Could not assume role with OIDC: No OpenIDConnect provider found in your"
        " account for https://token.actions.githubusercontent.com",
        "Could not assume role with OIDC",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "yarn install --immutable",
        "➤ YN0000: ┌ Resolution step\n➤ YN0041: │ @acme/ui@npm:^2.0.0: Invalid authentication (as an anonymous user)\n"
        "➤ YN0000: Failed with errors in 1s 20ms",
        "YN0041",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "pnpm install --frozen-lockfile",
        " ERR_PNPM_FETCH_401  GET https://npm.pkg.github.com/@acme%2Fui: Unauthorized - 401\n\nNo authorization header"
        " was set for the request.",
        "ERR_PNPM_FETCH_401",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "dotnet restore",
        "/home/runner/work/acme/Acme.csproj : error NU1301: Failed to retrieve information about 'Acme.Core' from"
        " remote"
        " source 'https://nuget.pkg.github.com/acme/index.json'. Response status code does not indicate success: 401"
        " (Unauthorized).",
        "NU1301",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "mvn -B verify",
        "[ERROR] Failed to execute goal on project web: Could not resolve dependencies for project acme:web:jar:1:"
        " Could not transfer artifact acme:core:pom:2 from/to github (https://maven.pkg.github.com/acme/core): status"
        " code: 401, reason phrase: Unauthorized (401) -> [Help 1]",
        "status code: 401",
    ),
    Kind(
        OIDC,
        "dependency_install",
        "pnpm install --frozen-lockfile",
        " ERR_PNPM_FETCH_404  GET https://registry.npmjs.org/acme-uii: Not Found - 404\n\nacme-uii is not in the npm"
        " registry, or you have no permission to fetch it.",
        "ERR_PNPM_FETCH_404",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "cosign sign --yes ghcr.io/acme/web",
        "Error: signing [ghcr.io/a/b]: getting signer: getting key from Fulcio: getting ID token: fetching ambient"
        " OIDC credentials: ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set",
        "",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "google-github-actions/auth@v3",
        "##[error]google-github-actions/auth failed with: GitHub Actions did not inject"
        " $ACTIONS_ID_TOKEN_REQUEST_TOKEN or $ACTIONS_ID_TOKEN_REQUEST_URL into this job.",
        "",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "hashicorp/vault-action@v3",
        "##[error]failed to retrieve vault token. code: ERR_NON_2XX_3XX_RESPONSE, message: Response code 400 (Bad"
        ' Request), vaultResponse: {"errors":["error validating token"]}',
        "",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "azure/login@v2",
        "##[error]Login failed with Error: Using auth-type: SERVICE_PRINCIPAL. Not all values are present. Ensure"
        " 'client-id' and 'tenant-id' are supplied.",
        "",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "pip install acme-internal",
        "ERROR: HTTP error 403 while getting https://pypi.example.com/acme\nWARNING: 403 Error",
        "",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "pypa/gh-action-pypi-publish@v1",
        "Trusted publishing exchange failure:\nOpenID Connect token retrieval failed: GitHub: missing or insufficient"
        " OIDC token permissions\n##[error]Process completed with exit code 1.",
        "",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "npm ci",
        "npm error code E401\nnpm error 401 Unauthorized - GET https://npm.pkg.github.com/@acme%2fui - authentication"
        " token not provided",
        "",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "bundle install",
        "Authentication is required for rubygems.pkg.github.com.\nPlease supply credentials for this source.",
        "",
    ),
    Kind(OIDC, "permissions_auth", "composer install", "Could not authenticate against github.com", ""),
]
