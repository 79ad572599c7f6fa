"""Where the files of a feed stand: folders are searched, links followed, nothing is read twice."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from riskstrat.errors import RecordsError

__all__ = [
    "Place",
    "damaged",
    "is_apart",
    "is_hidden",
    "is_truth",
    "permitted",
    "places_in",
]

_TRUTH = "truth.json"
"""A folder with this file is the truth of a simulated district: for judging only, never a feed."""
_APART = re.compile(r"governance\.toml|feeds\.json|(readme|licen[cs]e[\w-]*)(\.md|\.txt)?")
"""Names, in lower case, of what stands beside the files of a feed and holds no records."""
_LEADS_NOWHERE = (errno.ENOENT, errno.ELOOP, errno.ENOTDIR)


@dataclass(frozen=True)
class Place:
    """A file of a feed: its name in the feed, with forward slashes, and where it can be read."""

    name: str
    path: Path

    @property
    def ending(self) -> str:
        """The ending of its name, in lower case, with the dot."""
        return PurePosixPath(self.name).suffix.lower()


def is_apart(name: str) -> bool:
    """Whether a file of that name is no part of a feed.

    Examples
    --------
    >>> is_apart("README.md"), is_apart("LICENSE"), is_apart("readme.csv")
    (True, True, False)
    """
    return _APART.fullmatch(name.lower()) is not None


def is_hidden(name: str) -> bool:
    """Whether a file or folder of that name is no part of a feed because it is hidden."""
    return name[:1] in {".", "_"}


def is_truth(name: str) -> bool:
    """Whether a file of that name makes its folder the truth of a simulated district."""
    return name == _TRUTH


def damaged(name: str) -> RecordsError:
    """The error of a file whose bytes cannot be read as what its name says."""
    return RecordsError(
        f"file '{name}' cannot be read: it is truncated, damaged or not what its name says.",
        do="Fetch the file again from where it came from.",
    )


@contextmanager
def permitted(name: str) -> Iterator[None]:
    """Turn the system's refusal to read `name` into an error that says so."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise RecordsError(
            f"'{name}' cannot be read: {reason}.",
            do="Ask for read permission on the folder and its files, or copy them elsewhere.",
        ) from None


def places_in(feed: Path, leave_out: Sequence[Path] = ()) -> list[Place]:
    """Every file of a feed, by name.

    Parameters
    ----------
    feed : Path
        A file, or a folder that is searched with everything below it. Hidden files and folders and
        :func:`what stands beside a feed <is_apart>` are no part of it. A link to a file or folder
        of the feed is followed unless that is found anyway.
    leave_out : sequence of Path
        Files and folders that are not part of the feed, such as an earlier output.

    Raises
    ------
    RecordsError
        When a link leads out of the feed or nowhere, or something is neither a file nor a folder.
    OSError
        When a folder cannot be read.
    """
    if not feed.is_dir():
        return [Place(feed.name, feed)]
    walk = _Walk(feed.resolve(), frozenset(path.resolve() for path in leave_out))
    walk.folder("", feed.resolve())
    while walk.links:
        walk.link(*walk.links.popleft())
    return sorted(walk.found, key=lambda place: place.name)


@dataclass
class _Walk:
    """What was found below a folder; links wait until all that is no link was found."""

    root: Path
    left_out: frozenset[Path]
    found: list[Place] = field(default_factory=list)
    links: deque[tuple[str, Path]] = field(default_factory=deque)
    _seen: set[Path] = field(default_factory=set)

    def folder(self, prefix: str, folder: Path) -> None:
        """Look through a folder, given by its real path, and those below it."""
        waiting = [(prefix, folder)]
        while waiting:
            name, here = waiting.pop()
            if here in self._seen or here in self.left_out or (here / _TRUTH).is_file():
                continue
            self._seen.add(here)
            for path in sorted(here.iterdir()):
                inside = f"{name}/{path.name}".lstrip("/")
                if is_hidden(path.name) or is_apart(path.name):
                    continue
                if path.is_symlink():
                    self.links.append((inside, path))
                elif path.is_dir():
                    waiting.append((inside, path))
                else:
                    self._file(inside, path)

    def link(self, name: str, link: Path) -> None:
        """Follow a link, unless what it leads to was found already or is left out."""
        real = _real(name, link)
        if not real.is_relative_to(self.root):
            raise RecordsError(
                f"'{name}' is a link that leads out of the folder of the feed: what is not in the "
                "folder is not read.",
                do="Copy what it leads to into the folder, or remove the link.",
            )
        if self.left_out.intersection((real, *real.parents)):
            return
        if real.is_dir():
            self.folder(name, real)
        else:
            self._file(name, real)

    def _file(self, name: str, path: Path) -> None:
        if path in self._seen or path in self.left_out:
            return
        if not stat.S_ISREG(path.stat().st_mode):
            raise RecordsError(
                f"'{name}' is neither a file nor a folder, but a device or a pipe.",
                do="Remove it from the folder of the feed.",
            )
        self._seen.add(path)
        self.found.append(Place(name, path))


def _real(name: str, link: Path) -> Path:
    try:
        return Path(os.path.realpath(link, strict=True))
    except OSError as error:
        if error.errno not in _LEADS_NOWHERE:
            raise
        raise RecordsError(
            f"'{name}' is a link that leads nowhere.",
            do="Copy what it should lead to into the folder, or remove the link.",
        ) from None
