"""Terraform, OpenTofu, Pulumi, Ansible, Helm and Kubernetes: kinds of failures."""

from roadmap_pipeline_tests.failures.kinds.kind import ANSIBLE, KUBERNETES, TERRAFORM, Kind

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
]
