"""Terraform, OpenTofu and Pulumi: kinds of failures."""

from roadmap_pipeline_tests.failures.kinds.kind import TERRAFORM, Kind

KINDS = [
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
]
