// crypto.getRandomValues and crypto.randomUUID, from the run's seed: a run can be repeated, so
// nothing that must stay secret may be made here.
(native) => {
  const { random } = native;
  const QUOTA = 65_536; // bytes, as the standard has it

  const getRandomValues = function (array) {
    const isInteger =
      ArrayBuffer.isView(array) &&
      !(array instanceof DataView) &&
      !(array instanceof Float32Array) &&
      !(array instanceof Float64Array);
    if (!isInteger)
      throw new DOMException("the argument is no array of integers", "TypeMismatchError");
    if (array.byteLength > QUOTA) {
      throw new DOMException(
        `${array.byteLength} bytes are more than ${QUOTA}`,
        "QuotaExceededError",
      );
    }
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let at = 0; at < bytes.length; at += 4) {
      const word = random();
      for (let byte = 0; byte < 4 && at + byte < bytes.length; byte++)
        bytes[at + byte] = word >>> (8 * byte);
    }
    return array;
  };

  const randomUUID = function () {
    const bytes = getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40; // version 4
    bytes[8] = (bytes[8] & 0x3f) | 0x80; // variant of RFC 9562
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };

  const refuse = () => {
    throw new TypeError(
      "crypto.subtle does not exist here: the host signs and authenticates calls",
    );
  };
  const crypto = Object.defineProperties(
    {},
    {
      getRandomValues: {
        value: getRandomValues,
        enumerable: true,
        writable: true,
        configurable: true,
      },
      randomUUID: { value: randomUUID, enumerable: true, writable: true, configurable: true },
      subtle: { get: refuse, enumerable: false, configurable: true },
      [Symbol.toStringTag]: { value: "Crypto", configurable: true },
    },
  );
  Object.defineProperty(globalThis, "crypto", {
    value: crypto,
    writable: true,
    configurable: true,
  });
};
