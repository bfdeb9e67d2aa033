"""Ansible: kinds of failures."""

from roadmap_pipeline_tests.failures.kinds.kind import ANSIBLE, Kind

KINDS = [
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
]
