"""The accounts' database of a data folder, whether Patchbay is running or not."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from gateway.users.administration import AccountError
from stack.cli_error import CliError
from stack.folder import DataFolder
from stack.plan import GATEWAY, LOOPBACK, Plan


@contextmanager
def accounts(folder: DataFolder) -> Iterator[Session]:
    """A session that is committed at the end. Raises CliError."""
    plan = Plan(folder, LOOPBACK, {})
    if plan.embedded([GATEWAY]) and not folder.path.is_dir():
        raise CliError(f"nothing was ever started in {folder.path}")
    with plan.cluster.running() if plan.embedded([GATEWAY]) else nullcontext():
        engine = create_engine(plan.database_url(GATEWAY), poolclass=NullPool)
        try:
            with Session(engine) as session, session.begin():
                yield session
        except AccountError as mistake:
            raise CliError(str(mistake)) from mistake
        except (OperationalError, ProgrammingError) as error:
            raise CliError(f"the accounts cannot be reached: {type(error.orig).__name__}") from error
