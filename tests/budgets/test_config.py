"""What `[tool.tsbind]` and tsbind.toml may say, and what is said when they say it wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsbind.config import ApiConfig, find, read
from tsbind.errors import ConfigError

GOOD = """\
docs = "brief"
tokenizer = "cl100k_base"

[apis.shop]
document = "../specs/shop.yaml"
budget = 500
fit = true
output = "src/apis"
files = ["stubs"]

[apis.chat]
document = "chat.yaml"
docs = "none"
growth = 2.5
"""


def write(folder: Path, text: str, name: str = "tsbind.toml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_apis_come_in_the_order_of_names_with_what_is_said_for_all(tmp_path: Path) -> None:
    config = read(write(tmp_path, GOOD))
    assert list(config.apis) == ["chat", "shop"]
    assert config.apis["chat"] == ApiConfig(
        "chat.yaml", docs="none", growth=2.5, tokenizer="cl100k_base"
    )
    shop = config.apis["shop"]
    assert (shop.docs, shop.budget, shop.fit) == ("brief", 500, True)
    assert config.outputs("shop") == {"stubs": tmp_path / "src/apis/shop.py"}
    assert config.outputs("chat") == {}
    assert config.document("shop") == tmp_path / "../specs/shop.yaml"


def test_settings_have_places(tmp_path: Path) -> None:
    config = read(write(tmp_path, GOOD))
    assert config.locate("shop", "budget").line == 6
    assert config.locate("chat", "budget").line == 11, "the table's, since it has none"


def test_pyproject_says_the_same_in_a_table(tmp_path: Path) -> None:
    text = '[project]\nname = "x"\n\n[tool.tsbind.apis.chat]\ndocument = "chat.yaml"\n'
    config = read(write(tmp_path, text, "pyproject.toml"))
    assert config.apis == {"chat": ApiConfig("chat.yaml")}
    assert config.locate("chat", "document").line == 5


def test_the_nearest_configuration_is_found(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    outer = write(tmp_path, GOOD)
    write(inner, '[project]\nname = "without ours"\n', "pyproject.toml")
    assert find(inner).resolve() == outer.resolve()
    own = write(inner, "[tool.tsbind.apis.x]\ndocument = 'x'\n", "pyproject.toml")
    assert find(inner) == own
    both = write(inner, GOOD)
    assert find(inner) == both


def test_where_there_is_none_it_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no tsbind\.toml") as caught:
        find(tmp_path)
    assert "[apis.chat]" in caught.value.fix


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 0, "apis: names no API"),
        ("apis = 3", 1, "apis: is 3, not a table"),
        ("apis.chat = 3", 1, "apis.chat: is 3, not a table"),
        ("[apis.chat]\nbudget = 3", 1, "apis.chat: has no document"),
        ("[apis.chat]\ndocument = 3", 2, "apis.chat.document: is 3: expected `str`, got `int`"),
        ("[apis.chat]\ndocument = ''", 2, "apis.chat.document: is empty"),
        (
            "[apis.chat]\ndocument = 'x'\n# more\nbudgte = 3",
            4,
            'apis.chat.budgte: there is no setting "budgte" (did you mean "budget"?)',
        ),
        ("[apis.chat]\ndocument = 'x'\nbudget = 0", 3, "apis.chat.budget: is 0"),
        ("[apis.chat]\ndocument = 'x'\nbudget = true", 3, "apis.chat.budget: is true: expected"),
        ("[apis.chat]\ndocument = 'x'\ngrowth = -1", 3, "apis.chat.growth: is -1"),
        ("[apis.chat]\ndocument = 'x'\ngrowth = nan", 3, "apis.chat.growth: is nan"),
        ("docs = 'much'\n[apis.chat]\ndocument = 'x'", 1, 'docs: is "much": invalid enum value'),
        ("budget = 3\n[apis.chat]\ndocument = 'x'", 1, 'budget: there is no setting "budget"'),
        ("[apis.Chat-2]\ndocument = 'x'", 1, 'apis.Chat-2: "Chat-2" cannot be a module\'s name'),
        ("[apis.chat]\ndocument = 'x'\noutput = '../y'", 3, 'apis.chat.output: is "../y", which'),
        ("[apis.chat]\ndocument = 'x'\noutput = '/y'", 3, "apis.chat.output: is"),
        ("[apis.chat]\ndocument = 'x'\noutput = 'c:\\y'", 3, "apis.chat.output: is"),
        ("[apis.chat]\ndocument = 'x'\nfiles = ['dts']", 3, 'apis.chat.files: is ["dts"]: invalid'),
        ("[apis.chat\ndocument = 'x'", 1, "is not TOML: "),
        ("a = 1\na = 2", 2, "is not TOML: cannot overwrite a value"),
        ("a = " + "[" * 5000, 0, "is not TOML: "),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    text: str, line: int, message: str, tmp_path: Path
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert caught.value.what.startswith(message)
    assert caught.value.where.startswith(f"{path}:{line}:" if line else str(path))
    assert caught.value.fix


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "tsbind.toml").write_bytes(b"a = '\xff'")
    with pytest.raises(ConfigError, match="is not UTF-8: byte 6"):
        read(tmp_path / "tsbind.toml")
    with pytest.raises(ConfigError, match=r"cannot be read: No such file"):
        read(tmp_path / "absent.toml")
