"""The service starts with good settings only, and names every wrong one at once, without its value."""

from pathlib import Path

import pytest
from pyrage import x25519

from config.keys import KeySettings
from config.settings import Settings, SettingsError, create_demo_secret, load, read_database_url

SECRET = "5f1c0d2be94f4a0e8f77c2f9d60a1b34"
RECIPIENT = str(x25519.Identity.generate().to_public())
GOOD = {
    "DATABASE_URL": "postgresql://referral:pw@db.example/referral",
    "SECRET_KEY": SECRET,
    "PUBLIC_URL": "https://verwijzen.example",
}

BAD = [
    ("SECRET_KEY_FILE", {"SECRET_KEY": None}),
    ("SECRET_KEY", {"SECRET_KEY": ""}),
    ("SECRET_KEY", {"SECRET_KEY": "short"}),
    ("SECRET_KEY", {"SECRET_KEY": "changeme" * 8}),
    ("SECRET_KEY", {"DATABASE_URL": f"postgresql://referral:{SECRET}@db.example/referral"}),
    ("SECRET_KEY_FILE", {"SECRET_KEY": None, "SECRET_KEY_FILE": "/does/not/exist"}),
    ("ENVIRONMENT", {"ENVIRONMENT": "staging"}),
    ("DATABASE_URL", {"DATABASE_URL": "mysql://db.example/referral"}),
    ("DATABASE_URL", {"DATABASE_URL": "not a database"}),
    ("DATABASE_URL", {"DATABASE_URL": "postgresql://db.example:port/referral"}),
    ("DATABASE_URL", {"DATABASE_URL": "sqlite:///:memory:"}),
    ("KEY_DIRECTORY", {"KEY_DIRECTORY": "relative/keys"}),
    ("KEY_DIRECTORY", {"DATABASE_URL": "sqlite:////srv/db/referral.db", "KEY_DIRECTORY": "/srv/db/keys"}),
    ("KEY_DIRECTORY", {"DATABASE_URL": "sqlite:////srv/db/referral.db", "KEY_DIRECTORY": "/srv/keys/../db"}),
    ("KEY_DIRECTORY", {"DATABASE_URL": "sqlite:////srv/keys/db/referral.db", "KEY_DIRECTORY": "/srv/keys"}),
    ("ERASURE_LEDGER_DIRECTORY", {"ERASURE_LEDGER_DIRECTORY": "relative/ledger"}),
    ("ERASURE_LEDGER_DIRECTORY", {"KEY_DIRECTORY": "/srv/keys", "ERASURE_LEDGER_DIRECTORY": "/srv/keys/ledger"}),
    (
        "ERASURE_LEDGER_DIRECTORY",
        {"DATABASE_URL": "sqlite:////srv/db/referral.db", "ERASURE_LEDGER_DIRECTORY": "/srv/db"},
    ),
    ("BACKUP_RECIPIENT", {"BACKUP_RECIPIENT": "age1nobody"}),
    ("KEY_BACKUP_RECIPIENT", {"BACKUP_RECIPIENT": RECIPIENT, "KEY_BACKUP_RECIPIENT": RECIPIENT}),
    ("BACKUP_RETENTION_DAYS", {"BACKUP_RETENTION_DAYS": "0"}),
    ("COOKIE_SECURE", {"COOKIE_SECURE": "no"}),
    ("COOKIE_SECURE", {"COOKIE_SECURE": "maybe"}),
    ("PUBLIC_URL", {"PUBLIC_URL": None}),
    ("PUBLIC_URL", {"PUBLIC_URL": "http://verwijzen.example"}),
    ("PUBLIC_URL", {"PUBLIC_URL": "https://verwijzen.example/pad"}),
    ("PUBLIC_URL", {"PUBLIC_URL": "https://verwijzen.example:poort"}),
    ("ALLOWED_ORIGINS", {"ALLOWED_ORIGINS": "*"}),
    ("ALLOWED_ORIGINS", {"ALLOWED_ORIGINS": "https://een.example,https://*"}),
    ("ALLOWED_ORIGINS", {"ALLOWED_ORIGINS": "null"}),
    ("TRUSTED_PROXIES", {"TRUSTED_PROXIES": "-1"}),
    ("TRUSTED_PROXIES", {"TRUSTED_PROXIES": "all"}),
    ("WEBHOOK_PORTS", {"WEBHOOK_PORTS": "443;8443"}),
    ("WEBHOOK_NETWORKS", {"WEBHOOK_NETWORKS": "10.20.0.1/16"}),
    ("WEBHOOK_CA_FILE", {"WEBHOOK_CA_FILE": "/does/not/exist"}),
    ("SMTP_URL", {"SMTP_URL": "https://mail.example"}),
    ("SEAL_LAG_MINUTES", {"SEAL_LAG_MINUTES": "0"}),
    ("SESSION_IDLE_MINUTES", {"SESSION_IDLE_MINUTES": "0"}),
    ("SESSION_ABSOLUTE_HOURS", {"SESSION_ABSOLUTE_HOURS": "720"}),
    ("SECOND_FACTOR", {"SECOND_FACTOR": "maybe"}),
    ("THEME_DIRECTORY", {"THEME_DIRECTORY": "relative/theme"}),
    ("THEME_DIRECTORY", {"THEME_DIRECTORY": "/does/not/exist"}),
    ("MAX_BODY_BYTES", {"MAX_BODY_BYTES": "9" * 5000}),
    ("IMPORT_MAX_BYTES", {"IMPORT_MAX_BYTES": "20000"}),
]


def configured(changes: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in (GOOD | changes).items() if value is not None}


def refused(env: dict[str, str], root: Path) -> SettingsError:
    with pytest.raises(SettingsError) as refusal:
        load(env, root)
    return refusal.value


def test_good_settings_are_taken_with_safe_defaults(tmp_path: Path) -> None:
    assert load(GOOD, tmp_path) == Settings(
        environment="production",
        database_url=GOOD["DATABASE_URL"],
        key_directory=tmp_path / "var" / "keys",
        erasure_ledger_directory=tmp_path / "var" / "ledger",
        backup_recipient="",
        key_backup_recipient="",
        backup_retention_days=30,
        keys=KeySettings("file", {"directory": tmp_path / "var" / "keys"}),
        secret_key=SECRET,
        public_url="https://verwijzen.example",
        cookie_secure=True,
        trusted_proxies=0,
        allowed_origins=(),
        smtp_url=None,
        mail_sink_directory=tmp_path / "var" / "mail",
        webhook_ports=(443, 8443),
        webhook_networks=(),
        webhook_ca_file=None,
        checkpoint_directory=tmp_path / "var" / "checkpoints",
        seal_lag_minutes=10,
        session_idle_minutes=15,
        session_absolute_hours=8,
        second_factor_required=True,
        theme_directory=None,
        max_body_bytes=1_000_000,
        import_max_bytes=10_000_000,
    )


def test_the_default_database_stands_apart_from_the_keys(tmp_path: Path) -> None:
    settings = load(configured({"DATABASE_URL": None}), tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path}/var/db/referral.db"
    assert read_database_url({}, tmp_path) == settings.database_url


@pytest.mark.parametrize(("name", "changes"), BAD)
def test_a_wrong_setting_is_refused_by_its_name(name: str, changes: dict[str, str | None], tmp_path: Path) -> None:
    error = refused(configured(changes), tmp_path)
    assert [problem.name for problem in error.problems] == [name]
    assert f"- {name}: " in str(error)


def test_a_refusal_never_shows_the_value(tmp_path: Path) -> None:
    wrong = {name: "canary:pw@" for name, _ in BAD}
    error = refused(wrong, tmp_path)
    assert {problem.name for problem in error.problems} >= {name for name, _ in BAD} - {"SECRET_KEY_FILE"}
    assert "canary" not in str(error)


def test_all_wrong_settings_are_named_at_once(tmp_path: Path) -> None:
    env = configured({"SECRET_KEY": "short", "DATABASE_URL": "mysql://x/y", "TRUSTED_PROXIES": "?", "SMTP_URL": "x"})
    names = [problem.name for problem in refused(env, tmp_path).problems]
    assert sorted(names) == ["DATABASE_URL", "SECRET_KEY", "SMTP_URL", "TRUSTED_PROXIES"]


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o602])
def test_a_secret_file_that_others_can_reach_is_refused(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(SECRET)
    env = configured({"SECRET_KEY": None, "SECRET_KEY_FILE": str(path)})
    path.chmod(mode)
    assert [problem.name for problem in refused(env, tmp_path).problems] == ["SECRET_KEY_FILE"]
    path.chmod(0o440)
    assert load(env, tmp_path).secret_key == SECRET


def test_only_the_demo_uses_the_secret_that_the_demo_made(tmp_path: Path) -> None:
    path = create_demo_secret(tmp_path)
    secret = path.read_text()
    assert create_demo_secret(tmp_path).read_text() == secret
    demo = load({}, tmp_path)
    assert (demo.environment, demo.secret_key, demo.cookie_secure) == ("demo", secret, False)
    production = configured({"SECRET_KEY": None, "ENVIRONMENT": "production"})
    assert [problem.name for problem in refused(production, tmp_path).problems] == ["SECRET_KEY_FILE"]


def test_a_demo_without_its_secret_does_not_start(tmp_path: Path) -> None:
    assert [problem.name for problem in refused({"ENVIRONMENT": "demo"}, tmp_path).problems] == ["SECRET_KEY_FILE"]


def test_a_relative_sqlite_file_becomes_an_absolute_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_database_url({"DATABASE_URL": "sqlite:///a.db"}) == f"sqlite:///{tmp_path}/a.db"


def test_printing_the_settings_shows_no_secret(tmp_path: Path) -> None:
    printed = repr(load(configured({"SMTP_URL": "smtps://user:mailsecret@mail.example"}), tmp_path))
    assert SECRET not in printed
    assert "mailsecret" not in printed
    assert "pw@" not in printed
