"""Settings, read from the environment here and nowhere else. Wrong ones are refused together, each by its name."""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sqlalchemy.engine import URL

from config import values
from config.keys import KeySettings, read_key_settings
from config.values import Network, Refusal

ENVIRONMENTS = ("production", "demo", "test")
SECRET_LENGTH = 32
SECRET_VARIETY = 12
NO_DATABASE = URL.create("postgresql")

T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """How one installation runs. Sizes in bytes; the session's limits in minutes without use and hours in all.

    `seal_lag_minutes` is how long an entry of the audit log may wait for its seal before the service is not ready.
    The two recipients are public age keys (X25519): for backups of the data, and for those of the keys.
    """

    environment: str
    database_url: str = field(repr=False)
    key_directory: Path
    erasure_ledger_directory: Path
    backup_recipient: str
    key_backup_recipient: str
    backup_retention_days: int
    keys: KeySettings
    secret_key: str = field(repr=False)
    public_url: str
    cookie_secure: bool
    trusted_proxies: int
    allowed_origins: tuple[str, ...]
    smtp_url: str | None = field(repr=False)
    mail_sink_directory: Path
    webhook_ports: tuple[int, ...]
    webhook_networks: tuple[Network, ...]
    webhook_ca_file: str | None
    checkpoint_directory: Path
    seal_lag_minutes: int
    session_idle_minutes: int
    session_absolute_hours: int
    second_factor_required: bool
    theme_directory: Path | None
    max_body_bytes: int
    import_max_bytes: int


@dataclass(frozen=True)
class SettingProblem:
    """One wrong setting: its name and what it must be. Never its value."""

    name: str
    detail: str


class SettingsError(ValueError):
    """The service does not start: `problems` names every wrong setting."""

    def __init__(self, problems: list[SettingProblem]) -> None:
        lines = [f"- {problem.name}: {problem.detail}" for problem in problems]
        super().__init__("\n".join(["De instellingen kloppen niet:", *lines]))
        self.problems = tuple(problems)


class _Reader:
    """Reads one setting after the other and remembers what was wrong."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.problems: dict[str, str] = {}

    def read(self, name: str, default: str, parse: Callable[[str], T], fallback: T) -> T:
        """The parsed value; an empty variable counts as absent, a refused one is remembered."""
        try:
            return parse(self.env.get(name) or default)
        except Refusal as refusal:
            self.refuse(name, str(refusal))
            return fallback

    def refuse(self, name: str, detail: str) -> None:
        """Remember a setting that is wrong by itself or beside another one."""
        self.problems.setdefault(name, detail)

    def raise_if_wrong(self) -> None:
        """End with every problem found, if there is any."""
        if self.problems:
            raise SettingsError([SettingProblem(name, detail) for name, detail in self.problems.items()])


def project_root() -> Path:
    """The folder of the source tree, or the working folder of an installed service."""
    source = Path(__file__).resolve().parents[1]
    return source if (source / "pyproject.toml").exists() else Path.cwd()


def load(env: Mapping[str, str] = os.environ, root: Path | None = None) -> Settings:
    """The settings of this installation; raises `SettingsError` with everything that is wrong (ASVS 13.1)."""
    root = root or project_root()
    reader = _Reader(env)
    environment = reader.read("ENVIRONMENT", _usual_environment(root), values.one_of(ENVIRONMENTS), "production")
    is_production = environment == "production"
    url = reader.read("DATABASE_URL", _default_database(root), values.database_url, NO_DATABASE)
    key_directory = reader.read("KEY_DIRECTORY", str(root / "var" / "keys"), values.absolute_path, root)
    settings = Settings(
        environment=environment,
        database_url=url.render_as_string(hide_password=False),
        key_directory=key_directory,
        erasure_ledger_directory=reader.read(
            "ERASURE_LEDGER_DIRECTORY", str(root / "var" / "ledger"), values.absolute_path, root
        ),
        backup_recipient=reader.read("BACKUP_RECIPIENT", "", values.recipient, ""),
        key_backup_recipient=reader.read("KEY_BACKUP_RECIPIENT", "", values.recipient, ""),
        backup_retention_days=reader.read("BACKUP_RETENTION_DAYS", "30", values.number(1, 365), 30),
        keys=read_key_settings(reader, reader.env, key_directory, is_production=is_production),
        secret_key=_read_secret(reader, root, url, is_production=is_production),
        public_url=reader.read(
            "PUBLIC_URL", "" if is_production else "http://127.0.0.1:8000", values.public_url(is_production), ""
        ),
        cookie_secure=reader.read(
            "COOKIE_SECURE", "no" if environment == "demo" else "yes", values.cookie_secure(is_production), True
        ),
        trusted_proxies=reader.read("TRUSTED_PROXIES", "0", values.number(0, 9), 0),
        allowed_origins=reader.read("ALLOWED_ORIGINS", "", values.origins, ()),
        smtp_url=reader.read("SMTP_URL", "", values.smtp_url, None),
        mail_sink_directory=reader.read("MAIL_SINK_DIRECTORY", str(root / "var" / "mail"), values.absolute_path, root),
        webhook_ports=reader.read("WEBHOOK_PORTS", "443,8443", values.ports, ()),
        webhook_networks=reader.read("WEBHOOK_NETWORKS", "", values.networks, ()),
        webhook_ca_file=reader.read("WEBHOOK_CA_FILE", "", values.certificates, None),
        checkpoint_directory=reader.read(
            "CHECKPOINT_DIRECTORY", str(root / "var" / "checkpoints"), values.absolute_path, root
        ),
        seal_lag_minutes=reader.read("SEAL_LAG_MINUTES", "10", values.number(1, 60), 10),
        session_idle_minutes=reader.read("SESSION_IDLE_MINUTES", "15", values.number(1, 60), 15),
        session_absolute_hours=reader.read("SESSION_ABSOLUTE_HOURS", "8", values.number(1, 12), 8),
        second_factor_required=reader.read(
            "SECOND_FACTOR", "optional" if environment == "demo" else "required", values.second_factor, True
        ),
        theme_directory=reader.read("THEME_DIRECTORY", "", values.optional_directory, None),
        max_body_bytes=reader.read("MAX_BODY_BYTES", "1000000", values.number(10_000, 100_000_000), 1_000_000),
        import_max_bytes=reader.read("IMPORT_MAX_BYTES", "10000000", values.number(10_000, 1_000_000_000), 10_000_000),
    )
    if settings.keys.provider == "file":
        _refuse_beside_data(reader, "KEY_DIRECTORY", key_directory, url)
    _refuse_beside_data(reader, "ERASURE_LEDGER_DIRECTORY", settings.erasure_ledger_directory, url)
    if "KEY_DIRECTORY" not in reader.problems and _are_nested(
        settings.key_directory, settings.erasure_ledger_directory
    ):
        reader.refuse("ERASURE_LEDGER_DIRECTORY", "mag niet in de map van de sleutels staan, of andersom")
    if settings.backup_recipient and settings.backup_recipient == settings.key_backup_recipient:
        reader.refuse("KEY_BACKUP_RECIPIENT", "gebruik een andere ontvanger dan BACKUP_RECIPIENT")
    if settings.import_max_bytes < settings.max_body_bytes:
        reader.refuse("IMPORT_MAX_BYTES", "mag niet kleiner zijn dan MAX_BODY_BYTES")
    reader.raise_if_wrong()
    return settings


def read_database_url(env: Mapping[str, str] = os.environ, root: Path | None = None) -> str:
    """Only the database's URL, for work that needs nothing else (migrations)."""
    reader = _Reader(env)
    default = _default_database(root or project_root())
    url = reader.read("DATABASE_URL", default, values.database_url, NO_DATABASE)
    reader.raise_if_wrong()
    return url.render_as_string(hide_password=False)


def create_demo_secret(root: Path | None = None) -> Path:
    """Make this folder a demo's: its secret file, readable by its owner only, and the note that it is a demo.

    From then on every command here runs as the demo, unless `ENVIRONMENT` says otherwise.
    """
    path = _demo_secret_path(root or project_root())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name("environment").write_text("demo")
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(SECRET_LENGTH))
    return path


def _default_database(root: Path) -> str:
    return URL.create("sqlite", database=str(root / "var" / "db" / "referral.db")).render_as_string()


def _usual_environment(root: Path) -> str:
    """Production, but in a folder where `referral demo` was run."""
    note = root / "var" / "environment"
    return note.read_text().strip() if note.exists() else "production"


def _demo_secret_path(root: Path) -> Path:
    return root / "var" / "secret"


def _read_secret(reader: _Reader, root: Path, url: URL, *, is_production: bool) -> str:
    """`SECRET_KEY`, or the file that `SECRET_KEY_FILE` names; outside production the demo's own file will do."""
    if "SECRET_KEY" in reader.env:
        name, secret = "SECRET_KEY", reader.env["SECRET_KEY"]
    else:
        name = "SECRET_KEY_FILE"
        default = "" if is_production else str(_demo_secret_path(root))
        secret = reader.read(name, default, values.secret_file, "")
    if len(secret) < SECRET_LENGTH or len(set(secret)) < SECRET_VARIETY:
        reader.refuse(name, f"geef minstens {SECRET_LENGTH} willekeurige tekens")
    elif secret == url.password:
        reader.refuse(name, "gebruik niet het wachtwoord van de database")
    return secret


def _refuse_beside_data(reader: _Reader, name: str, folder: Path, url: URL) -> None:
    """A copy of the database's folder may not hold the keys or the ledger as well, nor the other way round."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    if _are_nested(folder, Path(url.database).parent):
        reader.refuse(name, "mag niet in de map van de database staan, of andersom")


def _are_nested(one: Path, other: Path) -> bool:
    one, other = one.resolve(), other.resolve()
    return one.is_relative_to(other) or other.is_relative_to(one)
