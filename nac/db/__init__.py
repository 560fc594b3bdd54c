"""The database: schema, connections and migrations. SQLite embedded by default, PostgreSQL for fleets.

Open one with `Database.open(url)`, bring it up to date with `upgrade(url)`; the tables are in `nac.db.schema`. Losing
the database changes freshness, never an answer: no packet waits for it.
"""

from nac.db.engine import Database
from nac.db.migrate import upgrade

__all__ = ["Database", "upgrade"]
