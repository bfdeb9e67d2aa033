"""Further kinds of failures: Terraform, OpenTofu, Pulumi, Ansible, Helm and Kubernetes."""

from roadmap_pipeline_tests.failures.kinds.kind import ANSIBLE, KUBERNETES, TERRAFORM, Kind

KINDS = [
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
]
