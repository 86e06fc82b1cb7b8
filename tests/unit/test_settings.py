"""Settings: presence selects, an explicit choice wins, and every mistake is named."""

import pytest

from bot.errors import Misconfigured
from bot.settings import VARIABLES, EmbeddedMemory, ServerMemory, choose, load


def test_nothing_set_means_everything_embedded() -> None:
    """An empty environment is a complete configuration: the laptop default."""
    settings = load({})
    assert settings.memory == EmbeddedMemory()
    assert settings.slack.bot_token is None


def test_presence_of_a_url_selects_the_server() -> None:
    """REDIS_URL alone is enough to use that server."""
    memory = load({"REDIS_URL": "redis://localhost:6379/3"}).memory
    assert isinstance(memory, ServerMemory)
    assert str(memory.url) == "redis://localhost:6379/3"


def test_an_explicit_choice_wins_over_presence() -> None:
    """FOOTNOTE_MEMORY=embedded holds although a REDIS_URL is around."""
    assert load({"REDIS_URL": "redis://localhost", "FOOTNOTE_MEMORY": "embedded"}).memory == EmbeddedMemory()


def test_empty_values_count_as_absent() -> None:
    """A line left empty in .env is not a choice."""
    assert load({"REDIS_URL": "", "SLACK_BOT_TOKEN": "  "}) == load({})


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"FOOTNOTE_HOEM": "x"}, "did you mean FOOTNOTE_HOME"),
        ({"FOOTNOTE_MEMORY": "server"}, "REDIS_URL is not set"),
        ({"FOOTNOTE_MEMORY": "cloud"}, "FOOTNOTE_MEMORY cannot be used"),
        ({"REDIS_URL": "http://localhost"}, "REDIS_URL cannot be used"),
        ({"FOOTNOTE_HTTP_PORT": "70000"}, "FOOTNOTE_HTTP_PORT cannot be used"),
        ({"FOOTNOTE_ANSWERS": "many"}, "FOOTNOTE_ANSWERS cannot be used"),
        ({"FOOTNOTE_LOG_LEVEL": "chatty"}, "FOOTNOTE_LOG_LEVEL cannot be used"),
        ({"SLACK_API_URL": "ftp://slack"}, "SLACK_API_URL cannot be used"),
    ],
)
def test_a_mistake_is_named(environment: dict[str, str], said: str) -> None:
    """A wrong value is refused with the name of its variable."""
    with pytest.raises(Misconfigured, match=said):
        load(environment)


def test_every_variable_reaches_the_tree() -> None:
    """No variable is documented that is not read."""
    given = {variable.name: "1" for variable in VARIABLES} | {"FOOTNOTE_MEMORY": "server"}
    tree = choose(given)
    for variable in VARIABLES:
        if variable.name != "REDIS_SERVER_BIN":  # belongs to the embedded server only
            inner = tree
            for part in variable.place:
                inner = inner[part]


def test_secrets_stay_out_of_the_representation() -> None:
    """Printing the settings shows no token and no password."""
    secrets = {"SLACK_BOT_TOKEN": "xoxb-s3cret", "SLACK_APP_TOKEN": "xapp-s3cret", "SLACK_SIGNING_SECRET": "s3cret"}
    settings = load({**secrets, "REDIS_URL": "redis://user:s3cret@localhost"})
    assert "s3cret" not in repr(settings)


def test_a_platform_port_is_used_unless_ours_is_set() -> None:
    """PORT, as hosting platforms set it, counts when FOOTNOTE_HTTP_PORT does not."""
    assert load({"PORT": "5000"}).http.port == 5000
    assert load({"PORT": "5000", "FOOTNOTE_HTTP_PORT": "6000"}).http.port == 6000


@pytest.mark.parametrize(
    ("name", "value"),
    [("FOOTNOTE_ADMINS", "U0ADA ada"), ("FOOTNOTE_HUMANS", "@people-ops"), ("FOOTNOTE_HELP_CHANNEL", "#help")],
)
def test_what_is_no_id_of_slack_is_refused_by_name(name: str, value: str) -> None:
    """A name is easily taken for an id; the sentence says which variable holds it."""
    with pytest.raises(Misconfigured, match=name):
        load({name: value})


def test_admins_are_ids_with_commas_or_spaces_between() -> None:
    """However people write lists."""
    assert load({"FOOTNOTE_ADMINS": "U0ADA, U0BEN W0CYD"}).slack.admins == ("U0ADA", "U0BEN", "W0CYD")
