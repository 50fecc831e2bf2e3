// The API as a program sees it: lazy proxies over the operation table, so that binding an API of any
// size costs nothing.  A wrong name throws at once, and says which name was probably meant.
//
// Nothing here guards the boundary (that is done in C): a program that patches `Array.prototype`
// spoils its own error messages, no more.
(native) => {
  const { call, kind, names } = native;
  const NAMESPACE = 1, OPERATION = 2;

  // ---- Did you mean --------------------------------------------------------------------------

  // Edit distance with transpositions (optimal string alignment), or `most` when it is no less.
  const distance = (a, b, most) => {
    if (Math.abs(a.length - b.length) >= most) return most;
    let before, last, row = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      before = last, last = row, row = [i];
      for (let j = 1; j <= b.length; j++) {
        const same = a[i - 1] === b[j - 1];
        row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1));
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
          row[j] = Math.min(row[j], before[j - 2] + 1);
        }
      }
    }
    return Math.min(row[b.length], most);
  };

  const table = () => names().split("\n").filter((name) => name !== "");

  // The names directly under `prefix` ("" or "a.b."), in order.
  const children = (prefix) => {
    const found = new Set();
    for (const name of table()) {
      if (name.startsWith(prefix)) found.add(name.slice(prefix.length).split(".", 1)[0]);
    }
    return [...found];
  };

  // The sibling that looks most like `name`; or an operation elsewhere that ends in that name.
  const suggest = (prefix, name) => {
    const wanted = name.toLowerCase();
    let best = "", least = 1 + Math.max(1, Math.floor(name.length / 3));
    for (const sibling of children(prefix)) {
      const far = distance(wanted, sibling.toLowerCase(), least);
      if (far < least) [least, best] = [far, prefix + sibling];
    }
    const elsewhere = () => table().find((path) => path.toLowerCase().endsWith("." + wanted));
    return (least > 1 && elsewhere()) || best;
  };

  // ---- Proxies -------------------------------------------------------------------------------

  // Names that the language itself asks objects for: no operations, unless the table says so.
  const LANGUAGE = new Set(["then", "toJSON", "constructor", "toString", "valueOf", "prototype",
    "name", "length", "call", "apply", "bind", "hasOwnProperty", "toLocaleString",
    "isPrototypeOf", "propertyIsEnumerable", "__proto__", "caller", "arguments", "inspect",
    "$$typeof", "nodeType", "asymmetricMatch"]);

  const refuse = (prefix, spell, name) => {
    const meant = suggest(prefix, name);
    const hint = meant ? `. Did you mean ${spell(meant)}?` : "";
    throw new TypeError(`${spell(prefix + name)} is not an operation${hint}`);
  };

  const paths = new WeakMap(); // the dotted name of each operation that the program holds

  const operation = (path, label) => {
    const made = function (args) {
      if (arguments.length > 1) {
        throw new TypeError(`${label} takes one argument object, not ${arguments.length} arguments`);
      }
      return call(path, args);
    };
    paths.set(made, path);
    return made;
  };

  // ---- Lists in pages ------------------------------------------------------------------------

  // What the host offers beside the API's own operations: there to be called, not to be listed.
  const OFFERED = new Set(["$page", "$pages", "$response", "$search", "$describe"]);
  const MOST_ITEMS = 10_000;

  // The name, under `prefix`, of an operation that `label` was given.
  const own = (operation, prefix, label) => {
    const path = paths.get(operation);
    if (path !== undefined && path.startsWith(prefix)) return path.slice(prefix.length);
    const called = typeof operation?.then === "function" ? ", not what a call of it gives" : "";
    throw new TypeError(
      `${label} takes an operation${called}, as in ${label}(api.things.list, {…})`);
  };

  // `for await (const issue of api.$pages(api.issues.list, { state: "open" }, 100))`: each item of
  // each page, at most 100.  Without a number the loop ends by itself, or fails at MOST_ITEMS, so
  // that a program never takes a part for the whole.
  const pages = (prefix, label) => function (list, args, most) {
    const op = own(list, prefix, label);
    if (most !== undefined && !(Number.isSafeInteger(most) && most >= 0)) {
      throw new TypeError(`${label} takes the most items as a whole number`);
    }
    return walk(prefix + "$page", op, args, most);
  };

  const walk = async function* (page, op, args, most = Infinity) {
    let next = null, count = 0;
    while (count < most) {
      const turn = await call(page, { op, args: args ?? {}, next });
      for (const item of turn.items) {
        if (count === most) return;
        if (count++ === MOST_ITEMS && most === Infinity) {
          throw new RangeError(`${op} has more than ${MOST_ITEMS} items: say how many to take`);
        }
        yield item;
      }
      next = turn.next;
      if (next === null) return;
    }
  };

  // `const { headers, body } = await api.$response(api.rooms.list, {…})`: all of a reply.
  const response = (prefix, label) => function (operation, args) {
    return call(prefix + "$response", { op: own(operation, prefix, label), args: args ?? {} });
  };

  // The object that stands for everything under `prefix`.  `spell` writes a path as the program
  // does; `target` is the operation of the same name, if there is one.
  const namespace = (prefix, spell, target) => {
    const made = new Map();
    const child = (name) => {
      if (made.has(name)) return made.get(name);
      const path = prefix + name, what = kind(path);
      const walks = name === "$pages" && !what && kind(prefix + "$page");
      const plain = walks ? pages(prefix, spell(path))
        : name === "$response" && what === OPERATION ? response(prefix, spell(path))
        : what & OPERATION ? operation(path, spell(path)) : Object.create(null);
      const value = what & NAMESPACE ? namespace(path + ".", spell, plain)
        : what || walks ? plain : undefined;
      if (value !== plain && paths.has(plain)) paths.set(value, path);
      made.set(name, value);
      return value;
    };
    const refuseChange = () => {
      throw new TypeError(`${spell(prefix.slice(0, -1))} cannot be changed`);
    };
    return new Proxy(target, {
      __proto__: null,
      get: (_, name) => {
        if (typeof name === "symbol") return target[name];
        const value = child(name);
        if (value !== undefined) return value;
        return LANGUAGE.has(name) ? target[name] : refuse(prefix, spell, name);
      },
      has: (_, name) => typeof name === "string" && child(name) !== undefined,
      ownKeys: () => [...new Set([...children(prefix).filter((name) => !OFFERED.has(name)),
        ...Reflect.ownKeys(target)])],
      getOwnPropertyDescriptor: (_, name) =>
        typeof name === "string" && child(name) !== undefined
          ? { value: child(name), enumerable: true, configurable: true }
          : Reflect.getOwnPropertyDescriptor(target, name),
      set: refuseChange, defineProperty: refuseChange, deleteProperty: refuseChange,
      setPrototypeOf: refuseChange, preventExtensions: refuseChange,
    });
  };

  // ---- Globals -------------------------------------------------------------------------------

  const bind = (root, value) =>
    Object.defineProperty(globalThis, root, { value, writable: true, configurable: true });

  // With one API, the table's names follow its root; with several, they begin with it.
  bind("api", namespace("", (path) => (path ? "api." + path : "api"), Object.create(null)));
  native.onStart((roots) => {
    delete globalThis.api;
    const all = roots.split("\n");
    for (const root of all) {
      const spell = all.length > 1 ? (path) => path : (path) => (path ? `${root}.${path}` : root);
      bind(root, namespace(all.length > 1 ? root + "." : "", spell, Object.create(null)));
    }
  });
};
