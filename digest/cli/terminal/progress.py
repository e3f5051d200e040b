"""How far long work is: a bar on a terminal, nothing anywhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

OnProgress = Callable[[float, int], None]
"""Told how much is done, in the unit of the total, and how many papers that brought."""


@contextmanager
def progress(total: float | None, unit: str) -> Iterator[OnProgress]:
    """Show what is done of the total (None: nobody knows), papers, papers a second, and the time left."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total)

        def on_progress(done: float, papers: int) -> None:
            rate = papers / (bar.tasks[0].elapsed or 1)
            of = "" if total is None else f"{done:g}/{total:g} {unit}, "
            bar.update(task, completed=done, description=f"{of}{papers:,} papers, {rate:,.1f}/s")

        yield on_progress


@contextmanager
def counting(unit: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show how many of something are done, and how many a second, on a terminal; with a total, a bar and the
    time left. Told of each few more."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    text = TextColumn("{task.description}")
    columns = (BarColumn(), text, TimeRemainingColumn()) if total else (SpinnerColumn(), text)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total)
        done = 0

        def more(count: int) -> None:
            nonlocal done
            done += count
            rate = f"{done:,} {unit}, {done / (bar.tasks[0].elapsed or 1):,.0f}/s"
            bar.update(task, completed=done, description=rate)

        yield more
