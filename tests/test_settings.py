"""Settings: which source wins, which values are allowed, and the errors for others."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ollama_claude_proxy.errors import SettingInvalid
from ollama_claude_proxy.settings import (
    DEFAULT_MODEL,
    KEYS,
    LoadedSettings,
    Roles,
    Settings,
    load_settings,
)
from support.command_line import clean_environment


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    clean = clean_environment(tmp_path)
    for name in set(os.environ) - set(clean):
        monkeypatch.delenv(name)
    for name, value in clean.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(flags: Mapping[str, Any] | None = None, config: Path | None = None) -> LoadedSettings:
    return load_settings(flags or {}, config)


def write_config(home: Path, text: str) -> Path:
    path = home / "config" / "ocp" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_without_any_source_every_value_is_the_default() -> None:
    loaded = load()
    assert loaded.settings == Settings()
    assert set(loaded.origins) == {key.name for key in KEYS}
    assert set(loaded.origins.values()) == {"default"}


def test_each_source_wins_over_the_ones_below_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_config(home, "port = 1001\nnum_ctx = 1001\nping_interval = 1\nmodel = 'file'\n")
    (home / ".env").write_text("PROXY_PORT=1002\nOCP_NUM_CTX=1002\nOCP_PING_INTERVAL=2\n")
    monkeypatch.setenv("OCP_PORT", "1003")
    monkeypatch.setenv("OCP_NUM_CTX", "1003")
    loaded = load({"port": 1004, "num_ctx": None})
    settings = loaded.settings
    assert (settings.port, settings.num_ctx, settings.ping_interval) == (1004, 1003, 2.0)
    assert settings.model == "file"
    assert loaded.origins["port"] == "flag --port"
    assert loaded.origins["num_ctx"] == "environment OCP_NUM_CTX"
    assert loaded.origins["ping_interval"] == ".env OCP_PING_INTERVAL"
    assert loaded.origins["model"] == str(path)
    assert loaded.origins["host"] == "default"
    assert loaded.config == path


@pytest.mark.parametrize(
    ("variable", "value", "key", "expected"),
    [
        ("OLLAMA_MODEL", "qwen3:8b", "model", "qwen3:8b"),
        ("OLLAMA_ENDPOINT", "http://box:1", "ollama_url", "http://box:1"),
        ("OLLAMA_HOST", "0.0.0.0", "ollama_url", "http://127.0.0.1:11434"),
        ("PROXY_PORT", "9", "port", 9),
        ("ANTHROPIC_API_VERSION", "2024-01-01", "anthropic_version", "2024-01-01"),
        ("DEBUG", "true", "debug", True),
        ("OCP_DEBUG", "off", "debug", False),
        ("OCP_LOG_FORMAT", "JSON", "log_format", "json"),
        ("OCP_ROLES__OPUS", "big:70b", "roles", Roles(opus="big:70b")),
    ],
)
@pytest.mark.parametrize("where", ["environment", ".env"])
def test_a_variable_sets_its_key(  # noqa: PLR0913  # a table's columns
    *,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    variable: str,
    value: str,
    key: str,
    expected: object,
) -> None:
    if where == ".env":
        (home / ".env").write_text(f"{variable}={value}\n")
    else:
        monkeypatch.setenv(variable, value)
    loaded = load()
    assert getattr(loaded.settings, key) == expected
    assert f"{where} {variable}" in loaded.origins.values()


def test_our_own_variable_wins_over_those_of_other_programs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("OLLAMA_HOST", "OLLAMA_ENDPOINT", "OCP_OLLAMA_URL"):
        monkeypatch.setenv(name, f"http://{name.lower().replace('_', '-')}:1")
        assert load().origins["ollama_url"] == f"environment {name}"


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCP_PORT", "")
    monkeypatch.setenv("PROXY_PORT", "7")
    assert load().origins["port"] == "environment PROXY_PORT"


@pytest.mark.parametrize("text", ['{"opus": "x"}', "junk"])
@pytest.mark.parametrize("where", ["environment", ".env"])
def test_an_unknown_variable_is_ignored(
    home: Path, monkeypatch: pytest.MonkeyPatch, where: str, text: str
) -> None:
    if where == ".env":
        (home / ".env").write_text(f"OCP_ROLES={text}\n")
    else:
        monkeypatch.setenv("OCP_ROLES", text)
    assert load().settings == Settings()


def test_debug_meant_for_another_program_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "express:*")
    loaded = load()
    assert loaded.settings.debug is False
    assert loaded.origins["debug"] == "default"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434"),
        ("localhost", "http://localhost:11434"),
        ("box:8080", "http://box:8080"),
        (":11435", "http://127.0.0.1:11435"),
        ("0.0.0.0:11434", "http://127.0.0.1:11434"),
        ("http://0.0.0.0", "http://127.0.0.1:11434"),
        ("[::]:11434", "http://[::1]:11434"),
        ("http://[fe80::1]", "http://[fe80::1]:11434"),
        ("http://box:11434/", "http://box:11434"),
        ("http://box:11434/v1/", "http://box:11434"),
        ("http://box:11434/api", "http://box:11434"),
        ("https://gpu.example.org/ollama/api/", "https://gpu.example.org/ollama"),
        ("https://user:word@gpu.example.org", "https://user:word@gpu.example.org"),
        ("HTTP://Box", "http://box:11434"),
    ],
)
def test_ollamas_address_is_normalized(text: str, expected: str) -> None:
    assert load({"ollama_url": text}).settings.ollama_url == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", "2h"),
        ("1h30m", "1h30m"),
        ("0", 0),
        (-1, -1),
        ("-1", -1),
        ("300", 300),
        ("-1s", "-1s"),
    ],
)
def test_keep_alive_has_ollamas_format(text: object, expected: object) -> None:
    assert load({"keep_alive": text}).settings.keep_alive == expected


BAD_VALUES: list[tuple[str, object]] = [
    ("port", "99999"),
    ("port", "http"),
    ("port", True),
    ("port", 80.5),
    ("num_ctx", 511),
    ("num_ctx", "32k"),
    ("debug", "maybe"),
    ("log_format", "xml"),
    ("ollama_url", "ftp://box"),
    ("ollama_url", "http://box:port"),
    ("ollama_url", "http://box?x=1"),
    ("ollama_url", 11434),
    ("keep_alive", "soon"),
    ("keep_alive", True),
    ("ping_interval", 0),
    ("ping_interval", "nan"),
    ("header_grace", -1),
    ("max_body_bytes", "64MB"),
    ("model", " "),
    ("model", ["a"]),
    ("model", "two\nlines"),
    ("host", "not a host"),
    ("roles.opus", 4),
]


@pytest.mark.parametrize(("key", "value"), BAD_VALUES)
def test_a_bad_value_is_one_line_with_key_source_and_what_is_allowed(
    key: str, value: object
) -> None:
    with pytest.raises(SettingInvalid) as caught:
        load({key: value})
    allowed = next(entry.allowed for entry in KEYS if entry.name == key)
    message = caught.value.message
    assert repr(key) in message
    assert f"flag --{key.replace('_', '-').replace('.', '-')}" in message
    assert repr(value) in message
    assert allowed in message
    assert "\n" not in message


def test_a_bad_token_is_not_printed() -> None:
    with pytest.raises(SettingInvalid) as caught:
        load({"token": "my secret"})
    assert "my secret" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("port = ", "cannot be read"),
        ("prot = 1", "Did you mean 'port'?"),
        ("[roles]\nopsu = 'x'", "Did you mean 'roles.opus'?"),
        ("roles = 'x'", "unknown key 'roles'"),
        ("port = 1979-05-27", "allowed is a whole number"),
    ],
)
def test_the_error_for_a_bad_config_file_names_it(home: Path, text: str, message: str) -> None:
    path = write_config(home, text)
    with pytest.raises(SettingInvalid) as caught:
        load()
    assert message in caught.value.message
    assert str(path) in caught.value.message


@pytest.mark.parametrize("content", [b"\xff\xfe", b"port = '\xff'"])
def test_the_error_for_a_file_that_is_not_text_names_it(home: Path, content: bytes) -> None:
    path = home / "own.toml"
    path.write_bytes(content)
    with pytest.raises(SettingInvalid, match=r"own\.toml"):
        load(config=path)
    (home / ".env").write_bytes(content)
    with pytest.raises(SettingInvalid, match=r"\.env"):
        load()


def test_a_config_file_that_the_user_chose_must_exist(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingInvalid, match=r"no config file .*gone\.toml"):
        load(config=home / "gone.toml")
    monkeypatch.setenv("OCP_CONFIG", "other.toml")
    with pytest.raises(SettingInvalid, match=r"no config file .*other\.toml"):
        load()
    (home / "other.toml").write_text("[roles]\nhaiku = 'small'\n")
    assert load().settings.roles.haiku == "small"
    assert load().origins["roles.haiku"] == str(home / "other.toml")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "box.local"])
def test_an_address_that_other_machines_reach_needs_a_token(host: str) -> None:
    with pytest.raises(SettingInvalid, match="token"):
        load({"host": host})
    assert load({"host": host, "token": "secret"}).settings.host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"])
def test_this_machines_own_addresses_need_none(host: str) -> None:
    assert load({"host": host}).settings.token is None


def test_the_model_is_named_only_if_a_source_sets_it() -> None:
    assert not load().settings.model_named
    assert load({"model": DEFAULT_MODEL}).settings.model_named
    assert Settings(model="other").model_named


def test_settings_are_frozen_and_hide_their_token() -> None:
    settings = Settings(token="secret")
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1
    assert "secret" not in repr(settings)
