"""Shows how far long work is: a bar on a terminal, nothing anywhere else."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

OnProgress = Callable[[float, int], None]
"""Told how much is done, in the unit of the total, and how many papers that brought."""


@contextmanager
def progress(total: float | None, unit: str) -> Iterator[OnProgress]:
    """Show what is done of the total (None: nobody knows), papers, papers a second, and the time left."""
    with _bar(total, has_bar=True) as show:

        def on_progress(done: float, papers: int) -> None:
            of = "" if total is None else f"{done:g}/{total:g} {unit}, "
            show(done, lambda seconds: f"{of}{papers:,} papers, {papers / seconds:,.1f}/s")

        yield on_progress


@contextmanager
def counting(unit: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show how many of something are done, and how many a second, on a terminal; with a total, a bar and the
    time left. Told of each few more."""
    with _bar(total, has_bar=bool(total)) as show:
        done = 0

        def more(count: int) -> None:
            nonlocal done
            done += count
            show(done, lambda seconds: f"{done:,} {unit}, {done / seconds:,.0f}/s")

        yield more


@contextmanager
def _bar(total: float | None, *, has_bar: bool) -> Iterator[Callable[[float, Callable[[float], str]], None]]:
    """Show on a terminal how much of a total is done; told of that, and what to say after so many seconds."""
    if not sys.stderr.isatty():  # Rich takes a tenth of a second to import
        yield lambda _done, _text: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    text = TextColumn("{task.description}")
    columns = (BarColumn(), text, TimeRemainingColumn()) if has_bar else (SpinnerColumn(), text)
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total)

        def show(done: float, text: Callable[[float], str]) -> None:
            bar.update(task, completed=done, description=text(bar.tasks[0].elapsed or 1))

        yield show
