"""PostgreSQL: the embedded server and its process, connections and locks, migrations, SQL files."""
