"""Gets the history of a session's project: from the cache, or by a replay that is then kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from driftcheck.config.settings import Bootstrap
from driftcheck.databases.catalog import Scope
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.messages import lacks_rights
from driftcheck.databases.shadow.base import ShadowDatabase
from driftcheck.errors import ConfigurationError, ProjectError, ReplayError, ShadowError
from driftcheck.pipeline.session import Session
from driftcheck.project.redirect import ShadowSet
from driftcheck.schema import SchemaObject, Snapshot
from driftcheck.sources.bootstrap import description, prepare
from driftcheck.sources.cache import Cache
from driftcheck.sources.files import changed_files, file_digests, fingerprint
from driftcheck.sources.history import (
    FRESH,
    CachedHistory,
    History,
    replay_history,
    version_table_keys,
)
from driftcheck.sources.reading import read_restricted, read_shadow
from driftcheck.sources.replay import Destinations, Replay, RevisionFailure
from driftcheck.sources.untrusted import build_untrusted
from driftcheck.storage.snapshot_file import SnapshotFile, digest, load

_ROLE_EXISTS = re.compile(r'role "(.+)" already exists')

_FOR_WANT_OF_RIGHTS = (
    "what comes after a base snapshot is replayed by a role without a superuser's rights: "
    "a revision that needs them runs only in a history that begins from nothing or a bootstrap"
)


@dataclass(frozen=True)
class Replayed:
    """A history, and what its replay did besides.

    Attributes:
        history: The history.
        files: Files of the project that the replay has written.
    """

    history: History
    files: Sequence[Path] = field(default_factory=tuple)


def get_history(session: Session, stamped: Destinations) -> Replayed:
    """Get the history at the revisions of the live databases, and at its head.

    Args:
        session: The session.
        stamped: The revisions of each live database's version tables.

    Raises:
        ReplayError: What must come before the history does not run.
    """
    beginning = _beginning(session)
    cached = None if beginning is None else _cached(session, stamped, beginning)
    if cached is not None and session.settings.cache and (kept := cached.get()):
        return Replayed(kept)
    session.progress("replaying the history")
    script = session.project.script_directory()
    before = file_digests(script)
    replayed: list[History] = []

    def replay() -> RevisionFailure | None:
        replayed.append(_replay(session, stamped))
        return replayed[-1].fault

    replay_past_roles(session, session.replayed, replay)
    history = replayed[-1]
    if cached is not None:
        cached.put(history)
    return Replayed(history, changed_files(before, file_digests(script)))


def replay_with_stops(
    session: Session, stops: Sequence[Destinations], at: Callable[[int, Replay], None]
) -> Replay:
    """Replay the history from its beginning, and halt at several places on the way.

    Args:
        session: The session, with the empty shadows in which to do it.
        stops: Where to halt, in the order of the history; without destinations for its beginning.
        at: Told of each place that was reached, while nothing is connected to the shadows. It is
            told of all of them again where the replay has to begin again.

    Raises:
        ReplayError: What must come before the history does not run.
    """
    session.progress("replaying the history")
    replays: list[Replay] = []

    def replay() -> RevisionFailure | None:
        replays.append(_replay_with_stops(session, stops, at))
        return replays[-1].fault

    replay_past_roles(session, session.replayed, replay)
    return replays[-1]


def _replay_with_stops(
    session: Session, stops: Sequence[Destinations], at: Callable[[int, Replay], None]
) -> Replay:
    prepare_shadow_set(session, session.replayed)
    replay = Replay(session.project, session.redirect, session.replayed)
    for number, stop in enumerate(stops):
        if not replay.upgrade(stop):
            break
        at(number, replay)
    return replay


def _replay(session: Session, stamped: Destinations) -> History:
    prepare_shadow_set(session, session.replayed)
    replay = Replay(session.project, session.redirect, session.replayed)
    history = replay_history(replay, session.replayed, session.environment, stamped, session.scope)
    history.fault = with_reason(session.replayed, history.fault)
    return _as_in_base(session, history) if history.stamped else history


def with_reason(shadow_set: ShadowSet, failure: RevisionFailure | None) -> RevisionFailure | None:
    """The failure, with the reason if the restricted role of a base snapshot lacks a right."""
    restricted = any(shadow.role for shadow in shadow_set.shadows.values())
    if failure is None or not restricted or not lacks_rights(failure.message):
        return failure
    return replace(failure, message=f"{failure.message} ({_FOR_WANT_OF_RIGHTS})")


def replay_past_roles(
    session: Session, shadow_set: ShadowSet, replay: Callable[[], RevisionFailure | None]
) -> None:
    """Replay and, where a revision cannot make a role that is there beforehand, again without it.

    Live's roles are made beforehand, for histories that only use them. Those that an earlier
    replay has made are still there.

    Args:
        session: The session.
        shadow_set: The shadows that are replayed in; they are begun again each time.
        replay: Replays, and says what stopped it.
    """
    released: set[str] = set()
    while (fault := replay()) is not None:
        role = _ROLE_EXISTS.search(fault.message)
        if role is None or role[1] in released:
            return
        released.add(role[1])
        for used in (session.replayed, shadow_set):  # a role goes only where nothing needs it
            used.begin_again()
        gone = [maker.release_role(role[1]) for maker in session.shadows.makers]
        if not any(gone):
            return


def _cached(session: Session, stamped: Destinations, beginning: str) -> CachedHistory:
    settings = session.settings
    others = settings.bootstrap, beginning, settings.x, session.scope
    cache = Cache(session.project.script_directory(), map(str, others))
    return CachedHistory(
        cache,
        session.environment,
        stamped,
        lambda database_key: session.maker(database_key).flavour,
    )


def _beginning(session: Session) -> str | None:
    """What the history begins with, as a text that is another where that is another.

    Returns:
        ``None`` where it cannot be told, so that nothing may be taken from the cache.
    """
    settings, bootstrap = session.settings, session.settings.bootstrap
    try:
        if bootstrap is None:
            return fingerprint([settings.base_snapshot]) if settings.base_snapshot else ""
        if bootstrap.what == "import":
            return _imported(session)
        configured = [one for several in session.environment.databases.values() for one in several]
        return description(bootstrap, configured, settings.root)
    except OSError:  # a file that cannot be read: to prepare the shadows will say so
        return None


def _imported(session: Session) -> str:
    """What the project's import has written."""
    written = session.imported.shadows
    return " ".join(digest(read_shadow(written[at].url, (), Scope())) for at in sorted(written))


def prepare_shadow_set(session: Session, shadow_set: ShadowSet) -> tuple[str, ...]:
    """Bring a shadow set's empty shadows to where the history can be taken up.

    Returns:
        The revisions that they are at; none where the history is taken up at its beginning.
    """
    settings = session.settings
    for database_key in session.environment.databases:
        shadow_set.shadow_of(session.target(database_key))
    if settings.bootstrap is not None:
        _run_bootstrap(session, shadow_set, settings.bootstrap)
        if settings.bootstrap.revision:
            stamp(session, shadow_set, (settings.bootstrap.revision,))
            return (settings.bootstrap.revision,)
    elif settings.base_snapshot is not None:
        base = read_base_snapshot(settings.base_snapshot)
        for shadow in shadow_set.shadows.values():
            build_untrusted(base.snapshot, shadow)
        stamp(session, shadow_set, base.revisions)
        return base.revisions
    return ()


def _as_in_base(session: Session, history: History) -> History:
    """The history, with what it has from the base snapshot in the base snapshot's words."""
    reword = in_words_of_base(session, min(history.stamped))
    same = {id(one): one for one in (*history.stamped.values(), *history.head.values())}
    reworded = {key: reword(one) for key, one in same.items()}
    history.stamped = {at: reworded[id(one)] for at, one in history.stamped.items()}
    history.head = {at: reworded[id(one)] for at, one in history.head.items()}
    return history


def in_words_of_base(session: Session, database_key: DatabaseKey) -> Callable[[Snapshot], Snapshot]:
    """What says a whole snapshot as ``wording`` has it."""
    word = wording(session, database_key)
    if word is None:
        return lambda snapshot: snapshot

    def reword(snapshot: Snapshot) -> Snapshot:
        return replace(snapshot, objects={at: word(one) for at, one in snapshot.objects.items()})

    return reword


def wording(
    session: Session, database_key: DatabaseKey
) -> Callable[[SchemaObject], SchemaObject] | None:
    """How to say what comes from the base snapshot in the base snapshot's words.

    A server does not always print what it was given: ``CHECK (a IN ('x'))`` reads differently
    when it is made from how it was printed. What nobody changed since is said as it was.

    Returns:
        ``None`` where the history does not begin from a base snapshot.
    """
    path = session.settings.base_snapshot
    if path is None or session.settings.bootstrap is not None:
        return None
    base = read_base_snapshot(path).snapshot
    shadow = session.shadows.make_restricted(session.target(database_key), "base")
    build_untrusted(base, shadow)
    built = read_restricted(shadow, session.scope)

    def word(thing: SchemaObject) -> SchemaObject:
        as_built, as_said = built.objects.get(thing.address), base.objects.get(thing.address)
        if as_built is None or as_said is None or thing.attributes != as_built.attributes:
            return thing
        return replace(thing, attributes=as_said.attributes)

    return word


def _run_bootstrap(session: Session, shadow_set: ShadowSet, bootstrap: Bootstrap) -> None:
    for database_key, configured in session.environment.databases.items():
        shadow = shadow_set.shadows[database_key]
        context = session.project.application_context()
        with session.redirect.to(shadow_set), context:
            prepare(bootstrap, shadow.url, configured, session.project.root)


def read_base_snapshot(path: Path) -> SnapshotFile:
    """Read the base snapshot that a project keeps.

    Raises:
        ConfigurationError: It is not there, or damaged.
    """
    try:
        return load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ConfigurationError) as error:
        raise ConfigurationError(
            f"cannot read the base snapshot {path}: {error}",
            hint="Write it from a database that is known to be good: "
            "driftcheck snapshot --write FILE",
        ) from None


def stamp(session: Session, shadow_set: ShadowSet, revisions: Sequence[str]) -> None:
    """Record revisions in the shadows of a shadow set as run."""
    replay = Replay(session.project, session.redirect, shadow_set)
    for revision in revisions:
        replay.stamp(revision)


def head_shadows(session: Session, history: History) -> ShadowSet:
    """Shadows at the history's head: those of the replay or, of a cached one, built from it.

    What cannot be built from a snapshot alike is replayed instead, and so is everything where
    nothing that a file says is run.
    """
    if history.how == FRESH:
        return session.replayed
    makers = [session.maker(database_key) for database_key in history.head]
    if not all(maker.runs_untrusted_files for maker in makers):
        return replayed_heads(session)
    session.progress("building the head")
    built = ShadowSet("head", session.shadows.make_restricted)
    for database_key, snapshot in history.head.items():
        if not _is_built(snapshot, built.shadow_of(session.target(database_key)), session.scope):
            return replayed_heads(session)
    try:
        stamp(session, built, session.environment.heads)
    except ProjectError:  # env.py needs a right that a restricted shadow does not give
        return replayed_heads(session)
    return built


def _is_built(snapshot: Snapshot, shadow: ShadowDatabase, scope: Scope) -> bool:
    try:
        build_untrusted(snapshot, shadow)
    except (ReplayError, ShadowError):
        return False
    return digest(read_restricted(shadow, scope)) == digest(snapshot)


def replayed_heads(session: Session) -> ShadowSet:
    """Shadows in which the history is replayed to its heads."""
    session.progress("replaying the history")
    session.replayed.begin_again()
    prepare_shadow_set(session, session.replayed)
    heads = dict.fromkeys(version_table_keys(session.environment), session.environment.heads)
    Replay(session.project, session.redirect, session.replayed).upgrade(heads)
    return session.replayed
