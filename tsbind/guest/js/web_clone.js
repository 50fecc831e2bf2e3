// structuredClone, as the HTML standard's StructuredSerialize and StructuredDeserialize together.
() => {
  const { apply, getPrototypeOf, getOwnPropertyDescriptor } = Reflect;
  const getter = (type, key) => getOwnPropertyDescriptor(type.prototype, key).get;
  const tagOf = (value) => Object.prototype.toString.call(value).slice(8, -1);

  const refuse = (value) => {
    const what =
      typeof value === "symbol"
        ? String(value)
        : typeof value === "function"
          ? `the function "${value.name}"`
          : `an object of the kind ${tagOf(value)}`;
    throw new DOMException(`${what} cannot be cloned`, "DataCloneError");
  };

  // Each builtin with the method that only works on it, and how it is copied.  Methods are taken
  // now, so that a program that patches them does not change what counts as what.
  const slots = [
    [Date.prototype.getTime, (value) => new Date(value)],
    [getter(RegExp, "source"), (value, source) => new RegExp(source, value.flags)],
    [getter(ArrayBuffer, "byteLength"), (value) => ArrayBuffer.prototype.slice.call(value, 0)],
    [Boolean.prototype.valueOf, (value, inner) => Object(inner)],
    [Number.prototype.valueOf, (value, inner) => Object(inner)],
    [String.prototype.valueOf, (value, inner) => Object(inner)],
    [BigInt.prototype.valueOf, (value, inner) => Object(inner)],
  ];
  const regExpSource = getter(RegExp, "source");
  const mapEntries = Map.prototype.entries,
    setValues = Set.prototype.values;
  const typedName = getter(getPrototypeOf(Uint8Array), Symbol.toStringTag);
  const has = (method, value) => {
    try {
      return { found: apply(method, value, []) };
    } catch {
      return undefined;
    }
  };

  const ERRORS = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

  const copyError = (value, clone, made) => {
    const type = Object.hasOwn(ERRORS, value.name) ? ERRORS[value.name] : Error;
    const copy = made(Object.create(type.prototype));
    const hide = (key, content) =>
      Object.defineProperty(copy, key, { value: content, writable: true, configurable: true });
    const message = getOwnPropertyDescriptor(value, "message");
    if (message && "value" in message) hide("message", String(message.value));
    if (typeof value.stack === "string") hide("stack", value.stack);
    if (Object.hasOwn(value, "cause")) hide("cause", clone(value.cause));
    return copy;
  };

  const copyView = (value, clone, made) => {
    const buffer = clone(value.buffer);
    const name = apply(typedName, value, []);
    if (name === undefined) return made(new DataView(buffer, value.byteOffset, value.byteLength));
    return made(new globals[name](buffer, value.byteOffset, value.length));
  };
  const globals = {};
  for (const name of [
    "Int8Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "Int16Array",
    "Uint16Array",
    "Int32Array",
    "Uint32Array",
    "BigInt64Array",
    "BigUint64Array",
    "Float32Array",
    "Float64Array",
    "Float16Array",
  ]) {
    globals[name] = globalThis[name];
  }

  const copyObject = (value, clone, memory) => {
    const made = (copy) => {
      memory.set(value, copy);
      return copy;
    };
    for (const [method, copy] of slots) {
      const slot = has(method, value);
      // RegExp.prototype.source answers for RegExp.prototype itself, which holds no expression.
      if (slot && !(method === regExpSource && value === RegExp.prototype))
        return made(copy(value, slot.found));
    }
    if (ArrayBuffer.isView(value)) return copyView(value, clone, made);
    const entries = has(mapEntries, value);
    if (entries) {
      const copy = made(new Map());
      for (const [key, each] of [...entries.found]) copy.set(clone(key), clone(each));
      return copy;
    }
    const values = has(setValues, value);
    if (values) {
      const copy = made(new Set());
      for (const each of [...values.found]) copy.add(clone(each));
      return copy;
    }
    if (tagOf(value) === "Error" || value instanceof Error) return copyError(value, clone, made);
    if (REFUSED.has(tagOf(value))) refuse(value);
    const copy = made(Array.isArray(value) ? new Array(value.length) : {});
    for (const key of Object.keys(value)) {
      Object.defineProperty(copy, key, {
        value: clone(value[key]),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    return copy;
  };
  const REFUSED = new Set([
    "Promise",
    "WeakMap",
    "WeakSet",
    "WeakRef",
    "Generator",
    "AsyncGenerator",
    "FinalizationRegistry",
    "Symbol",
  ]);

  const { structuredClone } = {
    // A method, which is no constructor.
    structuredClone(value, options = undefined) {
      if (arguments.length === 0) throw new TypeError("structuredClone needs a value");
      const memory = new Map();
      const transfer = [...(options?.transfer ?? [])];
      for (const buffer of transfer) {
        if (!has(getter(ArrayBuffer, "byteLength"), buffer)) refuse(buffer);
        memory.set(buffer, ArrayBuffer.prototype.slice.call(buffer, 0));
      }
      const clone = (each) => {
        if (typeof each === "symbol" || typeof each === "function") refuse(each);
        if (typeof each !== "object" || each === null) return each;
        return memory.has(each) ? memory.get(each) : copyObject(each, clone, memory);
      };
      const copy = clone(value);
      for (const buffer of transfer) buffer.transfer(); // detaches the original
      return copy;
    },
  };
  Object.defineProperty(globalThis, "structuredClone", {
    value: structuredClone,
    writable: true,
    configurable: true,
  });
};
