"""Settings: what is read, from where, and what is refused in which words."""

import logging
import os
import stat
from datetime import timedelta

import pytest

from core import config
from core.config_values import ConfigError, distance


@pytest.fixture
def load(tmp_path):
    def load(**given):
        names = {f"OPENBUILD_{name}": value for name, value in given.items()}
        return config.load({"OPENBUILD_HOME": str(tmp_path), **names})

    return load


def test_nothing_has_to_be_set(load, tmp_path):
    settings = load()

    assert settings.database_url == f"sqlite:///{tmp_path}/openbuild.db"
    assert settings.queue_url == f"unix://{tmp_path}/run/valkey.sock"
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.max_body == 10 * 1024 * 1024
    assert settings.keep_runs == timedelta(days=30)
    assert settings.durability == "full"


def test_the_env_file_of_the_data_folder_is_read_below_the_environment(load, tmp_path):
    (tmp_path / ".env").write_text(
        "# ours\nexport OPENBUILD_LOG_LEVEL='debug'\nOPENBUILD_LOG_FORMAT=json\nPATH=/x\n"
    )

    settings = load(LOG_FORMAT="text")

    assert (settings.log_level, settings.log_format) == ("debug", "text")


def test_a_value_may_stand_in_a_file_of_its_own(load, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")

    assert load(SECRET_KEY_FILE=str(secret)).secret_key == "s3cret"


def test_a_value_and_its_file_together_are_refused(load, tmp_path):
    with pytest.raises(ConfigError, match="both set"):
        load(SECRET_KEY="a", SECRET_KEY_FILE=str(tmp_path / "b"))


def test_a_mistyped_name_is_an_error_that_names_the_right_one(load):
    with pytest.raises(ConfigError, match="Did you mean OPENBUILD_MAX_BODY"):
        load(MAX_BDOY="1MB")


def test_an_unknown_name_is_a_warning(load, caplog):
    with caplog.at_level(logging.WARNING):
        load(FAVOURITE_COLOUR="teal")

    assert "OPENBUILD_FAVOURITE_COLOUR" in caplog.text


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MAX_BODY", "lots", "such as 10MB"),
        ("KEEP_RUNS", "a month", "such as 30d"),
        ("DURABILITY", "fast", "one of full, normal"),
        ("BASE_URL", "flows.example.com", "https://flows.example.com"),
        ("DATABASE_URL", "mysql://x", "postgresql://"),
        ("ENCRYPTION_KEYS", "short", "base64|bytes"),
        ("REDIS_URL", "valkey.lan", "redis://"),
        ("REDIS_URL", "http://valkey.lan", "redis://"),
        ("TRUSTED_PROXIES", "127.0.0.1, proxy.lan", "“proxy.lan” is neither an address nor"),
        ("ALLOWED_HOSTS_OUT", "erp.lan, http://wiki.lan", "“http://wiki.lan” is neither host"),
        ("PROXY_OUT", "proxy.lan:3128", "http://proxy.lan:3128"),
        ("CA_FILE", "/nowhere/ca.pem", "/nowhere/ca.pem.*No such file"),
        ("CA_FILE", __file__, "holds no certificates"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_what_to_write(load, name, value, words):
    with pytest.raises(ConfigError, match=words) as refused:
        load(**{name: value})

    assert f"OPENBUILD_{name}" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "redis://valkey.lan/1"),
        ("REDIS_URL", "rediss://:secret@valkey.lan:6380"),
        ("REDIS_URL", "unix:///run/valkey.sock"),
        ("PROXY_OUT", "http://ana:secret@proxy.lan:3128"),
    ],
)
def test_an_address_of_another_kind_is_taken(load, name, value):
    assert getattr(load(**{name: value}), name.lower()) == value


def test_lists_of_hosts_and_networks_are_taken(load):
    settings = load(
        TRUSTED_PROXIES="127.0.0.1, 10.0.0.0/8, ::1",
        ALLOWED_HOSTS_OUT="erp.lan:443, 10.1.0.0/16, fd00::/8, [::1]:8080, wiki.lan",
    )

    assert settings.trusted_proxies == ("127.0.0.1", "10.0.0.0/8", "::1")
    assert settings.allowed_hosts_out[2:4] == ("fd00::/8", "[::1]:8080")


@pytest.mark.parametrize("name", ["ENCRYPTION_KEYS", "REDIS_URL", "PROXY_OUT"])
def test_a_refused_secret_is_not_repeated(load, name):
    with pytest.raises(ConfigError) as refused:
        load(**{name: "dont-show-me"})

    assert "dont-show-me" not in str(refused.value)


def test_keys_are_made_once_and_for_the_owner_only(load, tmp_path):
    first = load()

    assert load() == first
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o600
    assert first.secret_key
    assert len(first.encryption_keys) == 1


def test_a_new_data_folder_is_for_its_owner_only_and_one_that_is_there_stays(tmp_path):
    config.load({"OPENBUILD_HOME": str(tmp_path / "new")})
    (tmp_path / "old").mkdir(mode=0o750)
    config.load({"OPENBUILD_HOME": str(tmp_path / "old")})

    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new", "old")]
    assert modes == [0o700, 0o750]


def test_settings_print_without_their_secrets(load):
    settings = load(DATABASE_URL="postgresql://ana:hunter2@db/x")

    assert settings.secret_key not in repr(settings)
    assert settings.encryption_keys[0] not in repr(settings)
    assert "hunter2" not in repr(settings)


def test_damaged_keys_are_not_replaced(load, tmp_path):
    (tmp_path / "keys").write_text("OPENBUILD_SECRET_KEY=x\n")

    with pytest.raises(ConfigError, match="damaged"):
        load()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="can't be made"):
        config.load({"OPENBUILD_HOME": str(tmp_path / "file" / "var")})


def test_a_deep_data_folder_still_has_a_socket_that_fits(load, tmp_path):
    deep = tmp_path / ("d" * 60) / ("e" * 60)

    settings = config.load({"OPENBUILD_HOME": str(deep)})

    assert len(os.fsencode(settings.valkey_socket)) < 108


def test_a_host_that_others_reach_needs_an_address_for_links(monkeypatch, tmp_path):
    monkeypatch.setenv("OPENBUILD_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match="OPENBUILD_BASE_URL"):
        config.listen_on("0.0.0.0", 8000)

    monkeypatch.setenv("OPENBUILD_BASE_URL", "https://flows.example.com/")
    assert config.listen_on("0.0.0.0", 8000).base_url == "https://flows.example.com"
    config.use(None)


def test_commands_know_where_openbuild_was_last_started(load, tmp_path):
    (tmp_path / "address").write_text("http://127.0.0.1:8123")

    assert load().base_url == "http://127.0.0.1:8123"


@pytest.mark.parametrize(
    ("left", "right", "steps"), [("port", "port", 0), ("port", "prot", 2), ("", "abc", 3)]
)
def test_the_distance_of_words_counts_changed_letters(left, right, steps):
    assert distance(left, right) == steps
