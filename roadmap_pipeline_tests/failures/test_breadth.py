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
        "failure(s)",
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
        "1 chart(s) failed",
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
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.family}: {kind.cause or kind.command}"[:70])
def test_the_category_and_the_line_of_the_cause(kind: Kind) -> None:
    lines = kind.output.split("\n")
    ends = [] if any("##[error]" in line for line in lines) else [FAILED]
    verdict = classify(job(step("actions/checkout@v5", "Fetching"), step(kind.command, *lines, *ends)))
    assert verdict is not None
    assert verdict.category == kind.category, (verdict.rule_id, verdict.evidence)
    assert kind.cause in verdict.evidence


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
