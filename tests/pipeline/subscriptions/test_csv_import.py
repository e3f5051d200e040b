"""Tables of subscribers as spreadsheets and other programs write them, and ours that come back the same."""

import contextlib
import csv
import io
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from digest.domain import Subscriber, SubscriberStatus
from digest.due import next_due
from digest.errors import InputError, RefusedError
from digest.pipeline.community import undo
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions import preferences
from digest.pipeline.subscriptions.lists.csv_export import export_subscribers
from digest.pipeline.subscriptions.lists.csv_import import ImportReport, import_subscribers
from digest.pipeline.subscriptions.lists.csv_table import read_table
from digest.pipeline.subscriptions.lists.csv_values import COLUMNS
from digest.pipeline.subscriptions.lists.list_formats import ListFormat
from digest.store import session
from digest.store.community import audit
from digest.store.subscriptions import subscribers, suppressions
from digest.tokens import address_hash
from tests.builders import NOW
from tests.installations import installation

ACTIVE, PENDING, UNSUBSCRIBED, SUPPRESSED = (
    SubscriberStatus.ACTIVE,
    SubscriberStatus.PENDING,
    SubscriberStatus.UNSUBSCRIBED,
    SubscriberStatus.SUPPRESSED,
)
sqlite_only = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


@pytest.fixture
def here(engine: Engine, tmp_path: Path) -> Installation:
    return installation(engine, tmp_path)


def take(here: Installation, table: bytes | str, **options: object) -> ImportReport:
    raw = table.encode() if isinstance(table, str) else table
    given: dict[str, object] = {"now": NOW, "consent": None} | options
    return import_subscribers(here, io.BytesIO(raw), **given)  # type: ignore[arg-type]


def people(here: Installation) -> dict[str, Subscriber]:
    with session.reading(here.engine) as db:
        return {person.email: person for person in subscribers.listing(db)}


def only(here: Installation) -> Subscriber:
    (person,) = people(here).values()
    return person


# ---------------------------------------------------------------- encodings and delimiters

PLAIN = "email,topics,filters\r\nkari@example.org,llm;rag,blåbær\r\n"


@sqlite_only
@pytest.mark.parametrize(
    "raw",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        PLAIN.encode("cp1252"),
        PLAIN.replace("\r\n", "\n").encode(),
        PLAIN.replace("\r\n", "\r").encode(),
        PLAIN.replace("llm;rag", "llm; rag ").replace(",", "\t").encode("utf-16"),
        PLAIN.replace("llm;rag", '"llm;rag"').replace(",", ";").encode(),
        ("sep=;\r\n" + PLAIN.replace("llm;rag", '"llm;rag"').replace(",", ";")).encode(),
        ('"sep=|"\r\n' + PLAIN.replace(",", "|")).encode("utf-8-sig"),
        ("\r\n,,\r\n" + PLAIN + ",,\r\n\r\n").encode(),
        PLAIN.replace("\r\n", ",,\r\n").encode(),
        PLAIN.replace("email", ",E-mail").replace("E-mail", " EMAIL ").replace("\nkari", "\n,kari").encode(),
        '{"email": "kari@example.org", "topics": ["llm", "rag"], "filters": ["blåbær"]}\n'.encode(),
    ],
)
def test_a_table_is_read_whatever_program_wrote_it(here: Installation, raw: bytes) -> None:
    assert take(here, raw).errors == []
    person = only(here)
    assert (person.email, person.interests.topics) == ("kari@example.org", ("llm", "rag"))
    assert len(person.interests.filters) == 1


# ---------------------------------------------------------------- values


@sqlite_only
@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("7:30", "07:30"),
        ("07:30:00", "07:30"),
        ("7:30 AM", "07:30"),
        ("12:05 am", "00:05"),
        ("7:30PM", "19:30"),
        ("7 pm", "19:00"),
        ("7.30", "07:30"),
        ("0.3125", "07:30"),
        ("0,3125", "07:30"),
        ("", "08:00"),
    ],
)
def test_a_time_of_day_is_understood_as_spreadsheets_write_it(
    here: Installation, written: str, at: str
) -> None:
    take(here, f'email,at\nkari@example.org,"{written}"\n')
    assert f"{only(here).schedule.at:%H:%M}" == at


@sqlite_only
def test_numbers_words_and_yes_are_understood_as_spreadsheets_write_them(here: Installation) -> None:
    take(
        here,
        "email;max;frequency;weekday;quiet_days;topics;status\n"
        "kari@example.org;10,0;Weekly;Friday;TRUE;LLM;Active\n",
        consent="asked by mail",
    )
    person = only(here)
    assert (person.interests.max_papers, person.schedule.weekday) == (10, 4)
    assert person.schedule.quiet_days
    assert (person.interests.topics, person.status) == (("llm",), ACTIVE)


@sqlite_only
@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("max", "10.5", "not a number"),
        ("max", "many", "not a number"),
        ("at", "25:00", "not a time of day"),
        ("at", "13:00 PM", "not a time of day"),
        ("frequency", "hourly", "none of"),
        ("timezone", "Europe/Pariss", "Europe/Paris"),
        ("status", "gone", "none of"),
        ("quiet_days", "perhaps", "neither yes nor no"),
        ("joined_at", "last week", "not a time"),
        ("filters", '"""open"', "isn't closed"),
        ("topics", "llms", "llm"),
    ],
)
def test_a_value_that_is_none_is_an_error_with_its_line(
    here: Installation, field: str, value: str, said: str
) -> None:
    written = value if value.startswith('"') else f'"{value}"'
    report = take(here, f"email,{field}\n\nkari@example.org,\nola@example.org,{written}\n")
    ((line, words),) = report.errors
    assert line == 4
    assert said in words
    assert people(here) == {}


# ---------------------------------------------------------------- what can't be read without guessing


@sqlite_only
@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('email,filters\nkari@example.org,"robots\nola@example.org,x\n', "line 2.*never closed"),
        ('email,filters\nkari@example.org,"robots\nola@example.org,x"\n', "line 2.*several lines"),
        ('email,filters\nkari@example.org,"a b\nola@example.org,"x"\n', "line 2 to 3.*closing quote"),
        ('email,filters\nkari@example.org,"a b" OR c\n', "line 2.*closing quote"),
        ("email,topics\nkari@example.org,llm,rag\n", "line 2: more fields than columns"),
        ("email,topics,\nkari@example.org,llm,rag\n", "line 2: field 3, 'rag'"),
        ("name,topics\nkari,llm\n", "no column 'email'"),
        ("email,topic\nkari@example.org,llm\n", "unknown column 'topic'"),
        ("email,email\nkari@example.org,x\n", "two columns"),
        ("email,topics\nkari@example.org,l\x00m\n", "line 2.*control character"),
        ('{"email": "kari@example.org"}\n{"email": \n', "line 2.*JSON"),
        ('{"email": "kari@example.org"}\n[1]\n', "line 2.*JSON"),
        (b"\xff\xfee\x00m\x00a\x00i\x00l\x00\n\x00\x00\xd8", "can't be decoded"),
        (b"email,filters\nkari@example.org,\x81\n", "can't be decoded"),
    ],
)
def test_what_would_be_a_guess_is_an_error_and_nobody_is_added(
    here: Installation, table: bytes | str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        take(here, table)
    assert people(here) == {}


def test_a_field_that_goes_on_behind_its_quote_is_shown_as_it_is_to_be_written() -> None:
    table = b'email,filters\nkari@example.org,"state space" OR mamba\n'
    with pytest.raises(InputError) as caught:
        list(read_table(io.BytesIO(table), COLUMNS))
    assert caught.value.fix.endswith('"""state space"" OR mamba"')
    mended = table.replace(b'"state space" OR mamba', b'"""state space"" OR mamba"')
    (row,) = read_table(io.BytesIO(mended), COLUMNS)
    assert row.fields["filters"] == '"state space" OR mamba'


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_words(raw: bytes) -> None:
    with contextlib.suppress(InputError):
        list(read_table(io.BytesIO(b"email,topics\n" + raw), COLUMNS))


# ---------------------------------------------------------------- who is there already


@sqlite_only
def test_a_column_that_is_not_there_changes_nothing_about_somebody_known(here: Installation) -> None:
    take(here, "email,topics,at\nkari@example.org,llm,09:00\n")
    assert take(here, "email\nkari@example.org\n").unchanged == 1
    assert take(here, "email,topics\nKari@Example.org,rag\n").updated == 1
    person = only(here)
    assert (person.interests.topics, f"{person.schedule.at:%H:%M}") == (("rag",), "09:00")


@sqlite_only
def test_who_left_there_leaves_here_and_who_left_here_does_not_come_back(here: Installation) -> None:
    take(here, "email\nkari@example.org\nola@example.org\nliv@example.org\n", consent="asked by mail")
    report = take(here, "email,status\nkari@example.org,unsubscribed\nola@example.org,suppressed\n")
    assert report.updated == 2
    assert take(here, "email,status\nkari@example.org,active\n", consent="again").unchanged == 1
    assert [person.status for person in people(here).values()] == [UNSUBSCRIBED, SUPPRESSED, ACTIVE]
    with session.reading(here.engine) as db:
        assert suppressions.among(db, [address_hash("ola@example.org", here.keys)])


@sqlite_only
def test_wrong_lines_are_left_out_where_that_is_asked_for(here: Installation) -> None:
    report = take(here, "email,max\nkari@example.org,5\nola@example,5\nliv@example.org,x\n", skip_errors=True)
    assert (report.added, [line for line, _ in report.errors]) == (1, [3, 4])
    assert list(people(here)) == ["kari@example.org"]


def test_a_later_row_about_somebody_counts(here: Installation) -> None:
    report = take(here, "email,topics\nkari@example.org,llm\nkari@example.org,rag\n")
    assert (report.added, report.updated) == (1, 1)
    assert only(here).interests.topics == ("rag",)


# ---------------------------------------------------------------- roles and names


def test_roles_and_names_come_with_a_table_and_a_column_that_is_not_there_leaves_them(
    here: Installation,
) -> None:
    both = take(here, "email,role,display_name\nkari@example.org,curator,Kari\nola@example.org,,\n")
    assert (both.added, both.roles, both.errors) == (2, 1, [])
    assert take(here, "email\nkari@example.org\n").unchanged == 1
    assert take(here, "email,role\nkari@example.org,\n").unchanged == 1
    kari, ola = people(here).values()
    assert [(one.role, one.display_name) for one in (kari, ola)] == [("curator", "Kari"), ("reader", "")]
    changed = take(here, "email,role,display_name\nkari@example.org,Reader,\nola@example.org,admin,Ola\n")
    assert (changed.updated, changed.roles) == (2, 2)
    kari, ola = people(here).values()
    assert [(one.role, one.display_name) for one in (kari, ola)] == [("reader", ""), ("admin", "Ola")]


@pytest.mark.parametrize(
    "rows",
    [
        "new@example.org,Kari\n",
        "ola@example.org,k-a-r-i\n",
        "a@example.org,Liv\nb@example.org,LIV\n",
        "ola@example.org,Liv\nb@example.org,Liv\n",
        "b@example.org,Liv\nola@example.org,Liv\n",
    ],
)
def test_no_two_people_get_one_name_from_a_table(here: Installation, rows: str) -> None:
    take(here, "email,display_name\nkari@example.org,Kari\nola@example.org,Ola\n")
    report = take(here, f"email,display_name\n{rows}", skip_errors=True)
    line = rows.count("\n") + 1
    assert [(line, "taken" in error) for line, error in report.errors] == [(line, True)]


def test_a_name_that_somebody_gives_up_is_free_for_the_next_row(here: Installation) -> None:
    take(here, "email,display_name\nkari@example.org,Kari\n")
    report = take(here, "email,display_name\nkari@example.org,Kari B\nb@example.org,Kari\n")
    assert (report.added, report.updated, report.errors) == (1, 1, [])
    assert [person.display_name for person in people(here).values()] == ["Kari B", "Kari"]


@sqlite_only
def test_another_role_is_given_by_nobody_who_was_not_asked(here: Installation) -> None:
    report = take(here, "email,role\nkari@example.org,admin\n", only_new=True)
    assert (report.roles, report.is_written, people(here)) == (1, False, {})


# ---------------------------------------------------------------- there and back

EVERYTHING = (
    "email,topics,filters,exclude,frequency,weekday,at,timezone,max,front,status,min_upvotes,top,quiet_days,"
    "paused_until,joined_at,consent,consent_at,role,display_name\n"
    'kari@example.org,llm;rag,"""state; space"";ti:mamba",survey,weekly,fri,07:30,Europe/Oslo,7,3,active,3,2,'
    "yes,,"
    '2025-01-02T03:04:05Z,"asked, by mail",2025-01-03T00:00:00Z,admin,=Kari\n'
    "=ola@example.org,,,,daily,,08:00,UTC,20,,pending,,,no,,2025-01-02T03:04:05Z,,,reader,Ola\n"
    "liv@bücher.example,,,,weekdays,,08:00,UTC,20,,paused,,,no,2026-12-24T00:00:00Z,2025-01-02T03:04:05Z,ok,"
    "2025-01-03T00:00:00Z,curator,山田 太郎\n"
    "nils@example.org,,,,daily,,08:00,UTC,20,,unsubscribed,,,no,,2025-01-02T03:04:05Z,ok,"
    "2025-01-03T00:00:00Z,,\n"
    "tor@example.org,,,,daily,,08:00,UTC,20,,suppressed,,,no,,2025-01-02T03:04:05Z,,,,\n"
)


def exported(here: Installation, *, as_json: bool) -> str:
    out = io.StringIO(newline="")
    assert export_subscribers(here, out, as_json=as_json) == 5
    return out.getvalue()


@pytest.mark.parametrize("as_json", [False, True])
def test_an_export_that_is_imported_elsewhere_is_exported_to_the_same_bytes(
    here: Installation, *, as_json: bool
) -> None:
    assert take(here, EVERYTHING).errors == []
    first = exported(here, as_json=as_json)
    assert take(here, first).unchanged == 5
    with session.transaction(here.engine) as db:
        for person in subscribers.listing(db):
            subscribers.erase(db, person.id)
    assert take(here, first).added == 5
    assert exported(here, as_json=as_json) == first
    statuses = [person.status for person in people(here).values()]
    assert statuses == [ACTIVE, PENDING, SubscriberStatus.PAUSED, UNSUBSCRIBED, SUPPRESSED]


def test_no_field_of_an_export_is_a_formula(here: Installation) -> None:
    take(here, EVERYTHING)
    assert "\n'=ola@example.org," in exported(here, as_json=False)


def test_an_export_is_what_csv_and_json_write_of_the_same_fields(here: Installation) -> None:
    """Lines are put together from pieces; each must be the line of Python's own writers."""
    take(here, EVERYTHING)
    table = (
        "email,topics,filters,max,min_upvotes,front,top,about_only,at,frequency,weekday,consent,consent_at,"
        "joined_at\n"
        'a&b@example.org,,"""x, y"";au:""Ada O\'Neil""",1,1,1,1,yes,23:59,weekly,sun,"=say ""yes"", 10",'
        "2025-01-02T03:04:05.000007Z,0999-12-31T23:59:59.9Z\n"
        "o'neil@example.org,,,20,0,0,0,,00:00,daily,,'quoted',2025-01-02,2025-01-02T00:00:00+02:00\n"
    )
    report = take(here, table)
    assert (report.added, report.errors) == (2, [])
    as_csv, as_json = io.StringIO(newline=""), io.StringIO(newline="")
    assert export_subscribers(here, as_csv) == export_subscribers(here, as_json, as_json=True) == 7
    rows = list(csv.reader(io.StringIO(as_csv.getvalue(), newline="")))
    again = io.StringIO(newline="")
    csv.writer(again).writerows(rows)
    assert (tuple(rows[0]), again.getvalue()) == (COLUMNS, as_csv.getvalue())
    objects = [json.loads(line) for line in as_json.getvalue().splitlines()]
    lines = [json.dumps(each, ensure_ascii=False) for each in objects]
    assert lines == as_json.getvalue().splitlines()
    shown = [{name: cell for name, cell in zip(COLUMNS, row, strict=True) if cell} for row in rows[1:]]
    plain = [{name: re.sub(r"^'(?=[=+\-@'])", "", cell) for name, cell in each.items()} for each in shown]
    assert plain == objects
    named = objects[-2]
    assert (named["max"], named["min_upvotes"], named["front"], named["top"]) == ("1", "1", "1", "1")
    assert (named["about_only"], named["weekday"], named["at"]) == ("yes", "sun", "23:59")
    assert (named["joined_at"], named["consent_at"]) == (
        "0999-12-31T23:59:59.900000Z",
        "2025-01-02T03:04:05.000007Z",
    )


# ---------------------------------------------------------------- lists of others

LISTS = {
    ListFormat.LISTMONK: (
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        '1,kari@example.org,Kari,"{""city"": ""Oslo""}",enabled,2024-05-01 10:00:00.123456+00:00,\n'
        "2,ola@example.org,Ola,{},blocklisted,2024-05-01T10:00:00Z,\n"
    ),
    ListFormat.MAILMAN: "kari@example.org\nOla N <ola@example.org>\n\n",
    ListFormat.BUTTONDOWN: (
        "email,notes,type,creation_date\n"
        "kari@example.org,,regular,2024-05-01T10:00:00Z\nola@example.org,,undeliverable,2024-05-01T10:00:00Z\n"
    ),
    ListFormat.MAILCHIMP: (
        "Email Address,First Name,OPTIN_TIME,CONFIRM_TIME,UNSUB_TIME\n"
        "kari@example.org,Kari,2024-05-01 10:00:00,2024-05-01 10:05:00,\n"
        "ola@example.org,Ola,2024-05-01 10:00:00,2024-05-01 10:05:00,2025-01-01 00:00:00\n"
    ),
}
BECAME = {
    ListFormat.LISTMONK: [PENDING, SUPPRESSED],
    ListFormat.MAILMAN: [PENDING, PENDING],
    ListFormat.BUTTONDOWN: [PENDING, SUPPRESSED],
    ListFormat.MAILCHIMP: [ACTIVE, UNSUBSCRIBED],
}


@sqlite_only
@pytest.mark.parametrize("form", ListFormat)
def test_an_export_of_another_list_brings_who_left_and_who_bounced(
    here: Installation, form: ListFormat
) -> None:
    assert take(here, LISTS[form], form=form).errors == []
    assert list(people(here)) == ["kari@example.org", "ola@example.org"]
    assert [person.status for person in people(here).values()] == BECAME[form]


@sqlite_only
def test_a_status_that_another_list_does_not_have_is_an_error(here: Installation) -> None:
    with pytest.raises(InputError, match="line 2: 'odd'"):
        take(here, "email,status\nkari@example.org,odd\n", form=ListFormat.LISTMONK)


# ---------------------------------------------------------------- acts, and what takes them back


def acts(here: Installation, act: str) -> list[audit.Entry]:
    with session.reading(here.engine) as db:
        return [each for each in audit.listing(db, limit=1000) if each.act == act]


def test_each_whom_a_table_changes_has_an_act_that_takes_it_back(here: Installation) -> None:
    take(
        here,
        "email,topics,at\r\nada@example.org,llm,08:00\r\nbob@example.org,rag,08:00\r\n",
        consent="said so",
    )
    before = people(here)
    report = take(
        here, "email,topics,at,filters\r\nada@example.org,rag,17:30,mamba\r\nbob@example.org,rag,08:00,\r\n"
    )
    assert (report.updated, report.unchanged) == (1, 1)
    ada = people(here)["ada@example.org"]
    assert (ada.interests.topics, ada.interests.filters, f"{ada.schedule.at:%H:%M}") == (
        ("rag",),
        ("mamba",),
        "17:30",
    )
    due = next_due(ada.schedule, NOW)
    assert due
    assert ada.next_due_at == due[0]
    (changed,) = acts(here, "subscriber.edit")
    assert changed.object == f"subscriber:{ada.id}"
    undo.undo(here, changed.id, NOW)
    assert people(here) == before


def test_undoing_an_import_takes_away_whom_it_added_and_nothing_happened_to(here: Installation) -> None:
    take(here, "email,topics\r\nada@example.org,llm\r\n", consent="said so")
    take(
        here,
        "email,topics\r\nada@example.org,rag\r\n" + "".join(f"p{n}@example.org,llm\r\n" for n in range(4)),
        consent="said so",
    )
    there = people(here)
    preferences.pause(here, there["p1@example.org"].id, NOW + timedelta(days=5), NOW)
    imported = acts(here, "subscribers.import")[0]
    undone = undo.undo(here, imported.id, NOW)
    assert set(people(here)) == {"ada@example.org", "p1@example.org"}
    assert people(here)["ada@example.org"].interests.topics == ("rag",)  # an act of its own
    assert undone.after == {"removed": 3, "stayed": 1}
    with pytest.raises(RefusedError, match="undone already"):
        undo.undo(here, imported.id, NOW)


def test_an_import_to_all_of_whom_something_happened_is_not_undone(here: Installation) -> None:
    take(here, "email,topics\r\nada@example.org,llm\r\n", consent="said so")
    preferences.pause(here, people(here)["ada@example.org"].id, NOW + timedelta(days=5), NOW)
    with pytest.raises(RefusedError, match="everybody whom act"):
        undo.undo(here, acts(here, "subscribers.import")[0].id, NOW)
    assert len(people(here)) == 1
