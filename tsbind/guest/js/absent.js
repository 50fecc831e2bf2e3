// What other places have and this one has not: each says what to use instead.
() => {
  const refuse = (name, instead) => {
    const fail = function () {
      throw new TypeError(`${name} does not exist here: ${instead}`);
    };
    const absent = new Proxy(fail, {
      __proto__: null,
      get: (target, key) => (typeof key === "symbol" || key === "then" ? undefined : fail()),
      set: fail,
    });
    Object.defineProperty(globalThis, name, { value: absent, writable: true, configurable: true });
  };
  const calls = "reach the outside by calling the API's operations";
  for (const name of ["fetch", "XMLHttpRequest", "WebSocket", "EventSource"]) refuse(name, calls);
  refuse("require", "there are no modules; the API's operations are globals");
  refuse("process", "a program has no environment, arguments or files; return its result");
  refuse("Deno", calls);
  refuse("Bun", calls);

  // Shared memory would be a clock (and the engine is built without atomics).
  delete globalThis.SharedArrayBuffer;
  delete globalThis.Atomics;

  // Integers beyond 2^53 arrive as BigInts; written back they stay the integers that they were.
  const { rawJSON } = JSON;
  Object.defineProperty(BigInt.prototype, "toJSON", {
    value: { toJSON() { return rawJSON(String(this)); } }.toJSON, writable: true, configurable: true,
  });
};
