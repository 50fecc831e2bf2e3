"""Names of operations, as tables: what the document says → what a program writes."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsbind.lower.families import by_family
from tsbind.lower.naming import name_operations
from tsbind.lower.tags import read_tags

Table = list[tuple[str, str, str, tuple[str, ...], str]]


def names(rows: Sequence[tuple[str, str, Mapping[str, Any]]]) -> list[str]:
    return [".".join(name) for name in name_operations(rows)]


def operation(operation_id: str, tags: tuple[str, ...] = ()) -> dict[str, Any]:
    node: dict[str, Any] = {"tags": list(tags)} if tags else {}
    return {**node, "operationId": operation_id} if operation_id else node


# method, path, operationId, tags → name
ONE_BY_ONE: Table = [
    # The author names the namespace.
    ("GET", "/repos/{owner}/issues", "issues/list-for-repo", ("issues",), "issues.listForRepo"),
    ("GET", "/orgs/{org}/actions", "actions/get-actions-cache", ("actions",), "actions.getCache"),
    ("POST", "/chat.postMessage", "chat_postMessage", ("chat",), "chat.postMessage"),
    ("POST", "/admin.apps.approve", "admin_apps_approve", ("admin",), "admin.apps.approve"),
    # The tag is the namespace, and the method does not repeat it.
    ("POST", "/chat/completions", "createChatCompletion", ("Chat",), "chat.createCompletion"),
    ("GET", "/api/v1/pods", "listCoreV1Pod", ("core_v1",), "coreV1.listPod"),
    ("POST", "/containers/prune", "ContainerPrune", ("Container",), "container.prune"),
    ("POST", "/containers/{id}/exec", "ContainerExec", ("Exec",), "exec.containerExec"),
    ("GET", "/radar/dns", "radar-get-dns-summary", ("Radar DNS",), "radarDns.getSummary"),
    ("GET", "/pet/findByStatus", "findPetsByStatus", ("pet",), "pet.findByStatus"),
    ("GET", "/x", "list-things", ("User's Things (Beta)",), "usersThings.list"),
    # Without a tag, the first fixed segment is.
    ("GET", "/v1/databases/{id}", "retrieve-a-database", (), "databases.retrieve"),
    ("PATCH", "/guilds/{guild_id}", "update_guild", (), "guilds.update"),
    ("GET", "/users/@me/guilds", "list_my_guilds", (), "users.listMyGuilds"),
    # An id made from method and path says less than the path itself.
    ("GET", "/v1/accounts/{account}", "GetAccountsAccount", (), "accounts.get"),
    ("POST", "/v1/charges/{charge}/capture", "PostChargesChargeCapture", (), "charges.capture"),
    ("GET", "/files/{file_id}/versions", "get_files_id_versions", ("F",), "files.listVersions"),
    ("PUT", "/folders/{id}", "put_folders_id#remove_shared_link", (), "folders.removeSharedLink"),
    ("GET", "/items/{item_id}", "read_items__item_id__get", (), "items.read"),
    ("GET", "/things", "getThing", (), "things.get"),
    # Generators have manners of their own: NestJS and NSwag, springdoc, AWS, Django.
    ("GET", "/cats", "CatsController_findAll", (), "cats.findAll"),
    ("GET", "/cats/{id}", "CatsController_findOne_v2", ("kittens",), "kittens.findOneV2"),
    (
        "PUT",
        "/vms/{name}",
        "VirtualMachines_CreateOrUpdate",
        ("VM",),
        "virtualMachines.createOrUpdate",
    ),
    ("GET", "/a", "Get_Things", ("x",), "x.getThings"),
    ("GET", "/owners", "findAll_1", ("owner-rest-controller",), "owner.findAll"),
    ("GET", "/#Action=DescribeImages", "GET_DescribeImages", (), "describeImages"),
    ("GET", "/api/blog/posts/", "blog_posts_list", ("blog",), "blog.listPosts"),
    ("GET", "/api/blog/posts/{id}/", "blog_posts_retrieve", ("blog",), "blog.getPost"),
    ("PUT", "/api/blog/posts/{id}/", "blog_posts_update", ("blog",), "blog.updatePost"),
    ("PATCH", "/api/blog/posts/{id}/", "blog_posts_partial_update", ("blog",), "blog.patchPost"),
    ("DELETE", "/api/blog/posts/{id}/", "blog_posts_destroy", ("blog",), "blog.deletePost"),
    ("POST", "/api/posts/{id}/publish/", "posts_publish_create", ("posts",), "posts.publish"),
    ("GET", "/acc/{id}/logs/{day}", "acc_logs_list", ("acc",), "acc.listLogs"),
    ("POST", "/p/{id}/tasks/{t}/upload/", "p_tasks_upload", ("p",), "p.uploadTask"),
    ("GET", "/m/$count", "users.messages.GetCount-1a2b", (), "users.messages.getCount"),
    ("GET", "/api/users/me/", "users_me_retrieve", ("users",), "users.getMe"),
    # No id at all.
    ("GET", "/rooms", "", (), "rooms.list"),
    ("GET", "/rooms/{id}", "", (), "rooms.get"),
    ("POST", "/rooms", "", (), "rooms.create"),
    ("PUT", "/rooms/{id}/members/{user}", "", (), "rooms.replaceMember"),
    ("DELETE", "/rooms/{id}/members/{user}", "", (), "rooms.deleteMember"),
    ("POST", "/search", "", (), "search"),
    ("POST", "/sendMessage", "", (), "sendMessage"),
    ("GET", "/", "", (), "get"),
    ("PURGE", "/cache/{key}", "", (), "cache.purge"),
    # Unsafe, odd, and from other scripts.
    ("GET", "/a", "then", ("x",), "x.then_"),
    ("GET", "/a", "__proto__", ("x",), "x.proto"),
    ("GET", "/a", "toString", ("constructor",), "constructor_.toString_"),
    ("GET", "/a", "$search", ("x",), "x.search"),
    ("GET", "/a", "1st", ("2nd",), "_2nd._1st"),
    ("GET", "/a", "evil\u202ename\u200b", ("x",), "x.evilname"),
    ("GET", "/a", "ﬁnd", ("x",), "x.find"),
    ("GET", "/a", "取得", ("商品",), "商品.取得"),
    ("GET", "/a", "получитьСчёт", ("Счета",), "счета.получитьСчёт"),
    ("GET", "/a", "!!!", ("???",), "a.get"),
]


@pytest.mark.parametrize(("method", "path", "operation_id", "tags", "name"), ONE_BY_ONE)
def test_one(method: str, path: str, operation_id: str, tags: tuple[str, ...], name: str) -> None:
    assert names([(method, path, operation(operation_id, tags))]) == [name]


def test_collisions_move_on_together() -> None:
    rows = [
        ("GET", "/things", operation("list-things", ("x",))),
        ("GET", "/old/things", operation("list_things", ("x",))),
        ("GET", "/other", operation("other", ("x",))),
    ]
    assert names(rows) == ["x.getThings", "x.getOldThings", "x.other"]


def test_what_a_generator_told_apart_stays_apart() -> None:
    rows = [
        ("GET", "/owners", operation("findAll_1", ("x",))),
        ("GET", "/vets", operation("findAll", ("x",))),
        ("GET", "/#Action=AddPermission", operation("GET_AddPermission")),
        ("POST", "/#Action=AddPermission", operation("POST_AddPermission")),
    ]
    assert names(rows) == ["x.findAll1", "x.findAll", "getAddPermission", "postAddPermission"]


def test_a_tag_lies_below_its_parents_and_badges_group_nothing() -> None:
    declared = [
        {"name": "shop"},
        {"name": "catalogue", "parent": "shop", "kind": "nav"},
        {"name": "books", "parent": "catalogue"},
        {"name": "beta", "kind": "badge"},
        {"name": "egg", "parent": "hen"},
        {"name": "hen", "parent": "egg"},
    ]
    rows = [
        ("GET", "/books", operation("listBooks", ("beta", "books"))),
        ("GET", "/x", operation("search", ("catalogue",))),
        ("GET", "/y", operation("hatch", ("egg",))),
        ("GET", "/z", operation("shop.own.get", ("books",))),
    ]
    found = name_operations(rows, read_tags({"tags": declared}))
    assert [".".join(name) for name in found] == [
        "shop.catalogue.books.list",
        "shop.catalogue.search",
        "hen.egg.hatch",
        "shop.own.get",
    ]


def test_a_namespace_is_no_operation() -> None:
    rows = [
        ("POST", "/list", operation("list")),
        ("POST", "/list/items", operation("list.items.add")),
        ("POST", "/items", operation("list.items")),
    ]
    found = names(rows)
    assert "list.items.add" in found
    assert len({*found}) == 3
    assert not any(other.startswith(name + ".") for name in found for other in found)


def test_what_all_share_is_dropped() -> None:
    rows = [
        ("GET", "/files", operation("drive.files.list")),
        ("GET", "/about", operation("drive.about.get")),
    ]
    assert names(rows) == ["files.list", "about.get"]
    rows = [
        ("GET", "/a", operation("ListCall", ("Api20100401Call",))),
        ("GET", "/b", operation("FetchBalance", ("Api20100401Balance",))),
    ]
    assert names(rows) == ["call.list", "balance.fetch"]


ROWS = [
    (method, path, operation(operation_id, tags))
    for method, path, operation_id, tags, _ in ONE_BY_ONE
]


@given(st.randoms(use_true_random=False))
def test_order_does_not_matter(shuffle: random.Random) -> None:
    rows = [(method, f"/p{index}{path}", node) for index, (method, path, node) in enumerate(ROWS)]
    known = dict(zip([path for _, path, _ in rows], names(rows), strict=True))
    shuffle.shuffle(rows)
    assert dict(zip([path for _, path, _ in rows], names(rows), strict=True)) == known


WORDS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["then", "list", "get", "a/b", "a.b", "x" * 300, "constructor", "__proto__", "", "get_a", "A-b"]
)
METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "QUERY"])


@given(
    st.lists(st.tuples(METHODS, WORDS, WORDS, WORDS), max_size=12, unique_by=lambda row: row[:2])
)
def test_any_names_are_unique_identifiers(rows: list[tuple[str, str, str, str]]) -> None:
    found = name_operations(
        [(method, "/" + path, operation(id_, (tag,))) for method, path, id_, tag in rows]
    )
    assert len({*found}) == len(found)
    spaces = {name[:depth] for name in found for depth in range(1, len(name))}
    assert not spaces & {*found}
    for name in found:
        for part in name:
            assert part.isidentifier()
            assert len(part) <= 80
            assert part not in {"then", "constructor", "prototype", "toString", "valueOf", "toJSON"}
            assert not part.startswith("__")


KINDS = ("Pod", "Node", "Secret", "Event", "Job", "Lease", "Role", "Claim")
VERBS = ("list", "create", "read", "replace", "patch", "delete")


def family(kind: str) -> list[tuple[tuple[str, ...], str]]:
    return [(("core", f"{verb}Namespaced{kind}"), f"/{kind.lower()}s/{{name}}") for verb in VERBS]


def named(pairs: list[tuple[tuple[str, ...], str]]) -> list[str]:
    return [".".join(name) for name in by_family([n for n, _ in pairs], [p for _, p in pairs])]


def test_resources_get_namespaces_where_an_api_is_made_of_resources() -> None:
    pairs = [pair for kind in KINDS for pair in family(kind)]
    lone = [(("core", "readNamespacedPodLog"), "/pods/{name}/log"), (("core", "check"), "/check")]
    found = named([*pairs, *lone])
    assert found[: len(VERBS)] == [f"core.pods.{verb}" for verb in VERBS]
    assert found[-2:] == ["core.pods.readLog", "core.check"]


def test_a_few_resources_get_no_namespaces() -> None:
    pairs = [pair for kind in KINDS[:3] for pair in family(kind)]
    assert named(pairs) == [".".join(name) for name, _ in pairs]


def test_resources_get_no_namespaces_among_as_many_other_operations() -> None:
    pairs = [pair for kind in KINDS for pair in family(kind)]
    others: list[tuple[tuple[str, ...], str]] = [
        (("core", f"check{n}"), f"/check/{n}") for n in range(len(pairs))
    ]
    assert named([*pairs, *others])[0] == "core.listNamespacedPod"


def test_methods_that_would_be_one_without_their_resource_keep_it() -> None:
    twice = [(("core", "readPodPod"), "/pods/{name}/x"), (("core", "readPod"), "/pods/{name}")]
    pairs = [pair for kind in KINDS[1:] for pair in family(kind)]
    pods = [(("core", f"{verb}Pod"), "/pods/{name}") for verb in VERBS if verb != "read"]
    extra = [
        (("core", "readTwoPod"), "/pods/{name}/two"),
        (("core", "readPodTwo"), "/pods/{name}/2"),
    ]
    found = named([*pairs, *pods, *twice, *extra])
    assert len(set(found)) == len(found)
