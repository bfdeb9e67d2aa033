"""Kinds of failures of many tools, in whole jobs of our own wording: the category and the line that shows the cause.

Belongs here: that a kind is known at all, and what resembles it and must not be taken for it. How the cause is chosen
among several belongs to :mod:`.test_classifier`.
"""

from collections import Counter
from typing import NamedTuple

import pytest

from roadmap_pipeline.failures.classifier import JobFacts, classify
from roadmap_pipeline_tests.failures.logs import FAILED, job, step


class Kind(NamedTuple):
    """A step that failed: its family, the category, what it ran, what that said, and a part of the line of the cause.

    The output ends with GitHub's own error line, unless the last line holds a marker already.
    """

    family: str
    category: str
    command: str
    output: str
    cause: str


TERRAFORM, ANSIBLE, KUBERNETES, SIGNING, SOLVER = "terraform", "ansible", "kubernetes", "signing", "solver"
WRAPPER, SCANNER, OIDC, ARCHIVE, GATE = "wrapper", "scanner", "oidc", "archive", "gate"
RELEASE, LINKS, TRANSLATION, MERGE, LOCAL = "release", "links", "translation", "merge", "local port"

KINDS = [
    # ------------------------------------------------------------------------------------- Terraform, OpenTofu, Pulumi
    Kind(
        TERRAFORM,
        "permissions_auth",
        "terraform plan -input=false",
        "╷\n│ Error: No valid credential sources found\n│ \n│   with"
        ' provider["registry.terraform.io/hashicorp/aws"],\n│'
        '   on providers.tf line 4, in provider "aws":\n╵',
        "No valid credential sources",
    ),
    Kind(
        TERRAFORM,
        "permissions_auth",
        "tofu apply -auto-approve",
        "aws_instance.web: Creating...\n╷\n│ Error: creating EC2 Instance: operation error EC2: RunInstances,"
        " api error UnauthorizedOperation: You are not authorized to perform this operation.\n│ \n╵",
        "UnauthorizedOperation",
    ),
    Kind(
        TERRAFORM,
        "permissions_auth",
        "terraform apply -auto-approve plan.out",
        "google_project_service.run: Creating...\n╷\n│ Error: Error when reading or editing Project Service acme:"
        " googleapi: Error 403: Permission denied to list services, forbidden\n│ \n╵",
        "googleapi: Error 403",
    ),
    Kind(
        TERRAFORM,
        "script_error",
        "terraform plan",
        "╷\n│ Error: Error acquiring the state lock\n│ \n│ Error message: ConditionalCheckFailedException: The"
        " conditional request failed\n│ Lock Info:\n│   Who:       runner@fv-az11\n╵",
        "acquiring the state lock",
    ),
    Kind(
        TERRAFORM,
        "compile",
        "terraform validate -no-color",
        '╷\n│ Error: Reference to undeclared input variable\n│ \n│   on network.tf line 12, in resource "aws_vpc"'
        ' "main":\n│   12:   cidr_block = var.cidr\n╵',
        "undeclared input variable",
    ),
    Kind(
        TERRAFORM,
        "compile",
        "tofu validate",
        '\nError: Unsupported argument\n\n  on main.tf line 7, in module "db":\n   7:   sise = 3\n\nAn argument named'
        ' "sise" is not expected here.',
        "Unsupported argument",
    ),
    Kind(
        TERRAFORM,
        "dependency_install",
        "terraform init -lockfile=readonly",
        "Initializing provider plugins...\n╷\n│ Error: Inconsistent dependency lock file\n│ \n│ The following"
        " dependency"
        " selections recorded in the lock file are inconsistent with\n│ the current configuration:\n╵",
        "Inconsistent dependency lock file",
    ),
    Kind(
        TERRAFORM,
        "dependency_install",
        "tofu init",
        "Initializing provider plugins...\n╷\n│ Error: Failed to resolve provider packages\n│ \n│ Could not resolve"
        " provider acme/cloud: provider registry\n│ registry.opentofu.org does not have a provider named acme/cloud\n╵",
        "Failed to resolve provider packages",
    ),
    Kind(
        TERRAFORM,
        "workflow_config",
        "terraform plan -input=false",
        '╷\n│ Error: No value for required variable\n│ \n│   on variables.tf line 1:\n│    1: variable "region" {\n╵',
        "No value for required variable",
    ),
    Kind(
        TERRAFORM,
        "permissions_auth",
        "pulumi/actions@v6\nwith:\n  command: up",
        "##[error]Command failed with exit code 255: pulumi login --non-interactive\nerror: problem logging in:"
        " PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
        "PULUMI_ACCESS_TOKEN",
    ),
    Kind(
        TERRAFORM,
        "workflow_config",
        "pulumi preview --stack acme/dev",
        "error: no stack named 'acme/dev' found",
        "no stack named",
    ),
    Kind(
        TERRAFORM,
        "script_error",
        "pulumi up --yes",
        "Updating (prod)\nerror: [409] Conflict: Another update is currently in progress.",
        "Another update",
    ),
    # -------------------------------------------------------------------------------------------------------- Ansible
    Kind(
        ANSIBLE,
        "dependency_install",
        "ansible-playbook -i hosts site.yml",
        "ERROR! couldn't resolve module/action 'community.general.ufw'. This often indicates a misspelling, missing"
        " collection, or incorrect module path.",
        "couldn't resolve module/action",
    ),
    Kind(
        ANSIBLE,
        "dependency_install",
        "ansible-galaxy install -r requirements.yml",
        "Starting galaxy role install process\n[WARNING]: - acme.web was NOT installed successfully.\nERROR! - you can"
        " use --ignore-errors to skip failed roles and finish processing the list.",
        "NOT installed successfully",
    ),
    Kind(
        ANSIBLE,
        "network",
        "ansible-playbook deploy.yml",
        'TASK [Gathering Facts] *****\nfatal: [web-1]: UNREACHABLE! => {"changed": false, "msg": "Failed to connect'
        ' to the host via ssh: ssh: connect to host 10.1.2.3 port 22: Connection timed out", "unreachable": true}',
        "UNREACHABLE!",
    ),
    Kind(
        ANSIBLE,
        "permissions_auth",
        "ansible-playbook deploy.yml",
        'TASK [Gathering Facts] *****\nfatal: [web-1]: UNREACHABLE! => {"changed": false, "msg": "Failed to connect'
        ' to the host via ssh: deploy@web-1: Permission denied (publickey).", "unreachable": true}',
        "UNREACHABLE!",
    ),
    Kind(
        ANSIBLE,
        "permissions_auth",
        "ansible-playbook deploy.yml",
        "ERROR! Attempting to decrypt but no vault secrets found",
        "no vault secrets",
    ),
    Kind(
        ANSIBLE,
        "script_error",
        "ansible-playbook site.yml",
        'TASK [web : copy the site] *****\nfatal: [web-1]: FAILED! => {"changed": false, "msg": "Destination'
        ' directory /srv/www is not there"}\n\nPLAY RECAP *****\nweb-1 : ok=4 changed=1 unreachable=0 failed=1',
        "FAILED! =>",
    ),
    Kind(
        ANSIBLE,
        "test",
        "molecule test",
        "CRITICAL Idempotence test failed because of the following tasks:\n*  => web : Write the configuration",
        "Idempotence test failed",
    ),
    Kind(
        ANSIBLE,
        "compile",
        "ansible-playbook --syntax-check site.yml",
        "ERROR! Syntax Error while loading YAML.\n  did not find expected key\n\nThe error appears to be in"
        " 'site.yml': line 9, column 3, but may\nbe elsewhere in the file.",
        "Syntax Error while loading YAML",
    ),
    Kind(
        ANSIBLE,
        "lint_format",
        "ansible-lint",
        "name[missing]: All tasks should be named.\nroles/web/tasks/main.yml:4 Task/Handler: command\n\nFailed: 1"
        " failure(s), 0 warning(s) in 12 files processed of 14 encountered.",
        "name[missing]",
    ),
    # ------------------------------------------------------------------------------------------ Helm, kubectl, kind
    Kind(
        KUBERNETES,
        "service_startup",
        "helm upgrade --install web ./chart --wait",
        'Release "web" does not exist. Installing it now.\nError: INSTALLATION FAILED: context deadline exceeded',
        "INSTALLATION FAILED",
    ),
    Kind(
        KUBERNETES,
        "service_startup",
        "kubectl rollout status deployment/web --timeout=120s",
        'Waiting for deployment "web" rollout to finish: 0 of 2 updated replicas are available...\nerror: timed out'
        " waiting for the condition",
        "timed out waiting for the condition",
    ),
    Kind(
        KUBERNETES,
        "service_startup",
        "kubectl rollout status deployment/api",
        'error: deployment "api" exceeded its progress deadline',
        "exceeded its progress deadline",
    ),
    Kind(
        KUBERNETES,
        "service_startup",
        "helm/kind-action@v1",
        'Creating cluster "chart-testing" ...\n ✓ Preparing nodes\n ✗ Starting control-plane\nERROR: failed to create'
        ' cluster: failed to init node with kubeadm: command "docker exec" failed with error: exit status 1\n'
        "##[error]Process completed with exit code 1.",
        "failed to create cluster",
    ),
    Kind(
        KUBERNETES,
        "service_startup",
        "kubectl get nodes",
        "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
        "was refused",
    ),
    Kind(
        KUBERNETES,
        "service_startup",
        "helm list -A",
        'Error: Kubernetes cluster unreachable: Get "http://localhost:8080/version": dial tcp [::1]:8080: connect:'
        " connection refused",
        "cluster unreachable",
    ),
    Kind(
        KUBERNETES,
        "permissions_auth",
        "kubectl apply -f deploy.yaml",
        'Error from server (Forbidden): error when creating "deploy.yaml": deployments.apps is forbidden: User'
        ' "system:serviceaccount:ci:deployer" cannot create resource "deployments"',
        "Error from server (Forbidden)",
    ),
    Kind(
        KUBERNETES,
        "permissions_auth",
        "kubectl apply -f deploy.yaml",
        "error: You must be logged in to the server (Unauthorized)",
        "must be logged in",
    ),
    Kind(
        KUBERNETES,
        "compile",
        "helm template ./chart",
        'Error: template: web/templates/ingress.yaml:9:21: executing "web/templates/ingress.yaml" at'
        " <.Values.hosts.main>: nil pointer evaluating interface {}.main",
        "nil pointer evaluating",
    ),
    Kind(
        KUBERNETES,
        "lint_format",
        "helm lint chart",
        "==> Linting chart\n[ERROR] Chart.yaml: version is required\n\nError: 1 chart(s) linted, 1 chart(s) failed",
        "Chart.yaml: version is required",
    ),
    Kind(
        KUBERNETES,
        "dependency_install",
        "helm package chart",
        "Error: found in Chart.yaml, but missing in charts/ directory: postgresql, redis",
        "missing in charts/ directory",
    ),
    Kind(
        KUBERNETES,
        "policy_gate",
        "ct lint --target-branch main",
        'Checking chart "web" for a version bump...\nOld chart version: 1.2.0\nNew chart version: 1.2.0\n'
        'Error: failed linting charts: failed processing charts\n ✖︎ web => (version: "1.2.0") > chart version not ok.'
        " Needs a version bump!",
        "Needs a version bump",
    ),
    Kind(
        KUBERNETES,
        "script_error",
        "kubectl apply -f crs/",
        'error: resource mapping not found for name: "web" namespace: "" from "crs/web.yaml": no matches for kind'
        ' "Gateway" in version "acme.dev/v1"',
        "resource mapping not found",
    ),
    # ----------------------------------------------------------------------------------- code signing and licences
    Kind(
        SIGNING,
        "permissions_auth",
        "xcodebuild -scheme App archive",
        "/Users/runner/work/app/App.xcodeproj: error: No profiles for 'com.acme.app' were found: Xcode couldn't find"
        " any"
        " iOS App Development provisioning profiles matching 'com.acme.app'. (in target 'App' from project 'App')\n"
        "** ARCHIVE FAILED **",
        "No profiles for",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "xcodebuild -scheme App build",
        'error: Signing for "App" requires a development team. Select a development team in the Signing &'
        " Capabilities editor. (in target 'App' from project 'App')\n** BUILD FAILED **\n\nThe following build commands"
        " failed:\n\tBuilding project App",
        "requires a development team",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "fastlane beta",
        "[10:00:00]: ▸ App.app: errSecInternalComponent\n[10:00:01]: ▸ Command CodeSign failed with a nonzero exit code"
        "\n** ARCHIVE FAILED **",
        "errSecInternalComponent",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        'security import cert.p12 -P "$P"',
        "security: SecKeychainItemImport: MAC verification failed during PKCS12 import (wrong password?)",
        "MAC verification failed",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "./gradlew assembleRelease",
        "> Task :app:validateSigningRelease FAILED\n\nFAILURE: Build failed with an exception.\n\n* What went wrong:\n"
        "Execution failed for task ':app:validateSigningRelease'.\n> Keystore file '/home/runner/release.jks' not found"
        " for signing config 'release'.\n\nBUILD FAILED in 40s",
        "Keystore file",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "./gradlew bundleRelease",
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nExecution failed for task"
        " ':app:packageReleaseBundle'.\n> Failed to read key upload from store \"/tmp/up.jks\": keystore password was"
        " incorrect",
        "Failed to read key",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "./gradlew publish",
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nExecution failed for task"
        " ':core:signMavenPublication'.\n> Cannot perform signing task ':core:signMavenPublication' because it has no"
        " configured signatory",
        "no configured signatory",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "game-ci/unity-builder@v4",
        "##[error]Missing Unity License File and no Serial was found. If this is a personal license, make sure to"
        " follow"
        " the activation steps",
        "Missing Unity License",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "unity-editor -batchmode -buildTarget WebGL",
        "[Licensing::Module] Error: Access token is unavailable\nNo valid Unity Editor license found. Please activate"
        " your license.",
        "No valid Unity Editor license",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "signtool sign /sha1 %T% app.exe",
        "SignTool Error: No certificates were found that met all the given criteria.",
        "SignTool Error",
    ),
    Kind(
        SIGNING,
        "dependency_install",
        "xcodebuild -version",
        "You have not agreed to the Xcode license agreements. Please run 'sudo xcodebuild -license' from within a"
        " Terminal window to review and agree to the Xcode and Apple SDKs license.",
        "Xcode license agreements",
    ),
    # --------------------------------------------------------------------------------------------------------- solvers
    Kind(
        SOLVER,
        "dependency_install",
        "cabal build all",
        "Resolving dependencies...\nError: [Cabal-7107]\nCould not resolve dependencies:\n[__0] trying: acme-0.1"
        " (user goal)\n[__1] rejecting: base-4.18.0.0 (conflict: acme => base>=4.19)",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "cabal v2-build",
        "cabal: Could not resolve dependencies:\n[__0] trying: acme-0.1 (user goal)\n[__1] unknown package: warpish",
        "Could not resolve dependencies",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "stack build --test",
        "Error: [S-4804]\n       Stack failed to construct a build plan.\n\n       While constructing the build plan,"
        " Stack"
        " encountered the following errors.",
        "construct a build plan",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "opam install . --deps-only",
        "[ERROR] Package conflict!\n  * Missing dependency:\n    - ocaml >= 5.3\n      unmet availability"
        " conditions\n\n"
        "No solution found, exiting",
        "Package conflict",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "opam install . --deps-only",
        '[ERROR] The compilation of zarith.1.14 failed at "./configure".\n\n#=== ERROR while compiling zarith.1.14'
        " ====#\n# lib/gmp.c:3:10: fatal error: gmp.h: No such file or directory",
        "The compilation of",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "mamba-org/setup-micromamba@v2",
        "error    libmamba Could not solve for environment specs\n    The following package could not be installed\n"
        "    └─ python 3.16**  does not exist (perhaps a typo or a missing channel).\ncritical libmamba Could not solve"
        " for environment specs\n##[error]The process '/usr/bin/bash' failed with exit code 1",
        "Could not solve for environment specs",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "mix test",
        "Unchecked dependencies for environment test:\n* jason (Hex package)\n  the dependency is not available, run"
        ' "mix deps.get"\n** (Mix) Can\'t continue due to errors on dependencies',
        "errors on dependencies",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "dart pub get",
        "Resolving dependencies...\nBecause acme requires SDK version ^3.9.0, version solving failed.",
        "version solving failed",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "swift build",
        "error: 'acme-kit': package 'acme-kit' is using Swift tools version 6.3.0 but the installed version is 6.0.2",
        "Swift tools version",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "swift test",
        "error: Failed to resolve dependencies Dependencies could not be resolved because no versions of 'swift-acme'"
        " match the requirement 9.0.0..<10.0.0",
        "could not be resolved",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "nix develop -c true",
        "error:\n       … while evaluating the attribute 'buildInputs'\n\n       error: Package ‘acme-fonts-1.0’ in"
        " /nix/store/abc/default.nix:9 has an unfree license (‘unfree’), refusing to evaluate.",
        "unfree license",
    ),
    # ------------------------------------------------------------------------------------------------------- wrappers
    Kind(
        WRAPPER,
        "compile",
        "nix build",
        "error: builder for '/nix/store/h4-acme-1.0.drv' failed with exit code 2;\n       last 3 log lines:\n       >"
        " src/main.c:14:5: error: unknown type name 'siz_t'\n       > make: *** [Makefile:3: main.o] Error 1\n      "
        " For"
        " full logs, run:\n         nix log /nix/store/h4-acme-1.0.drv",
        "unknown type name",
    ),
    Kind(
        WRAPPER,
        "test",
        "nix flake check",
        "error: builder for '/nix/store/h5-acme-1.0.drv' failed with exit code 1;\n       last 4 log lines:\n       >"
        " =========== short test summary info ============\n       > FAILED tests/test_area.py::test_square - assert"
        " 4 == 5\n       > ========== 1 failed, 9 passed in 0.31s ==========",
        "FAILED tests/test_area.py",
    ),
    Kind(
        WRAPPER,
        "test",
        "nix build -L",
        "acme> running tests\nacme> test area::square ... FAILED\nacme> test result: FAILED. 3 passed; 1 failed; 0"
        " ignored\nerror: Cannot build '/nix/store/h6-acme-1.0.drv'.\n       Reason: builder failed with exit code"
        " 101.",
        "FAILED",
    ),
    Kind(
        WRAPPER,
        "dependency_install",
        "./gradlew build",
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nCould not resolve all files for configuration"
        " ':compileClasspath'.\n> Could not find com.acme:core:9.9.\n  Required by:\n      project :\n\nBUILD FAILED"
        " in 3s",
        "Could not find com.acme:core",
    ),
    Kind(
        WRAPPER,
        "lint_format",
        "./gradlew check",
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nExecution failed for task"
        " ':core:spotlessKotlinCheck'.\n> The following files had format violations:\n      src/main/kotlin/App.kt",
        "format violations",
    ),
    Kind(
        WRAPPER,
        "script_error",
        "./gradlew publishAll",
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nTask 'publishAll' not found in root project"
        " 'acme' and its subprojects.",
        "Task 'publishAll' not found",
    ),
    Kind(
        WRAPPER,
        "compile",
        "./gradlew help",
        "FAILURE: Build failed with an exception.\n\n* Where:\nBuild file '/home/runner/work/acme/build.gradle' line: 9"
        "\n\n* What went wrong:\nA problem occurred evaluating root project 'acme'.\n> Could not find method"
        " implementaton()"
        " for arguments [x] on object of type DefaultDependencyHandler.",
        "",
    ),
    Kind(
        WRAPPER,
        "lint_format",
        "git ls-files '*.cpp' | xargs clang-format --dry-run -Werror",
        "src/area.cpp:3:9: error: code should be clang-formatted [-Wclang-format-violations]\n"
        "##[error]Process completed with exit code 123.",
        "clang-formatted",
    ),
    Kind(
        WRAPPER,
        "compile",
        "find examples -name '*.go' | xargs -n1 go build",
        "# command-line-arguments\nexamples/a/main.go:7:2: undefined: Area\n"
        "##[error]Process completed with exit code 123.",
        "undefined: Area",
    ),
    Kind(
        WRAPPER,
        "script_error",
        "ls *.tf | xargs -n1 tflintt",
        "xargs: tflintt: No such file or directory\n##[error]Process completed with exit code 127.",
        "tflintt",
    ),
    # ------------------------------------------------------------------------------------------------------- scanners
    Kind(
        SCANNER,
        "workflow_config",
        "github/codeql-action/analyze@v4",
        '##[error]Encountered a fatal error while running "codeql database finalize". Exit code was 32 and last log'
        " line was: CodeQL detected code written in Java but could not process any of it.",
        "could not process any of it",
    ),
    Kind(
        SCANNER,
        "workflow_config",
        "github/codeql-action/autobuild@v4",
        "##[error]We were unable to automatically build your code. Please replace the call to the autobuild action with"
        " your custom build steps.",
        "unable to automatically build",
    ),
    Kind(
        SCANNER,
        "workflow_config",
        "actions/dependency-review-action@v4",
        "##[error]Dependency review is not supported on this repository. Please ensure that Dependency graph is"
        " enabled,"
        " see https://github.com/acme/web/settings/security_analysis",
        "not supported on this repository",
    ),
    Kind(
        SCANNER,
        "security",
        "actions/dependency-review-action@v4",
        "package.json » lodashish@1.0.0 – Prototype pollution (high severity)\n##[error]Dependency review detected"
        " vulnerable packages.",
        "detected vulnerable packages",
    ),
    Kind(
        SCANNER,
        "rate_limit",
        "aquasecurity/trivy-action@master",
        "INFO [vulndb] Downloading vulnerability DB...\nFATAL Fatal error init error: DB error: failed to download"
        " vulnerability DB: OCI artifact error: GET https://ghcr.io/v2/aquasecurity/trivy-db/manifests/2:"
        " TOOMANYREQUESTS: retry-after: 322µs, allowed: 44000/minute\n##[error]Process completed with exit code 1.",
        "TOOMANYREQUESTS",
    ),
    Kind(
        SCANNER,
        "network",
        "aquasecurity/trivy-action@master",
        "FATAL Fatal error init error: DB error: failed to download vulnerability DB: OCI repository error: 1 error"
        ' occurred: Get "https://ghcr.io/v2/": context deadline exceeded\n'
        "##[error]Process completed with exit code 1.",
        "failed to download vulnerability DB",
    ),
    Kind(
        SCANNER,
        "registry_docker",
        "aquasecurity/trivy-action@master",
        "FATAL Fatal error run error: image scan error: scan error: unable to initialize a scanner: unable to find the"
        ' specified image "acme/web:dev" in ["docker" "containerd"]\n##[error]Process completed with exit code 1.',
        "unable to find the specified image",
    ),
    Kind(
        SCANNER,
        "security",
        "trivy image --exit-code 1 acme/web:dev",
        "acme/web:dev (debian 12.1)\nTotal: 3 (HIGH: 2, CRITICAL: 1)",
        "Total: 3",
    ),
    Kind(
        SCANNER,
        "security",
        "semgrep scan --error --config auto",
        "  src/area.py\n    ❯❯❱ python.lang.security.audit.eval-detected\n\n✅ Scan completed successfully.\n •"
        " Findings: 2"
        " (2 blocking)\n • Rules run: 200\nRan 200 rules on 41 files: 2 findings.",
        "2 findings",
    ),
    Kind(
        SCANNER,
        "permissions_auth",
        "semgrep ci",
        "run `semgrep login` before using `semgrep ci` or use `semgrep scan` and set `--config`",
        "semgrep login",
    ),
    Kind(
        SCANNER,
        "permissions_auth",
        "gitleaks/gitleaks-action@v2",
        "##[error]🛑 missing gitleaks license. Go grab one at gitleaks.io and store it as a GitHub Secret named"
        " GITLEAKS_LICENSE.",
        "missing gitleaks license",
    ),
    Kind(
        SCANNER,
        "permissions_auth",
        "snyk test",
        "`snyk` requires an authenticated account. Please run `snyk auth` and try again.",
        "authenticated account",
    ),
    Kind(
        SCANNER,
        "workflow_config",
        "google/osv-scanner-action@v2",
        "Scanning dir ./\nNo package sources found, --help for usage information.\n"
        "##[error]Process completed with exit code 128.",
        "No package sources found",
    ),
    # ------------------------------------------------------------------ identity tokens and what only looks missing
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
    # ----------------------------------------------------------------------------- unreadable artifacts and archives
    Kind(
        ARCHIVE,
        "artifact_cache",
        "actions/download-artifact@v5",
        "Downloading single artifact\n##[error]Unable to download artifact(s): Unable to download and extract artifact:"
        " Artifact download failed after 5 retries.",
        "Artifact download failed",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "actions/download-artifact@v5",
        "##[error]Unable to download artifact(s): Unable to download and extract artifact: unexpected end of file",
        "unexpected end of file",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "unzip -q dist.zip",
        "  End-of-central-directory signature not found.  Either this file is not\n  a zipfile, or it constitutes one"
        " disk"
        " of a multi-part archive.\nunzip:  cannot find zipfile directory in one of dist.zip",
        "zipfile",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "python merge_reports.py",
        'Traceback (most recent call last):\n  File "merge_reports.py", line 8, in <module>\nzipfile.BadZipFile: File'
        " is not a zip file",
        "BadZipFile",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "tar -xzf build-output.tgz",
        "gzip: stdin: unexpected end of file\ntar: Unexpected EOF in archive\ntar: Error is not recoverable: exiting"
        " now",
        "nexpected",
    ),
    Kind(
        ARCHIVE,
        "dependency_install",
        "curl -sL https://example.com/tool.tgz | tar xz",
        "\ngzip: stdin: not in gzip format\ntar: Child returned status 1\ntar: Error is not recoverable: exiting now",
        "not in gzip format",
    ),
    # ----------------------------------------------------------------------------------------------------------- gates
    Kind(
        GATE,
        "policy_gate",
        "./.github/scripts/all-green.sh",
        "build: success\ntest: failure\nlint: success",
        "test: failure",
    ),
    Kind(
        GATE,
        "policy_gate",
        'echo "$NEEDS"',
        "needs.integration.result = failure\n##[error]Process completed with exit code 1.",
        "integration",
    ),
    Kind(
        GATE,
        "policy_gate",
        "acme/gate@v1",
        "##[error]Job 'unit' finished with result 'failure'",
        "unit",
    ),
    Kind(
        GATE,
        "policy_gate",
        "lewagon/wait-on-check-action@v1",
        "unit: completed (failure)\nThe conclusion of one or more checks were not allowed. Allowed conclusions are:"
        " success, skipped. This can be configured with the 'allowed-conclusions' param.\n"
        "##[error]Process completed with exit code 1.",
        "conclusion of one or more checks",
    ),
    Kind(
        GATE,
        "policy_gate",
        "exit 1",
        "Not all jobs of this pipeline succeeded.",
        "Not all jobs",
    ),
    # ---------------------------------------------------------------------------------------------- releases and tags
    Kind(
        RELEASE,
        "policy_gate",
        "gh release create v1.4.0 dist/*",
        "a release with the same tag name already exists: v1.4.0",
        "same tag name already exists",
    ),
    Kind(
        RELEASE,
        "policy_gate",
        "softprops/action-gh-release@v2",
        '⚠️ GitHub release failed with status: 422\n[{"resource":"Release","code":"already_exists","field":'
        '"tag_name"}]\n##[error]Too many retries.',
        "already_exists",
    ),
    Kind(
        RELEASE,
        "policy_gate",
        "cargo publish",
        "error: crate acme@1.4.0 already exists on crates.io index",
        "already exists on crates.io",
    ),
    Kind(
        RELEASE,
        "policy_gate",
        "pypa/gh-action-pypi-publish@release/v1",
        "Uploading acme-1.4.0-py3-none-any.whl\nERROR    HTTPError: 400 Bad Request from"
        " https://upload.pypi.org/legacy/"
        "\n         File already exists ('acme-1.4.0-py3-none-any.whl'). See https://pypi.org/help/#file-name-reuse\n"
        "##[error]Process completed with exit code 1.",
        "File already exists",
    ),
    Kind(
        RELEASE,
        "policy_gate",
        "git push origin v1.4.0",
        "To https://github.com/acme/web\n ! [rejected]        v1.4.0 -> v1.4.0 (already exists)\nerror: failed to push"
        " some refs to 'https://github.com/acme/web'\nhint: Updates were rejected because the tag already exists in the"
        " remote.",
        "already exists",
    ),
    Kind(
        RELEASE,
        "policy_gate",
        "dotnet nuget push *.nupkg",
        "error: Response status code does not indicate success: 409 (Conflict - The feed already contains 'Acme.Core"
        " 1.4.0').",
        "already contains",
    ),
    Kind(
        RELEASE,
        "policy_gate",
        "actions/github-script@v8",
        "HttpError: Reference already exists - https://docs.github.com/rest/git/refs#create-a-reference\n"
        "##[error]Unhandled error: HttpError: Reference already exists",
        "Reference already exists",
    ),
    # ----------------------------------------------------------------------------- documentation links and references
    Kind(
        LINKS,
        "compile",
        "mkdocs build --strict",
        "INFO    -  Building documentation\nWARNING -  Doc file 'guide.md' contains a link 'instal.md', but the"
        " target is"
        " not found among documentation files.\n\nAborted with 1 warnings in strict mode!",
        "instal.md",
    ),
    Kind(
        LINKS,
        "compile",
        "sphinx-build -W --keep-going docs out",
        "/home/runner/work/acme/docs/use.rst:14: WARNING: undefined label: 'quickstart' [ref.ref]\nbuild finished with"
        " problems, 1 warning (with warnings treated as errors).",
        "undefined label",
    ),
    Kind(
        LINKS,
        "compile",
        "hugo --minify",
        'ERROR [en] REF_NOT_FOUND: Ref "setup.md": "/content/docs/_index.md:9:3": page not found\nError: error'
        " building site: logged 1 error(s)",
        "REF_NOT_FOUND",
    ),
    Kind(
        LINKS,
        "compile",
        "npx antora --log-failure-level=warn site.yml",
        "[10:00:00.000] ERROR (asciidoctor): target of xref not found: setup.adoc\n    file: docs/modules/ROOT/pages/"
        "index.adoc",
        "target of xref not found",
    ),
    Kind(
        LINKS,
        "lint_format",
        "bundle exec htmlproofer ./_site",
        "Running 3 checks (Images, Links, Scripts) on 40 files...\n* At ./_site/index.html:12:\n\n  internally"
        " linking to"
        " /setup, which does not exist\n\nHTML-Proofer found 1 failure!",
        "",
    ),
    Kind(
        LINKS,
        "lint_format",
        "npx remark . --frail",
        "README.md\n12:3-12:20 warning Cannot find heading for `#setup` in `README.md` missing-heading"
        " remark-validate-links\n\n⚠ 1 warning",
        "Cannot find heading",
    ),
    # ---------------------------------------------------------------------------------------------- translation keys
    Kind(
        TRANSLATION,
        "lint_format",
        "bundle exec i18n-tasks health",
        "Missing keys (2) | i18n-tasks v1.0.15\n| Locale | Key          | Value in other locales |\n|  de    |"
        " cart.empty"
        "   | en Your cart is empty  |",
        "Missing keys (2)",
    ),
    Kind(
        TRANSLATION,
        "lint_format",
        "node scripts/check-locales.mjs",
        "de.json: 3 missing translation keys\n  cart.empty\n  cart.total\n  cart.pay",
        "missing translation keys",
    ),
    Kind(
        TRANSLATION,
        "lint_format",
        "./gradlew lintDebug",
        '/home/runner/work/acme/app/src/main/res/values/strings.xml:9: Error: "cart_empty" is not translated in "de"'
        " (German) [MissingTranslation]\n\nFAILURE: Build failed with an exception.\n\n* What went wrong:\nExecution"
        " failed"
        " for task ':app:lintDebug'.",
        "",
    ),
    Kind(
        TRANSLATION,
        "lint_format",
        "npm run i18n:check",
        "Translation files are out of sync: fr.json lacks 'cart.total'",
        "out of sync",
    ),
    # ----------------------------------------------------------------------------------------- merges in the checkout
    Kind(
        MERGE,
        "git_checkout",
        "git merge --no-ff origin/main",
        "Auto-merging src/area.py\nCONFLICT (content): Merge conflict in src/area.py\nAutomatic merge failed; fix"
        " conflicts and then commit the result.",
        "",
    ),
    Kind(
        MERGE,
        "git_checkout",
        "git pull --ff-only",
        "hint: Diverging branches can't be fast-forwarded, you need to either:\nfatal: Not possible to fast-forward,"
        " aborting.",
        "Not possible to fast-forward",
    ),
    Kind(
        MERGE,
        "git_checkout",
        "git rebase origin/main",
        "error: could not apply 1a2b3c4... area: round up\nhint: Resolve all conflicts manually, mark them as resolved"
        " with",
        "could not apply",
    ),
    Kind(
        MERGE,
        "git_checkout",
        "git merge upstream/main",
        "error: Merging is not possible because you have unmerged files.\nfatal: Exiting because of an unresolved"
        " conflict.",
        "",
    ),
    # ------------------------------------------------------------------------- a local port against the network
    Kind(
        LOCAL,
        "service_startup",
        "node migrate.js",
        "Error: connect ECONNREFUSED 127.0.0.1:3999\n    at TCPConnectWrap.afterConnect [as oncomplete]"
        " (node:net:1611:16)",
        "ECONNREFUSED",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "curl -fsS http://localhost:8080/health",
        "curl: (7) Failed to connect to localhost port 8080 after 0 ms: Couldn't connect to server",
        "localhost port 8080",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "./smoke.sh",
        'Post "http://127.0.0.1:7000/rpc": dial tcp 127.0.0.1:7000: connect: connection refused',
        "connection refused",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "python manage.py migrate",
        'django.db.utils.OperationalError: connection to server at "localhost" (::1), port 5432 failed: Connection'
        " refused",
        "Connection refused",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "python seed.py",
        "redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused.",
        "localhost:6379",
    ),
    Kind(
        LOCAL,
        "network",
        "node publish.js",
        "Error: connect ECONNREFUSED 203.0.113.9:443\n    at TCPConnectWrap.afterConnect [as oncomplete]"
        " (node:net:1611:16)",
        "ECONNREFUSED",
    ),
    Kind(
        LOCAL,
        "network",
        "curl -fsS https://example.com/install.sh",
        "curl: (7) Failed to connect to example.com port 443 after 130 ms: Couldn't connect to server",
        "example.com port 443",
    ),
    # -------------------------------------------------------------------------- more of each, by the category alone
    Kind(
        TERRAFORM,
        "permissions_auth",
        "pulumi up",
        "error: could not decrypt configuration value: cipher: message authentication failed",
        "",
    ),
    Kind(
        TERRAFORM,
        "permissions_auth",
        "pulumi preview",
        "error: getting secrets manager: passphrase must be set with PULUMI_CONFIG_PASSPHRASE or"
        " PULUMI_CONFIG_PASSPHRASE_FILE environment variables",
        "",
    ),
    Kind(TERRAFORM, "permissions_auth", "pulumi preview", "error: incorrect passphrase", ""),
    Kind(
        TERRAFORM,
        "script_error",
        "pulumi up",
        "error: Running program '/w/index.ts' failed with an unhandled exception:\nTypeError: Cannot read properties"
        " of undefined (reading 'id')\n    at Object.<anonymous> (/w/index.ts:12:9)",
        "",
    ),
    Kind(
        TERRAFORM,
        "permissions_auth",
        "terraform init",
        "╷\n│ Error: error configuring S3 Backend: error validating provider credentials: retrieving caller identity:"
        " operation error STS: GetCallerIdentity, https response error StatusCode: 403, RequestID: a, api error"
        " InvalidClientTokenId: The security token included in the request is invalid.\n╵",
        "",
    ),
    Kind(
        TERRAFORM,
        "permissions_auth",
        "terraform init",
        "╷\n│ Error: Required token could not be found\n│ \n│ Run the following command to generate a token for"
        " app.terraform.io:\n│     terraform login\n╵",
        "",
    ),
    Kind(TERRAFORM, "lint_format", "terraform fmt -check -recursive", "modules/vpc/main.tf", ""),
    Kind(
        TERRAFORM,
        "lint_format",
        "tflint --recursive",
        '2 issue(s) found:\n\nWarning: variable "a" is declared but not used (terraform_unused_declarations)',
        "",
    ),
    Kind(
        TERRAFORM,
        "dependency_install",
        "terraform init",
        "╷\n│ Error: Failed to install provider\n│ \n│ Error while installing hashicorp/random v3.6.0: checksum list"
        " has no matching entry\n╵",
        "",
    ),
    Kind(
        TERRAFORM,
        "compile",
        "terraform plan",
        '╷\n│ Error: Invalid for_each argument\n│ \n│   on main.tf line 3, in resource "a" "b":\n╵',
        "",
    ),
    Kind(
        TERRAFORM,
        "compile",
        "terraform validate",
        '╷\n│ Error: Missing required argument\n│ \n│   on main.tf line 2, in module "a":\n│ The argument "name" is'
        " required, but no definition was found.\n╵",
        "",
    ),
    Kind(
        TERRAFORM,
        "script_error",
        "terraform apply",
        "╷\n│ Error: creating S3 Bucket (acme-logs): BucketAlreadyOwnedByYou\n│ \n╵",
        "",
    ),
    Kind(
        ANSIBLE,
        "dependency_install",
        "ansible-playbook x.yml",
        "[ERROR]: couldn't resolve module/action 'ansible.posix.firewalld'. This often indicates a misspelling,"
        " missing collection, or incorrect module path.",
        "",
    ),
    Kind(
        ANSIBLE,
        "script_error",
        "ansible-playbook x.yml",
        "TASK [db : create] ***\n[ERROR]: Task failed: Module failed: could not find psycopg2\nfatal: [localhost]:"
        ' FAILED! => {"changed": false, "msg": "could not find psycopg2"}',
        "",
    ),
    Kind(ANSIBLE, "test", "molecule test", "ERROR    Verifier failed\n   test_web.py::test_port FAILED", ""),
    Kind(
        KUBERNETES,
        "service_startup",
        "kubectl wait --for=condition=ready pod -l app=web --timeout=60s",
        "error: timed out waiting for the condition on pods/web-5b9",
        "",
    ),
    Kind(
        KUBERNETES,
        "service_startup",
        "kubectl wait --for=condition=ready pod -l app=web",
        "error: no matching resources found",
        "",
    ),
    Kind(
        KUBERNETES,
        "service_startup",
        "minikube start",
        "X Exiting due to GUEST_PROVISION: error provisioning guest: Failed to start host: creating host",
        "",
    ),
    Kind(
        KUBERNETES,
        "service_startup",
        "k3d cluster create ci",
        "FATA[0005] Cluster creation FAILED, all changes have been rolled back!",
        "",
    ),
    Kind(
        KUBERNETES,
        "service_startup",
        "medyagh/setup-minikube@latest",
        "X Exiting due to PROVIDER_DOCKER_NOT_RUNNING: deadline exceeded running docker version\n##[error]Error: The"
        " process '/usr/local/bin/minikube' failed with exit code 69",
        "",
    ),
    Kind(
        KUBERNETES,
        "registry_docker",
        "kind load docker-image acme/web:dev",
        'ERROR: image: "acme/web:dev" not present locally',
        "",
    ),
    Kind(
        KUBERNETES,
        "registry_docker",
        "kubectl rollout status deploy/web",
        'web-0   0/1   ErrImagePull\nerror: deployment "web" exceeded its progress deadline',
        "",
    ),
    Kind(
        KUBERNETES,
        "script_error",
        "helm upgrade web ./chart",
        "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
        "",
    ),
    Kind(
        KUBERNETES,
        "compile",
        "helm lint ./c && helm template ./c",
        "Error: YAML parse error on web/templates/cm.yaml: error converting YAML to JSON: yaml: line 9: did not find"
        " expected key",
        "",
    ),
    Kind(
        KUBERNETES,
        "dependency_install",
        "helm dependency build",
        "Error: no repository definition for https://charts.example.com. Please add the missing repos via 'helm repo"
        " add'",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "fastlane ios cert",
        "[!] Error cloning certificates repo, please make sure you have read access to the repository you want to use",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "fastlane beta",
        "[!] No code signing identity found and can not create a new one because you enabled `readonly`",
        "",
    ),
    Kind(
        SIGNING, "permissions_auth", "fastlane beta", "[!] Could not find the newly generated certificate installed", ""
    ),
    Kind(SIGNING, "permissions_auth", "fastlane match", "[!] Invalid password passed via 'MATCH_PASSWORD'", ""),
    Kind(
        SIGNING,
        "permissions_auth",
        "fastlane deliver",
        "[!] Authentication credentials are missing or invalid. - Provide a properly configured and signed bearer"
        " token",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "xcodebuild -exportArchive",
        'error: exportArchive: No signing certificate "iOS Distribution" found\n** EXPORT FAILED **',
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "xcodebuild archive",
        'error: Provisioning profile "CI Dev" doesn\'t include signing certificate "Apple Development: A (X)".\n**'
        " ARCHIVE FAILED **",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "xcodebuild archive",
        'error: "App" requires a provisioning profile. Select a provisioning profile in the Signing & Capabilities'
        " editor.",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "./gradlew bundleRelease",
        "Execution failed for task ':app:signReleaseBundle'.\n> A failure occurred while executing"
        " com.android.build.gradle.internal.tasks.FinalizeBundleTask$BundleToolRunnable\n   > java.io.IOException:"
        " keystore password was incorrect",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "flutter build appbundle --release",
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nA problem occurred evaluating project"
        " ':app'.\n> path may not be null or empty string. path=''\nKeystore file not set for signing config release",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "electron-builder --mac",
        '  • skipped macOS application code signing  reason=cannot find valid "Developer ID Application" identity\n '
        " ⨯ Env vars APPLE_ID, APPLE_APP_SPECIFIC_PASSWORD missing: cannot notarize",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "game-ci/unity-test-runner@v4",
        "License activation failed: com.unity.editor.headless entitlement was not found\n##[error]There was an error"
        " while trying to activate the Unity license.",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "conda env create -f env.yml",
        "LibMambaUnsatisfiableError: Encountered problems while solving:\n  - nothing provides requested numpy 9.9**",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "mix deps.get",
        '** (Mix) Hex dependency resolution failed\nBecause "your app" depends on "phoenix ~> 9.0" which doesn\'t'
        " match any versions, version solving failed.",
        "",
    ),
    Kind(SOLVER, "dependency_install", "opam install foo", "[ERROR] No package named foo found.", ""),
    Kind(
        SOLVER,
        "dependency_install",
        "cabal build",
        "Error: [Cabal-7107]\nCould not resolve dependencies:\n[__1] unknown package: acme-core (dependency of acme)",
        "",
    ),
    Kind(
        SOLVER,
        "compile",
        "cabal build",
        "Building library for acme-0.1...\nsrc/Acme.hs:9:5: error: [GHC-88464]\n    Variable not in scope:"
        " fooo\nError: [Cabal-7125]\nFailed to build acme-0.1.",
        "",
    ),
    Kind(
        SOLVER,
        "compile",
        "stack build",
        "acme> src/Lib.hs:4:8: error: [GHC-88464] Variable not in scope: x\n\nError: [S-7282]\n       Stack failed to"
        " execute the build plan.",
        "",
    ),
    Kind(SOLVER, "dependency_install", "stack build", "Error: [S-4804]\nStack failed to construct a build plan.", ""),
    Kind(
        WRAPPER,
        "dependency_install",
        "nix build",
        "error: flake 'path:/w' does not provide attribute 'packages.x86_64-linux.web'",
        "",
    ),
    Kind(
        WRAPPER,
        "dependency_install",
        "nix build",
        "error: hash mismatch in fixed-output derivation '/nix/store/a-deps.drv':\n         specified: sha256-AAA=\n "
        "           got:    sha256-BBB=",
        "",
    ),
    Kind(
        WRAPPER,
        "compile",
        "nix build",
        "error: builder for '/nix/store/aa-web.drv' failed with exit code 1;\n       last 2 log lines:\n       >"
        " error TS2304: Cannot find name 'Foo'.\n       > src/a.ts(1,1): error TS2304: Cannot find name 'Foo'.",
        "",
    ),
    Kind(
        WRAPPER,
        "dependency_install",
        "./gradlew assemble",
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nA problem occurred configuring root project"
        " 'acme'.\n> Could not resolve all artifacts for configuration 'classpath'.\n   > Could not find"
        " com.android.tools.build:gradle:9.9.9.",
        "",
    ),
    Kind(
        WRAPPER,
        "compile",
        "./gradlew assemble",
        "> Task :app:compileKotlin FAILED\ne: file:///w/A.kt:3:5 Unresolved reference 'foo'.\n\nFAILURE: Build failed"
        " with an exception.\n\n* What went wrong:\nExecution failed for task ':app:compileKotlin'.",
        "",
    ),
    Kind(
        WRAPPER,
        "test",
        "./gradlew test",
        "AreaTest > square() FAILED\n    org.opentest4j.AssertionFailedError at AreaTest.java:9\n\nFAILURE: Build"
        " failed with an exception.\n\n* What went wrong:\nExecution failed for task ':test'.\n> There were failing"
        " tests.",
        "",
    ),
    Kind(
        WRAPPER,
        "lint_format",
        "find . -name '*.sh' | xargs shellcheck",
        "In a.sh line 3:\n  ^-- SC2086 (info): Double quote to prevent globbing",
        "",
    ),
    Kind(
        WRAPPER,
        "test",
        "find t -name '*.t' | xargs -n1 prove",
        "not ok 2 - adds\n# Failed test 'adds'\nResult: FAIL",
        "",
    ),
    Kind(
        WRAPPER,
        "dependency_install",
        "docker build .",
        '#9 1.2 npm error code E404\n#9 ERROR: process "/bin/sh -c npm ci" did not complete successfully: exit code:'
        ' 1\nERROR: failed to build: failed to solve: process "/bin/sh -c npm ci" did not complete successfully: exit'
        " code: 1",
        "",
    ),
    Kind(
        SCANNER,
        "workflow_config",
        "github/codeql-action/init@v4",
        "##[error]Did not recognize the following languages: cplus. Please check the languages input.",
        "",
    ),
    Kind(
        SCANNER,
        "workflow_config",
        "github/codeql-action/autobuild@v4",
        "##[error]Could not auto-detect a suitable build method\n",
        "",
    ),
    Kind(
        SCANNER,
        "workflow_config",
        "github/codeql-action/analyze@v4",
        "##[error]Code Scanning could not process the submitted SARIF file:\nCodeQL analyses from advanced"
        " configurations cannot be processed when the default setup is enabled",
        "",
    ),
    Kind(
        SCANNER,
        "permissions_auth",
        "github/codeql-action/upload-sarif@v4",
        "##[error]Resource not accessible by integration - https://docs.github.com/rest",
        "",
    ),
    Kind(
        SCANNER,
        "workflow_config",
        "semgrep scan --config rules/",
        "semgrep: error: invalid configuration file found (1 configs were invalid)",
        "",
    ),
    Kind(
        SCANNER,
        "workflow_config",
        "trivy fs --config trivy.yaml .",
        "FATAL\tFatal error\tconfig error: 'foo' is not a valid severity",
        "",
    ),
    Kind(
        SCANNER,
        "security",
        "aquasecurity/trivy-action@master",
        "package-lock.json (npm)\nTotal: 1 (HIGH: 1, CRITICAL: 0)\n##[error]Process completed with exit code 1.",
        "",
    ),
    Kind(
        SCANNER,
        "security",
        "grype dir:. --fail-on high",
        "[0001] ERROR discovered vulnerabilities at or above the severity threshold",
        "",
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
        ARCHIVE,
        "artifact_cache",
        "dawidd6/action-download-artifact@v11",
        "==> Extracting: web.zip\n##[error]ADM-ZIP: Invalid or unsupported zip format. No END header found",
        "",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "python unpack.py",
        'Traceback (most recent call last):\n  File "unpack.py", line 3, in <module>\nzipfile.BadZipFile: Bad'
        " CRC-32 for file 'a.so'",
        "",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "node read.js",
        "Error: invalid zip: End of central directory record signature not found\n    at a (read.js:1:2)",
        "",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "tar xJf bundle.tar.xz",
        "xz: (stdin): File format not recognized\ntar: Child returned status 1\ntar: Error is not recoverable:"
        " exiting now",
        "",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "actions/download-artifact@v4",
        "##[error]Unable to download artifact(s): Artifact not found for name: dist",
        "",
    ),
    Kind(
        GATE,
        "policy_gate",
        "re-actors/alls-green@release/v1",
        "# ❌ Some of the required to succeed jobs failed 😢😢😢",
        "",
    ),
    Kind(GATE, "policy_gate", "echo done", "lint=success\nbuild=failure", ""),
    Kind(GATE, "policy_gate", "check", "One or more jobs failed or were cancelled", ""),
    Kind(GATE, "policy_gate", "check", "❌ build failed with result: failure", ""),
    Kind(
        RELEASE,
        "policy_gate",
        "gh release create v1",
        "HTTP 422: Validation Failed (https://api.github.com/repos/acme/web/releases)\nRelease.tag_name already exists",
        "",
    ),
    Kind(RELEASE, "policy_gate", "git tag v1.0.0", "fatal: tag 'v1.0.0' already exists", ""),
    Kind(
        RELEASE,
        "policy_gate",
        "ncipollo/release-action@v1",
        "##[error]Error 422: Validation Failed. already_exists",
        "",
    ),
    Kind(
        RELEASE,
        "policy_gate",
        "gem push a.gem",
        "Repushing of gem versions is not allowed.\nPlease use `gem yank` to remove bad gem releases.",
        "",
    ),
    Kind(
        RELEASE,
        "policy_gate",
        "docker push x",
        "tag invalid: The image tag '1.0' already exists in the 'acme' repository and cannot be overwritten because"
        " the repository is immutable.",
        "",
    ),
    Kind(
        LINKS,
        "compile",
        "sphinx-build -W docs out",
        "docs/a.rst:3: WARNING: py:class reference target not found: acme.Foo [ref.class]\nbuild finished with"
        " problems, 1 warning (with warnings treated as errors).",
        "",
    ),
    Kind(
        LINKS,
        "compile",
        "npm run docs",
        "[ERROR] Docusaurus found broken links!\n- Broken link on source page path = /a:\n   -> linking to /b",
        "",
    ),
    Kind(LINKS, "compile", "cargo doc", "error: unresolved link to `Foo`\n --> src/lib.rs:1:5", ""),
    Kind(
        LINKS,
        "compile",
        "zola build",
        "ERROR Failed to build the site\nERROR Broken relative link `@/x.md` in a.md",
        "",
    ),
    Kind(
        LINKS,
        "compile",
        "doxygen",
        "/w/a.h:3: error: unable to resolve reference to 'foo' for \\ref command (warning treated as error, aborting"
        " now)",
        "",
    ),
    Kind(LINKS, "lint_format", "mdbook-linkcheck -s", "error: File not found: ch2.md\n  ┌─ ch1.md:3:5", ""),
    Kind(
        TRANSLATION,
        "lint_format",
        "node check-translation-completeness.cjs",
        'ERROR: Missing translations detected\nFound 36 translation keys with missing languages:\n- Key "A" is'
        " missing translations for: uk",
        "",
    ),
    Kind(TRANSLATION, "lint_format", "npm run i18n:check", "fr: missing keys: cart.total, cart.pay", ""),
    Kind(
        TRANSLATION,
        "lint_format",
        "python manage.py makemessages --check",
        "locale/de/LC_MESSAGES/django.po needs updating: translations are out of date",
        "",
    ),
    Kind(
        TRANSLATION, "lint_format", "npm run lint:locales", "Locale files have missing keys\n  de.json: cart.total", ""
    ),
    Kind(
        MERGE,
        "git_checkout",
        "git merge origin/main",
        "error: Your local changes to the following files would be overwritten by merge:\n\tsrc/a.py",
        "",
    ),
    Kind(
        MERGE,
        "git_checkout",
        "git cherry-pick abc",
        "error: could not apply 1a2b3c4... fix\nCONFLICT (modify/delete): a.py deleted in HEAD",
        "",
    ),
    Kind(
        MERGE,
        "git_checkout",
        "actions/checkout@v5",
        "##[error]fatal: couldn't find remote ref refs/pull/9/merge\n##[error]The process '/usr/bin/git' failed with"
        " exit code 128",
        "",
    ),
    Kind(
        LOCAL, "service_startup", "npm run seed", "MongoServerSelectionError: connect ECONNREFUSED 127.0.0.1:27017", ""
    ),
    Kind(
        LOCAL,
        "service_startup",
        "php artisan migrate",
        "SQLSTATE[HY000] [2002] Connection refused (Connection: mysql, SQL: select 1)",
        "",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "mysql -h127.0.0.1 -e 'x'",
        "ERROR 2003 (HY000): Can't connect to MySQL server on '127.0.0.1:3306' (111)",
        "",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "wget -q http://127.0.0.1:9000",
        "--2026-- http://127.0.0.1:9000/\nConnecting to 127.0.0.1:9000... failed: Connection refused.",
        "",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "go run ./smoke",
        'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp'
        ' [::1]:50051: connect: connection refused"',
        "",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "npx wait-on http://localhost:3000",
        "Error: Timed out waiting for: http://localhost:3000",
        "",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "psql -h localhost",
        'psql: error: connection to server at "localhost" (127.0.0.1), port 5432 failed: Connection refused\n\tIs the'
        " server running on that host and accepting TCP/IP connections?",
        "",
    ),
    Kind(
        LOCAL,
        "network",
        "curl https://example.com",
        "curl: (7) Failed to connect to example.com port 443: Connection refused",
        "",
    ),
    Kind(
        TERRAFORM,
        "permissions_auth",
        "terraform plan",
        "│ Error: building account: could not acquire access token to parse claims: clientCredentialsToken: received"
        " HTTP status 401",
        "",
    ),
    Kind(
        TERRAFORM,
        "permissions_auth",
        "terraform apply",
        "│ Error: creating IAM Role (ci): AccessDenied: User: arn:aws:sts::1:assumed-role/ci is not authorized to"
        " perform: iam:CreateRole",
        "",
    ),
    Kind(
        TERRAFORM,
        "dependency_install",
        "terraform init",
        "│ Error: Failed to query available provider packages\n│ \n│ Could not retrieve the list of available"
        " versions for provider acme/x: no available releases match the given constraints",
        "",
    ),
    Kind(
        TERRAFORM,
        "dependency_install",
        "terraform init",
        "│ Error: Module not installed\n│ \n│   on main.tf line 1:",
        "",
    ),
    Kind(
        TERRAFORM,
        "compile",
        "terraform plan",
        "│ Error: Unsupported block type\n│ \n│   on a.tf line 1:\n│    1: foo {",
        "",
    ),
    Kind(
        TERRAFORM,
        "workflow_config",
        "terraform plan",
        '│ Error: Backend initialization required, please run "terraform init"',
        "",
    ),
    Kind(
        TERRAFORM,
        "dependency_install",
        "pulumi preview",
        "error: no resource plugin 'pulumi-resource-aws' found in the workspace or on your $PATH",
        "",
    ),
    Kind(
        ANSIBLE,
        "dependency_install",
        "ansible-galaxy collection install -r r.yml",
        "ERROR! Failed to resolve the requested dependencies map. Could not satisfy the following requirements:\n*"
        " community.docker:>=99",
        "",
    ),
    Kind(
        ANSIBLE,
        "permissions_auth",
        "ansible-playbook x.yml",
        "ERROR! Decryption failed (no vault secrets were found that could decrypt) on group_vars/all.yml",
        "",
    ),
    Kind(ANSIBLE, "compile", "ansible-playbook x.yml", "ERROR! 'tassk' is not a valid attribute for a Play", ""),
    Kind(
        KUBERNETES,
        "service_startup",
        "helm install web ./c --wait",
        "Error: INSTALLATION FAILED: resource Deployment/default/web not ready. status: InProgress, message:"
        " Available: 0/1\ncontext deadline exceeded",
        "",
    ),
    Kind(
        KUBERNETES,
        "service_startup",
        "kind create cluster",
        'ERROR: failed to create cluster: could not find a log line that matches "Reached target .*Multi-User'
        ' System.*"',
        "",
    ),
    Kind(KUBERNETES, "permissions_auth", "kubectl get ns", "Error from server (Unauthorized): Unauthorized", ""),
    Kind(
        KUBERNETES,
        "compile",
        "kubectl apply -f d.yaml",
        'error: error validating "d.yaml": error validating data: ValidationError(Deployment.spec): unknown field'
        ' "replica"',
        "",
    ),
    Kind(
        KUBERNETES,
        "dependency_install",
        "helm install x acme/x",
        "Error: INSTALLATION FAILED: chart \"x\" matching 9.9.9 not found in acme index. (try 'helm repo update')",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "xcodebuild archive",
        'error: Provisioning profile "Dist" has expired.\n** ARCHIVE FAILED **',
        "",
    ),
    Kind(SIGNING, "permissions_auth", "codesign -s X App.app", "App.app: errSecInternalComponent", ""),
    Kind(SIGNING, "permissions_auth", "codesign -s X App.app", "Developer ID Application: Acme: no identity found", ""),
    Kind(
        SIGNING,
        "permissions_auth",
        "xcrun notarytool submit a.zip",
        "Error: HTTP status code: 401. Invalid credentials. Username or password is incorrect.",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "jarsigner a.apk k",
        "jarsigner: unable to open jar file / keystore load: Keystore was tampered with, or password was incorrect",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "apksigner sign",
        'Failed to load signer "signer #1"\njava.io.IOException: keystore password was incorrect',
        "",
    ),
    Kind(SIGNING, "permissions_auth", "./gradlew publish", "> Could not read PGP secret key", ""),
    Kind(
        SIGNING,
        "permissions_auth",
        "unity-editor -batchmode",
        "Unity has not been activated with a valid License. Could be a new activation or renewal...",
        "",
    ),
    Kind(
        SIGNING,
        "dependency_install",
        "sdkmanager x",
        "Failed to install the following Android SDK packages as some licences have not been accepted.\n    "
        " platforms;android-36",
        "",
    ),
    Kind(
        SOLVER, "dependency_install", "pod install", '[!] CocoaPods could not find compatible versions for pod "A":', ""
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "conda install x",
        "PackagesNotFoundError: The following packages are not available from current channels:\n  - x=9",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "swift package resolve",
        "error: could not find a package at https://github.com/acme/x with version 9.0.0\nerror: Dependencies could"
        " not be resolved because root depends on 'x' 9.0.0",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "flutter pub get",
        "Because acme depends on foo from hosted which doesn't exist (could not find package foo at https://pub.dev),"
        " version solving failed.",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "opam install .",
        "[ERROR] The following dependencies couldn't be met:\n  - acme -> lwt >= 9\n        no matching version",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "opam install .",
        'The following actions failed\n+- build conf-gmp.4\n[ERROR] The compilation of conf-gmp.4 failed at "sh -exc'
        ' cc -c test.c".',
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "nix develop",
        "error: Package 'python-2.7' in /nix/store/a/default.nix:3 is marked as insecure, refusing to evaluate.",
        "",
    ),
    Kind(
        WRAPPER, "compile", "nix build", "error: undefined variable 'pkgss'\n       at /nix/store/x/flake.nix:9:5:", ""
    ),
    Kind(
        WRAPPER,
        "compile",
        "nix build",
        "error: Cannot build '/nix/store/aa-web-1.drv'.\n       Reason: builder failed with exit code 2.\n       Last"
        " 3 log lines:\n       > main.go:3:2: undefined: foo",
        "",
    ),
    Kind(
        WRAPPER,
        "lint_format",
        "nix flake check",
        "error: builder for '/nix/store/a-treefmt-check.drv' failed with exit code 1;\n       last 2 log lines:\n    "
        "   > error: files would be changed\n       > Would reformat: src/a.py",
        "",
    ),
    Kind(
        WRAPPER,
        "compile",
        "npx turbo build",
        'web:build: error during build:\nweb:build: RollupError: Could not resolve "./x" from "src/a.ts"\n ERROR  run'
        " failed: command  exited (1)",
        "",
    ),
    Kind(
        WRAPPER,
        "test",
        "nick-fields/retry@v3",
        "--- FAIL: TestA (0.0s)\n##[error]Final attempt failed. Child_process exited with error code 1",
        "",
    ),
    Kind(
        SCANNER,
        "workflow_config",
        "github/codeql-action/analyze@v3",
        "##[error]CodeQL detected code written in C# but not any written in Java. Confirm that there is some source"
        " code for Java in the project.",
        "",
    ),
    Kind(
        SCANNER,
        "workflow_config",
        "actions/dependency-review-action@v4",
        "##[error]Both a base ref and head ref must be provided, either via the `base_ref`/`head_ref` config options",
        "",
    ),
    Kind(
        SCANNER,
        "security",
        "actions/dependency-review-action@v4",
        "##[error]Dependency review detected incompatible licenses.",
        "",
    ),
    Kind(
        SCANNER,
        "rate_limit",
        "trivy image x",
        "FATAL\tFatal error\tinit error: DB error: failed to download vulnerability DB: database download error: GET"
        " https://mirror.gcr.io/v2: TOOMANYREQUESTS: Quota exceeded",
        "",
    ),
    Kind(
        SCANNER,
        "security",
        "trivy fs .",
        "Report Summary\nTotal: 2 (UNKNOWN: 0, LOW: 0, MEDIUM: 0, HIGH: 2, CRITICAL: 0)",
        "",
    ),
    Kind(
        SCANNER,
        "permissions_auth",
        "sonarsource/sonarqube-scan-action@v6",
        "ERROR: Not authorized. Please check the user token in the property 'sonar.token' or the"
        " credentials\n##[error]Action failed: The process failed with exit code 3",
        "",
    ),
    Kind(SCANNER, "permissions_auth", "snyk code test", "Authentication error (SNYK-0005)", ""),
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
    Kind(
        ARCHIVE,
        "artifact_cache",
        "unzip x",
        "Archive:  web.zip\nerror: invalid zip file with overlapped components (possible zip bomb)",
        "",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "tar xf x.tar",
        "tar: Skipping to next header\ntar: Exiting with failure status due to previous errors\ntar: Unexpected EOF"
        " in archive",
        "",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "node x.js",
        "Error: ADM-ZIP: Invalid or unsupported zip format. No END header found\n    at a (x.js:1:1)",
        "",
    ),
    Kind(GATE, "policy_gate", "check.sh", "Upstream job results: lint=success, test=failure", ""),
    Kind(GATE, "policy_gate", "check.sh", "Required jobs failed: test, build", ""),
    Kind(GATE, "policy_gate", "check.sh", "build: cancelled\ntest: success", ""),
    Kind(
        RELEASE,
        "policy_gate",
        "cargo publish",
        "error: failed to publish to registry at https://crates.io\n\nCaused by:\n  the remote server responded with"
        " an error (status 400 Bad Request): crate version `1.2.0` is already uploaded",
        "",
    ),
    Kind(RELEASE, "policy_gate", "gh release create v2", "HTTP 422: Validation Failed\nrelease already exists", ""),
    Kind(
        RELEASE,
        "policy_gate",
        "actions/create-release@v1",
        '##[error]Validation Failed: {"resource":"Release","code":"already_exists","field":"tag_name"}',
        "",
    ),
    Kind(
        LINKS,
        "compile",
        "mkdocs build -s",
        "WARNING -  Doc file 'a.md' contains an unrecognized relative link './b', it was left as is.\nAborted with 1"
        " warnings in strict mode!",
        "",
    ),
    Kind(
        LINKS,
        "compile",
        "sphinx-build -W a b",
        "WARNING: unknown document: 'foo' [ref.doc]\nWarning, treated as error:",
        "",
    ),
    Kind(LINKS, "compile", "npx vitepress build docs", "build error:\n[vitepress] 2 dead link(s) found.", ""),
    Kind(
        LINKS,
        "lint_format",
        "lychee .",
        "[404] https://example.com/a | Network error: Not Found\n🔍 9 Total ✅ 8 OK 🚫 1 Error",
        "",
    ),
    Kind(
        LINKS,
        "lint_format",
        "sphinx-build -b linkcheck . o",
        "(   a: line 3) broken    https://example.com/x - 404 Client Error: Not Found for url",
        "",
    ),
    Kind(TRANSLATION, "lint_format", "npm run check:i18n", "Missing keys in de.json: cart.total", ""),
    Kind(
        TRANSLATION,
        "lint_format",
        "./gradlew lint",
        'Lint found 1 errors, 0 warnings. First failure:\nres/values-de/strings.xml:3: Error: "x" is translated here'
        " but not found in default locale [ExtraTranslation]",
        "",
    ),
    Kind(TRANSLATION, "lint_format", "yarn formatjs verify", "Missing translation keys in fr.json:\n cart.total", ""),
    Kind(MERGE, "git_checkout", "git merge x", "fatal: refusing to merge unrelated histories", ""),
    Kind(
        MERGE,
        "git_checkout",
        "git rebase main",
        "CONFLICT (content): Merge conflict in a.py\nerror: could not apply aaaaaaa... b",
        "",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "python seed.py",
        "requests.exceptions.ConnectionError: HTTPConnectionPool(host='localhost', port=8000): Max retries exceeded"
        " with url: / (Caused by NewConnectionError('<x>: Failed to establish a new connection: [Errno 111]"
        " Connection refused'))",
        "",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "./smoke.sh",
        "java.net.ConnectException: Failed to connect to localhost/127.0.0.1:8080",
        "",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "cargo run",
        'Error: Os { code: 111, kind: ConnectionRefused, message: "Connection refused" } while connecting to'
        " 127.0.0.1:5432",
        "",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "node e2e.js",
        "TypeError: fetch failed\n  [cause]: Error: connect ECONNREFUSED ::1:3000",
        "",
    ),
    Kind(
        LOCAL,
        "test",
        "pytest",
        "E   ConnectionRefusedError: [Errno 111] connect to localhost:5432 refused\nFAILED tests/test_db.py::test_x -"
        " ConnectionRefusedError\n1 failed in 0.1s",
        "",
    ),
    Kind(
        LOCAL,
        "test",
        "npm test",
        "● cart › total\n    connect ECONNREFUSED 127.0.0.1:3999\nTests: 1 failed, 2 total",
        "",
    ),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.family}: {kind.cause or kind.command}"[:70])
def test_the_category_and_the_line_of_the_cause(kind: Kind) -> None:
    lines = kind.output.split("\n")
    ends = [] if any("##[error]" in line for line in lines) else [FAILED]
    verdict = classify(job(step("actions/checkout@v5", "Fetching"), step(kind.command, *lines, *ends)))
    assert verdict is not None
    assert verdict.category == kind.category, (verdict.rule_id, verdict.evidence)
    assert kind.cause in verdict.evidence


def test_a_service_that_was_waited_for_is_not_the_cause_of_what_failed_then() -> None:
    waited = ["curl: (7) Failed to connect to localhost port 8080 after 0 ms: Couldn't connect to server"] * 3
    verdict = classify(job(step("./smoke.sh", *waited, "up", "./smoke.sh: line 9: jqq: command not found", FAILED)))
    assert verdict is not None
    assert verdict.rule_id == "script.command_not_found"


@pytest.mark.parametrize(
    "said",
    [
        "HttpError: Reference already exists",
        "a release with the same tag name already exists: v1.4.0",
        "Dependency review is not supported on this repository",
        "fetching ambient OIDC credentials: none",
        "ERR_PNPM_FETCH_401  GET https://example.com/x: Unauthorized - 401",
        "error: No profiles for 'com.acme.app' were found",
        "de.json: 3 missing translation keys",
        "Error: connect ECONNREFUSED 127.0.0.1:3999",
        "zipfile.BadZipFile: File is not a zip file",
        "Error: INSTALLATION FAILED: context deadline exceeded",
        "unit: failure",
    ],
)
def test_what_a_failing_test_prints_is_of_the_test(said: str) -> None:
    summary = "FAILED tests/test_client.py::test_reply - AssertionError"
    verdict = classify(job(step("pytest", said, summary, "1 failed, 3 passed in 0.20s", FAILED)))
    assert verdict is not None
    assert verdict.category == "test"


def test_every_family_has_several_kinds() -> None:
    assert min(Counter(kind.family for kind in KINDS).values()) >= 3
    assert len({kind.family for kind in KINDS}) == 15


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.family}: {kind.cause or kind.command}"[:70])
def test_a_job_that_passed_may_say_all_of_it(kind: Kind) -> None:
    lines = [line.replace("##[error]", "") for line in kind.output.split("\n") if "Process completed" not in line]
    assert classify(job(step(kind.command, *lines), step("make ci", "ok"))) is None
    assert classify(job(step(kind.command, *lines, FAILED)), JobFacts("success")) is None


NEAR_MISSES = [
    ("Error: No valid credential sources found is what users see; see docs/faq.md", "Terraform has been initialized"),
    ('ok: [web-1] => {"msg": "UNREACHABLE hosts are skipped"}', "PLAY RECAP: failed=0 unreachable=0"),
    ("Skipping code signing: no provisioning profile is needed for the simulator", "validateSigningDebug UP-TO-DATE"),
    ("No broken links, no missing translations", "0 missing translation keys"),
    ("unit: success", "needs.unit.result = success"),
    ("connected to 127.0.0.1:5432", "port 8080 on localhost is open"),
    ("checking whether tag v2.0.0 exists already: no", "release v2.0.0 will be created"),
    ("Dependency graph is enabled", "No vulnerabilities found by dependency review"),
    ("id-token: write", "permissions of the token: contents: read, id-token: write"),
    ("0 of 14 files need formatting", "Ran 200 rules on 41 files: 0 findings."),
    ("unzip: dist.zip holds 12 files", "gzip: stdin is fine"),
    ('cluster "kind" was created', "the connection to the server was not refused"),
]


@pytest.mark.parametrize("lines", NEAR_MISSES, ids=lambda lines: lines[0][:50])
def test_words_of_a_kind_are_not_the_kind(lines: tuple[str, ...]) -> None:
    """A failure that no rule knows stays unknown, whatever was said before it."""
    verdict = classify(job(step("./frobnicate.sh", *lines, "the moon was in the wrong phase", FAILED)))
    assert verdict is not None
    assert (verdict.category, verdict.rule_id) == ("unknown", None), verdict.evidence


SOURCE = [
    "    throw new Error('Resource not accessible by integration')",
    '      raise RuntimeError("No space left on device")',
    "  12 |   core.setFailed(`Input required and not supplied: ${name}`)",
    "> 48 |     reject(Error('API rate limit exceeded'))",
    '   |   panic!("Could not resolve host: {}", host)',
    "   // Unable to find any artifacts: tell the user",
    "+ echo 'Permission to acme/web denied to bot'",
    '    console.error("JavaScript heap out of memory")',
    "  logger.error('Credentials could not be loaded')",
    "!function(e){" + "var t=e;" * 300 + "throw Error('No space left on device')}(window)",
    '{"sources":["' + 'a.js","' * 300 + '"],"sourcesContent":["The job was not acquired by Runner"]}',
]


@pytest.mark.parametrize("line", SOURCE, ids=lambda line: line.strip()[:40])
def test_dumped_source_is_no_message(line: str) -> None:
    """Source that a tool shows beside its error speaks of failures that did not happen."""
    verdict = classify(job(step("./frobnicate.sh", line, "the moon was in the wrong phase", FAILED)))
    assert verdict is not None
    assert (verdict.category, verdict.rule_id) == ("unknown", None), verdict.evidence


@pytest.mark.parametrize(
    ("line", "category"),
    [
        ("Error: No space left on device, write" + " 'x'" * 2000, "disk_full"),
        ("##[error]Resource not accessible by integration " + '{"a":1},' * 400, "permissions_auth"),
        ("ValueError('No space left on device') was raised by the disk", "disk_full"),
        ("db-1  | initdb: No space left on device", "disk_full"),
    ],
)
def test_what_begins_like_a_message_is_one_however_long(line: str, category: str) -> None:
    verdict = classify(job(step("./frobnicate.sh", line, FAILED)))
    assert verdict is not None
    assert verdict.category == category
