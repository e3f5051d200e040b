"""The schema: migrations and models agree, go up and down, and a database that doesn't fit is refused."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from digest import bundled
from digest.errors import ConfigError
from digest.store import metadata, schema, session


def _tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_models_and_migrations_agree(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata.whole()) == []


def test_an_empty_database_is_made_and_then_left_alone(empty_database_url: str) -> None:
    engine = session.connect(empty_database_url)
    assert schema.current(engine) is None
    assert schema.ensure(engine) is True
    assert schema.current(engine) == schema.head()
    assert schema.ensure(engine) is False
    assert _tables(engine) == set(metadata.whole().tables)
    engine.dispose()


def test_migrations_go_up_and_down_and_up(empty_database_url: str) -> None:
    engine = session.connect(empty_database_url)
    for _ in range(2):
        schema.upgrade(engine)
        assert schema.current(engine) == schema.head()
        schema.downgrade(engine, "base")
        assert schema.current(engine) is None
        assert _tables(engine) == set()
    engine.dispose()


def test_a_newer_database_is_refused_in_one_line(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(
        ConfigError, match="at schema 9999, which this version of digest doesn't know"
    ) as caught:
        schema.ensure(engine)
    assert "digest db upgrade" in caught.value.fix
    assert "\n" not in caught.value.message


def test_a_foreign_database_is_refused_and_left_alone(empty_database_url: str) -> None:
    engine = session.connect(empty_database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE wp_posts (id INTEGER)"))
    with pytest.raises(ConfigError, match=r"tables that aren't digest's \(wp_posts\)"):
        schema.ensure(engine)
    assert _tables(engine) == {"wp_posts"}
    engine.dispose()


def test_an_older_database_is_refused_until_it_is_upgraded(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "alembic"
    (folder / "versions").mkdir(parents=True)
    for source in [*bundled.folder("alembic").glob("*.*"), *bundled.folder("alembic").glob("versions/*.py")]:
        (folder / source.relative_to(bundled.folder("alembic"))).write_bytes(source.read_bytes())
    newer = (
        f"revision = 'later'\ndown_revision = {schema.head()!r}\ndef upgrade(): pass\ndef downgrade(): pass\n"
    )
    (folder / "versions" / "later.py").write_text(newer)
    monkeypatch.setattr(bundled, "_PACKAGE", tmp_path / "digest")

    with pytest.raises(ConfigError, match="this version of digest needs later") as caught:
        schema.ensure(engine)
    assert caught.value.fix == "digest db upgrade"
    schema.upgrade(engine)
    assert schema.ensure(engine) is False


def test_a_wheel_carries_its_own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "digest"
    (package / "_bundled" / "alembic").mkdir(parents=True)
    (tmp_path / "alembic").mkdir()  # somebody else's, beside an installed package
    monkeypatch.setattr(bundled, "_PACKAGE", package)
    assert bundled.folder("alembic") == package / "_bundled" / "alembic"
    with pytest.raises(FileNotFoundError, match="templates"):
        bundled.folder("templates")


def test_a_database_that_cannot_be_opened_is_named_without_its_password(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no database, but long enough to look at " * 100)
    with pytest.raises(ConfigError, match=r"notes\.txt can't be opened"):
        schema.ensure(session.connect(f"sqlite:///{file}"))
    away = session.connect(f"postgresql://ada:secret@/digest?host={tmp_path}")
    with pytest.raises(ConfigError, match="can't be opened") as caught:
        schema.ensure(away)
    assert "secret" not in caught.value.message
