// Values as text, the way Node's console shows them: single quotes, two levels deep, getters not
// called, cycles named.  It sets `native.inspect(value)` and `native.format(args)`.
(native) => {
  const DEPTH = 2; // levels of objects inside the value that are shown
  const WIDTH = 72; // columns that an object on one line may take
  const ITEMS = 100; // elements shown of an array, a Map, a Set or an object
  const LENGTH = 10_000; // UTF-16 units shown of a string

  const { apply, ownKeys, getPrototypeOf, getOwnPropertyDescriptor } = Reflect;
  const CUSTOM = Symbol.for("nodejs.util.inspect.custom"); // what a class says of its instances
  const getter = (type, key) => getOwnPropertyDescriptor(type.prototype, key).get;

  // `is(x)` says whether `x` is what the builtin `method` works on; names and tags may lie.
  const brand =
    (method, ...args) =>
    (value) => {
      try {
        apply(method, value, args);
        return true;
      } catch {
        return false;
      }
    };
  const TypedArray = getPrototypeOf(Uint8Array);
  const isMap = brand(getter(Map, "size"));
  const isSet = brand(getter(Set, "size"));
  const isDate = brand(Date.prototype.getTime);
  const isRegExp = brand(getter(RegExp, "source"));
  const isBuffer = brand(getter(ArrayBuffer, "byteLength"));
  const isTyped = brand(getter(TypedArray, "length"));
  const typedName = getter(TypedArray, Symbol.toStringTag);
  const isWeak = (value) =>
    hasTag(value, "WeakMap") || hasTag(value, "WeakSet") || hasTag(value, "WeakRef");
  const BOXES = [
    ["Number", brand(Number.prototype.valueOf)],
    ["String", brand(String.prototype.valueOf)],
    ["Boolean", brand(Boolean.prototype.valueOf)],
    ["BigInt", brand(BigInt.prototype.valueOf)],
    ["Symbol", brand(Symbol.prototype.valueOf)],
  ];
  const hasTag = (value, tag) => Object.prototype.toString.call(value) === `[object ${tag}]`;

  // ---- Primitives -----------------------------------------------------------------------------

  const ESCAPES = {
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
    "\v": "\\v",
    "\\": "\\\\",
  };
  const escape = (unit) =>
    ESCAPES[unit] ?? `\\x${unit.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;

  const quote = (text) => {
    const shown = text.length > LENGTH ? text.slice(0, LENGTH) : text;
    const mark = !shown.includes("'")
      ? "'"
      : !shown.includes('"')
        ? '"'
        : !shown.includes("`")
          ? "`"
          : "'";
    const body = shown.toWellFormed().replace(/[\x00-\x1f\x7f-\x9f\\]/g, escape);
    const more = text.length - shown.length;
    const quoted = mark + (mark === "'" ? body.replaceAll("'", "\\'") : body) + mark;
    return more ? `${quoted}... ${more} more characters` : quoted;
  };

  const primitive = (value) => {
    switch (typeof value) {
      case "string":
        return quote(value);
      case "bigint":
        return `${value}n`;
      case "symbol":
        return Symbol.prototype.toString.call(value);
      default:
        return Object.is(value, -0) ? "-0" : String(value);
    }
  };

  const keyText = (key) => {
    if (typeof key === "symbol") return `[${Symbol.prototype.toString.call(key)}]`;
    return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key);
  };

  // ---- Objects --------------------------------------------------------------------------------

  const constructorName = (value) => {
    for (let at = value; at !== null; at = getPrototypeOf(at)) {
      const found = getOwnPropertyDescriptor(at, "constructor");
      if (found && typeof found.value === "function") return String(nameOf(found.value));
    }
    return "";
  };
  const nameOf = (type) => {
    const name = getOwnPropertyDescriptor(type, "name");
    return name && typeof name.value === "string" ? name.value : "";
  };

  const functionText = (value) => {
    const source = Function.prototype.toString.call(value);
    const name = nameOf(value);
    if (/^class\b/.test(source)) {
      const parent = getPrototypeOf(value);
      const more =
        typeof parent === "function" && nameOf(parent) ? ` extends ${nameOf(parent)}` : "";
      return `[class ${name || "(anonymous)"}${more}]`;
    }
    const kind = constructorName(value) || "Function";
    return `[${kind}${name ? `: ${name}` : " (anonymous)"}]`;
  };

  const IN_PROGRAM = /^    at .*program\.ts:\d/; // the other lines are the bootstrap's

  // Where the engine keeps an error's stack: an accessor here, an own property elsewhere.
  const stackOf = getOwnPropertyDescriptor(Error.prototype, "stack")?.get ?? (() => "");

  const errorText = (value) => {
    const text = (key) => {
      const content = value[key];
      return typeof content === "string" ? content : "";
    };
    const own = getOwnPropertyDescriptor(value, "stack");
    const stack = own && typeof own.value === "string" ? own.value : apply(stackOf, value, []);
    const calls = `${stack ?? ""}`.split("\n").filter((line) => IN_PROGRAM.test(line));
    const named = text("name") || "Error";
    const name = named === "Error" ? constructorName(value) || named : named;
    const head = text("message") ? `${name}: ${text("message")}` : name;
    return calls.length ? [head, ...calls].join("\n") : `[${head}]`;
  };

  // One value at one depth.  `seen` holds the objects around it; `marks` numbers those that a
  // cycle leads back to.
  const show = (value, depth, seen, marks) => {
    if (typeof value !== "function" && (typeof value !== "object" || value === null)) {
      return primitive(value);
    }
    if (seen.includes(value)) {
      if (!marks.has(value)) marks.set(value, marks.size + 1);
      return `[Circular *${marks.get(value)}]`;
    }
    try {
      const custom = value[CUSTOM];
      const around = [...seen, value];
      if (typeof custom === "function") {
        const told = apply(custom, value, [DEPTH - depth, {}, inspect]);
        if (told !== value)
          return typeof told === "string" ? told : show(told, depth, around, marks);
      }
      const text = object(value, depth, around, marks);
      return marks.has(value) ? `<ref *${marks.get(value)}> ${text}` : text;
    } catch (error) {
      if (error instanceof RangeError) throw error; // the stack is full: no text will do
      return "[Inaccessible]";
    }
  };

  const object = (value, depth, seen, marks) => {
    const inner = (each) => show(each, depth + 1, seen, marks);
    const { head, entries, open = "{", close = "}", alone = false } = describe(value, inner, depth);
    const indexed = Array.isArray(value) || isTyped(value) || BOXES[1][1](value);
    const skip = indexed ? isIndex : isError(value) ? isErrorKey : () => false;
    if (depth > DEPTH && !alone) return `[${head || constructorName(value) || "Object"}]`;
    const properties = depth > DEPTH ? [] : propertyTexts(value, skip, inner);
    const all = [...entries, ...properties];
    if (alone && all.length === 0) return head;
    return layout(head, open, all, close);
  };

  // What the value is: the text before its brackets, its elements, and its brackets; `alone` when
  // the text says it all unless there are properties.
  const describe = (value, inner, depth) => {
    const name = constructorName(value);
    const elements = (list) => (depth > DEPTH ? [] : cut(list, inner));
    if (typeof value === "function") return { head: functionText(value), entries: [], alone: true };
    if (Array.isArray(value)) {
      const head = name === "Array" ? "" : `${name}(${value.length})`;
      return {
        head: depth > DEPTH ? "Array" : head,
        entries: depth > DEPTH ? [] : arrayTexts(value, inner),
        open: "[",
        close: "]",
      };
    }
    if (isError(value))
      return { head: errorText(value), entries: causeTexts(value, inner), alone: true };
    if (isDate(value))
      return {
        head: Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString(),
        entries: [],
        alone: true,
      };
    if (isRegExp(value))
      return { head: RegExp.prototype.toString.call(value), entries: [], alone: true };
    if (isMap(value))
      return {
        head: `${name}(${value.size})`,
        entries: elements([...Map.prototype.entries.call(value)].map(PAIR)),
      };
    if (isSet(value))
      return {
        head: `${name}(${value.size})`,
        entries: elements([...Set.prototype.values.call(value)]),
      };
    if (isTyped(value)) {
      return {
        head: `${apply(typedName, value, [])}(${value.length})`,
        entries: elements([...value]),
        open: "[",
        close: "]",
      };
    }
    if (isBuffer(value)) return { head: name, entries: [`byteLength: ${value.byteLength}`] };
    if (isWeak(value)) return { head: name, entries: ["<items unknown>"] };
    const box = BOXES.find(([, is]) => is(value));
    if (box)
      return { head: `[${box[0]}: ${primitive(value.valueOf())}]`, entries: [], alone: true };
    if (name === "Object") return { head: "", entries: [] };
    return { head: name || "[Object: null prototype]", entries: [] };
  };

  class Pair {
    constructor([key, value]) {
      this.key = key;
      this.value = value;
    }
  }
  const PAIR = (entry) => new Pair(entry);
  const isError = (value) => hasTag(value, "Error") || value instanceof Error;
  const isIndex = (key) => typeof key === "string" && (/^\d+$/.test(key) || key === "length");
  const isErrorKey = (key) => ["stack", "message", "cause", "name"].includes(key);

  const cut = (list, inner) => {
    const shown = list
      .slice(0, ITEMS)
      .map((each) =>
        each instanceof Pair ? `${inner(each.key)} => ${inner(each.value)}` : inner(each),
      );
    return list.length > ITEMS ? [...shown, more(list.length - ITEMS, "item")] : shown;
  };
  const more = (count, what) => `... ${count} more ${what}${count > 1 ? "s" : ""}`;

  // The first index from `index` on that the array has, or its length.
  const filled = (value, index) => {
    for (let at = index; at < value.length; at++) {
      if (Object.hasOwn(value, at)) return at;
      if (at - index < 1000) continue;
      const keys = ownKeys(value).filter((key) => isIndex(key) && key !== "length");
      return Number(keys.find((key) => Number(key) >= at) ?? value.length);
    }
    return value.length;
  };

  const arrayTexts = (value, inner) => {
    const texts = [];
    let index = 0;
    while (index < value.length && texts.length < ITEMS) {
      const next = filled(value, index);
      const empty = next - index;
      texts.push(empty ? `<${empty} empty item${empty > 1 ? "s" : ""}>` : inner(value[next]));
      index = empty ? next : next + 1;
    }
    return index < value.length ? [...texts, more(value.length - index, "item")] : texts;
  };

  const causeTexts = (value, inner) =>
    Object.hasOwn(value, "cause") ? [`[cause]: ${inner(value.cause)}`] : [];

  const propertyTexts = (value, skip, inner) => {
    const keys = ownKeys(value).filter((key) => {
      const found = !skip(key) && getOwnPropertyDescriptor(value, key);
      return found && found.enumerable;
    });
    const texts = keys.slice(0, ITEMS).map((key) => {
      const { get, set, value: content } = getOwnPropertyDescriptor(value, key);
      const accessor = get && set ? "[Getter/Setter]" : get ? "[Getter]" : set ? "[Setter]" : "";
      return `${keyText(key)}: ${accessor || inner(content)}`;
    });
    return keys.length > ITEMS ? [...texts, more(keys.length - ITEMS, "key")] : texts;
  };

  // ---- Layout ---------------------------------------------------------------------------------

  const layout = (head, open, entries, close) => {
    const start = head ? `${head} ${open}` : open;
    if (entries.length === 0) return start + close;
    const line = `${start} ${entries.join(", ")} ${close}`;
    if (line.length <= WIDTH && !line.includes("\n")) return line;
    return `${start}\n  ${wrap(entries).join(",\n").replaceAll("\n", "\n  ")}\n${close}`;
  };

  // Short entries share lines; an object has one for each of its properties.
  const wrap = (entries) => {
    if (entries.length <= 6 || entries.some((entry) => entry.length > 16 || entry.includes(": "))) {
      return entries;
    }
    const lines = [""];
    for (const entry of entries) {
      const last = lines[lines.length - 1];
      if (last && last.length + entry.length + 2 > WIDTH) lines.push(entry);
      else lines[lines.length - 1] = last ? `${last}, ${entry}` : entry;
    }
    return lines;
  };

  // ---- What the console needs -----------------------------------------------------------------

  const inspect = (value) => show(value, 0, [], new Map());

  const asNumber = (value, convert) => {
    if (typeof value === "bigint") return `${value}n`;
    return typeof value === "symbol" ? "NaN" : primitive(convert(value));
  };
  const directive = (mark, value) => {
    switch (mark) {
      case "s":
        return typeof value === "string" ? value : inspect(value);
      case "d":
        return asNumber(value, Number);
      case "i":
        return asNumber(value, (each) => parseInt(each, 10));
      case "f":
        return asNumber(value, parseFloat);
      case "j":
        return String(JSON.stringify(value));
      case "c":
        return ""; // a style: there is none here
      default:
        return inspect(value);
    }
  };

  const format = (args) => {
    let used = 0;
    let text = "";
    if (typeof args[0] === "string") {
      used = 1;
      text =
        args.length === 1
          ? args[0]
          : args[0].replace(/%([sdifjoOc%])/g, (whole, mark) => {
              if (mark === "%") return "%";
              return used < args.length ? directive(mark, args[used++]) : whole;
            });
    }
    const rest = args.slice(used).map((each) => (typeof each === "string" ? each : inspect(each)));
    return (used ? [text, ...rest] : rest).join(" ");
  };

  native.inspect = inspect;
  native.format = format;
};
