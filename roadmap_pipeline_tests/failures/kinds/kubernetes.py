"""Helm and Kubernetes: kinds of failures."""

from roadmap_pipeline_tests.failures.kinds.kind import KUBERNETES, Kind

KINDS = [
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
