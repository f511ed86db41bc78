"""The accounts' database of a data folder, whether Patchbay is running or not."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from gateway.accounts.administration import Mistake
from stack.folder import DataFolder
from stack.plan import GATEWAY, LOOPBACK, Plan, embedded
from stack.problem import Problem


@contextmanager
def accounts(folder: DataFolder) -> Iterator[Session]:
    """A session that is committed at the end. Raises Problem."""
    if not folder.path.is_dir():
        raise Problem(f"nothing was ever started in {folder.path}")
    plan = Plan(folder, LOOPBACK, {})
    with plan.cluster.running() if GATEWAY in embedded() else nullcontext():
        engine = create_engine(plan.database_url(GATEWAY), poolclass=NullPool)
        try:
            with Session(engine) as session, session.begin():
                yield session
        except Mistake as mistake:
            raise Problem(str(mistake)) from mistake
        except (OperationalError, ProgrammingError) as error:
            raise Problem(f"the accounts cannot be reached: {type(error.orig).__name__}") from error
