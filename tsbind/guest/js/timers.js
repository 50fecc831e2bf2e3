// Timers are calls to the host: the guest has no clock of its own.
(native) => {
  const { call } = native;
  const { then } = Promise.prototype;
  const { apply } = Reflect;
  const live = new Map(); // the timers that no one has cleared
  let last = 0;

  const wait = (id, delay, fire) => {
    const ms = Number(delay);
    const due = call("$timer", { ms: ms > 0 && ms < 2 ** 31 ? ms : 0 });
    apply(then, due, [() => { if (live.has(id)) fire(); }]);
  };

  const start = (callback, delay, args, again) => {
    if (typeof callback !== "function") {
      throw new TypeError(`a timer calls a function, not a value of type ${typeof callback}`);
    }
    const id = ++last;
    const fire = () => {
      if (again) wait(id, delay, fire);
      else live.delete(id);
      apply(callback, undefined, args);
    };
    live.set(id, true);
    wait(id, delay, fire);
    return id;
  };

  const define = (name, value) =>
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  const clear = (id) => { live.delete(id); };
  const timers = {
    setTimeout(callback, delay = 0, ...args) { return start(callback, delay, args, false); },
    setInterval(callback, delay = 0, ...args) { return start(callback, delay, args, true); },
    setImmediate(callback, ...args) { return start(callback, 0, args, false); },
    clearTimeout(id = undefined) { clear(id); },
    clearInterval(id = undefined) { clear(id); },
    clearImmediate(id = undefined) { clear(id); },
  };
  for (const name of Object.keys(timers)) define(name, timers[name]);
};
