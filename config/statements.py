"""Queries that Django composes once: for what every answer asks, that takes it many times as long as the database."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models import query as queries
from django.db.models.sql import InsertQuery, UpdateQuery

get_related_populators: Any = queries.get_related_populators
Row = TypeVar("Row")
AnyModel = TypeVar("AnyModel", bound=Model)


class Argument(Expression):
    """Stands in a query for a value of that field, which is not known before the statement is run."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [self]

    def prepared(self, value: object) -> object:
        """As the database takes it."""
        return self.output_field.get_db_prep_value(value, connection, prepared=False)


def argument(name: str, model: type[Model], field: str = "") -> Argument:
    """For a field of a model: the one of this name, unless another is named."""
    meta = model._meta  # noqa: SLF001 (public, for all its name)
    found = meta.pk if name == "pk" else meta.get_field(field or name)
    return Argument(name, found)  # type: ignore[arg-type]


def arguments(model: type[Model], names: Iterable[str]) -> dict[str, Any]:
    """For several fields, each under its name."""
    return {name: argument(name, model) for name in names}


class Composed:
    """SQL with the places of its arguments."""

    def __init__(self, sql: str, parameters: Iterable[object]) -> None:
        self.sql = sql
        self._parameters = tuple(parameters)

    def bound(self, values: Mapping[str, object]) -> list[Any]:
        return [each.prepared(values[each.name]) if isinstance(each, Argument) else each for each in self._parameters]


class Select(Generic[Row]):
    """The rows of a query: models, or the tuples of ``values_list``. It is composed when it is first needed."""

    def __init__(self, compose: "Callable[[], QuerySet[Any, Row]]") -> None:
        self._compose = compose
        self._composed: Composed | None = None

    def all(self, **values: object) -> list[Row]:
        """Those for these arguments. Blocking."""
        composed = self._composed or self._made()
        with connection.cursor() as cursor:
            cursor.execute(composed.sql, composed.bound(values))
            rows = cursor.fetchall()
        if rows and self._converters:
            rows = self._compiler.apply_converters(rows, self._converters)
        return [self._loaded(row) for row in rows]

    def first(self, **values: object) -> Row | None:
        found = self.all(**values)
        return found[0] if found else None

    def _made(self) -> Composed:
        rows = self._compose()
        self._compiler = compiler = rows.query.get_compiler(connection=connection)
        composed = Composed(*compiler.as_sql())
        self._converters = compiler.get_converters([column for column, *_ in compiler.select])
        self._loaded: Callable[[Any], Any] = tuple if rows.query.values_select else self._model_from(compiler)
        self._composed = composed
        return composed

    @staticmethod
    def _model_from(compiler: Any) -> Callable[[Sequence[Any]], Any]:
        """As ModelIterable does it."""
        select, info = compiler.select, compiler.klass_info
        first, last = info["select_fields"][0], info["select_fields"][-1] + 1
        names = [column.target.attname for column, *_ in select[first:last]]
        related = get_related_populators(info, select, DEFAULT_DB_ALIAS)

        def loaded(row: Sequence[Any]) -> Any:
            model = info["model"].from_db(DEFAULT_DB_ALIAS, names, row[first:last])
            for each in related:
                each.populate(row, model)
            return model

        return loaded


class Update:
    """A conditional UPDATE: which rows, and what becomes of their fields."""

    def __init__(self, compose: "Callable[[], tuple[QuerySet[Any], dict[str, Any]]]") -> None:
        self._compose = compose
        self._composed: Composed | None = None

    def run(self, **values: object) -> int:
        """How many rows it changed. Blocking."""
        composed = self._composed or self._made()
        with connection.cursor() as cursor:
            cursor.execute(composed.sql, composed.bound(values))
            return int(cursor.rowcount)

    def _made(self) -> Composed:
        rows, fields = self._compose()
        query: Any = rows.query.chain(UpdateQuery)
        query.add_update_values(fields)
        self._composed = Composed(*query.get_compiler(connection=connection).as_sql())
        return self._composed


class Insert(Generic[AnyModel]):
    """Stores new models that have their keys already, all of their fields."""

    def __init__(self, model: type[AnyModel]) -> None:
        self._model = model
        self._sql = ""

    def run(self, *new: AnyModel) -> None:
        """Blocking: one statement."""
        fields = self._model._meta.local_concrete_fields  # noqa: SLF001 (public, for all its name)
        rows = [[field.get_db_prep_save(field.pre_save(one, True), connection) for field in fields] for one in new]
        with connection.cursor() as cursor:
            sql = self._sql or self._made(new[0])
            if len(rows) == 1:
                cursor.execute(sql, rows[0])
            else:
                cursor.executemany(sql, rows)
        for one in new:
            one._state.adding, one._state.db = False, DEFAULT_DB_ALIAS  # noqa: SLF001

    def _made(self, one: AnyModel) -> str:
        query = InsertQuery(self._model)
        query.insert_values(self._model._meta.local_concrete_fields, [one])  # noqa: SLF001
        [(self._sql, _parameters)] = query.get_compiler(connection=connection).as_sql()
        return self._sql
