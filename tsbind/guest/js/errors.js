// The errors that calls fail with.  A program tells them apart by class, `name` or `status`.
(native) => {
  class CallError extends Error {
    constructor(message, details) {
      super(message);
      Object.assign(this, details);
    }
  }
  const define = (name, value) =>
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  const subclass = (name) => {
    const type = { [name]: class extends CallError {} }[name];
    Object.defineProperty(type.prototype, "name", { value: name, writable: true, configurable: true });
    define(name, type);
    return type;
  };
  Object.defineProperty(CallError.prototype, "name", {
    value: "CallError", writable: true, configurable: true,
  });
  define("CallError", CallError);
  const types = { __proto__: null, CallError };
  // The API answered with an error; the arguments do not fit; the reply does not, where that
  // matters; the operator forbids it; no answer came; a credential is missing; a limit of the run is
  // reached; the operator's own code failed.
  for (const name of ["ApiError", "ArgumentError", "ReplyError", "PolicyError", "NetworkError",
    "CredentialError", "LimitError", "HostError"]) {
    types[name] = subclass(name);
  }
  const { apply } = Reflect, own = Object.prototype.hasOwnProperty;

  native.callError((op, failure) => {
    const { name, message, status, code, body } = failure;
    const details = { __proto__: null, operation: op };
    if (status) details.status = status;
    if (code) details.code = code;
    if (apply(own, failure, ["body"])) details.body = body;
    const known = types[name] !== undefined;
    const error = new types[known ? name : "CallError"](message, details);
    if (!known) error.name = name;
    return error;
  });
};
