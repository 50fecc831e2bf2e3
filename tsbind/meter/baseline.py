"""What the declarations replace: the document, and the tools that a classic agent is sent."""

from __future__ import annotations

import msgspec

from tsbind.bundle import Bundle, Call, Json


def without_layout(document: Json) -> str:
    """Return a document as JSON without white space: its smallest honest spelling."""
    return msgspec.json.encode(document).decode()


def tools(bundle: Bundle) -> dict[str, str]:
    """Return, by operation, the tool definition that a tool-calling model is sent.

    It is the function-calling form: name, description, and the JSON Schema of the arguments with
    the definitions that it refers to.  Replies are not in it, for tools do not promise any, and
    neither is the prose inside schemas: a Bundle keeps none.  So it is the least that a
    generator of tools can send.
    """
    return {op: without_layout(_tool(call, bundle)) for op, call in bundle.calls.items()}


def _tool(call: Call, bundle: Bundle) -> Json:
    parameters = call.args
    if isinstance(parameters, dict) and (needed := _reached(call.args, bundle)):
        parameters = {**parameters, "$defs": needed}
    function = {"name": call.op.replace(".", "_"), "parameters": parameters}
    if call.summary:
        function["description"] = call.summary
    return {"type": "function", "function": function}


def _reached(schema: Json, bundle: Bundle) -> dict[str, Json]:
    """The definitions that `schema` refers to, and those that these refer to."""
    found: dict[str, Json] = {}
    pending = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending.extend(node)
        elif isinstance(node, dict):
            pending.extend(node.values())
            name = str(node.get("$ref", "")).removeprefix("#/$defs/")
            if name in bundle.schemas and name not in found:
                found[name] = bundle.schemas[name]
                pending.append(found[name])
    return found
