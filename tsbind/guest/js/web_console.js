// console.*: each call adds a line to the run's logs.
(native) => {
  const { log } = native;
  const format = (args) => native.format(args); // of web_inspect.js, which comes later
  const counts = new Map();
  const timers = new Map();
  let indent = "";

  const write = (level, text) => {
    log(level, indent ? indent + text.replaceAll("\n", "\n" + indent) : text);
  };
  const at =
    (level) =>
    (...args) =>
      write(level, format(args));

  const console = {};
  const methods = {
    log: at("log"),
    info: at("info"),
    debug: at("debug"),
    warn: at("warn"),
    error: at("error"),
    dir: (value) => write("log", format([value])),
    table: (value) => write("log", format([value])),
    trace: (...args) => {
      const error = new Error(format(args));
      error.name = "Trace";
      write("error", format([error]));
    },
    assert: (condition, ...args) => {
      if (condition) return;
      const [first, ...rest] = args;
      const text =
        typeof first === "string"
          ? [`Assertion failed: ${first}`, ...rest]
          : ["Assertion failed", ...args];
      write("error", format(text));
    },
    count: (label = "default") => {
      const count = (counts.get(`${label}`) ?? 0) + 1;
      counts.set(`${label}`, count);
      write("log", `${label}: ${count}`);
    },
    countReset: (label = "default") => {
      counts.delete(`${label}`);
    },
    group: (...args) => {
      if (args.length) write("log", format(args));
      indent += "  ";
    },
    groupEnd: () => {
      indent = indent.slice(2);
    },
    time: (label = "default") => {
      timers.set(`${label}`, Date.now());
    },
    timeLog: (label = "default", ...args) => {
      if (timers.has(`${label}`))
        write("log", format([`${label}: ${Date.now() - timers.get(`${label}`)}ms`, ...args]));
    },
    timeEnd: (label = "default") => {
      methods.timeLog(label);
      timers.delete(`${label}`);
    },
  };
  for (const [name, method] of Object.entries(methods)) {
    Object.defineProperty(method, "name", { value: name });
    console[name] = method;
  }
  console.dirxml = methods.log;
  console.groupCollapsed = methods.group;
  Object.defineProperty(console, Symbol.toStringTag, { value: "console", configurable: true });
  Object.defineProperty(globalThis, "console", {
    value: console,
    writable: true,
    configurable: true,
  });
};
