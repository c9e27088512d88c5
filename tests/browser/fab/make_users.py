"""Make users of FAB, all in one process: those whom stdin lists, as JSON. Prints the number of each
by name, as JSON.
"""

import json
import sys

from airflow.utils.providers_configuration_loader import providers_configuration_loaded


@providers_configuration_loaded
def main() -> None:
    """Do what `airflow users create` does for each of them."""
    # here, so that this file can be read where FAB is not installed
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        manager, ids = builder.sm, {}
        for user in json.load(sys.stdin):
            made = manager.add_user(
                user["username"],
                user["firstname"],
                user["lastname"],
                user["email"],
                manager.find_role(user["role"]),
                user["password"],
            )
            ids[made.username] = str(made.id)
    print(json.dumps(ids))


if __name__ == "__main__":
    main()
