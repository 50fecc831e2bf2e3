// The order of text: localeCompare and Intl.Collator, close to the root collation of the Unicode
// Collation Algorithm for Latin script; other scripts follow their code points.
() => {
  "use strict"; // so that `this` is what a method was called on, null too
  // The order that people expect: signs, digits, letters whatever their case and accents; these
  // decide only between texts that are alike otherwise, lower case first.
  const SIGNS = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789";
  const LETTERS = {
    ß: "ss",
    æ: "ae",
    Æ: "AE",
    œ: "oe",
    Œ: "OE",
    ø: "o\u0338",
    Ø: "O\u0338",
    đ: "d\u0335",
    Đ: "D\u0335",
    ł: "l\u0335",
    Ł: "L\u0335",
  };
  const weight = (c) => {
    if (c <= " ") return c.charCodeAt(0);
    const sign = SIGNS.indexOf(c);
    return sign >= 0 ? 100 + sign : 1000 + c.toLowerCase().codePointAt(0);
  };

  const compareBase = (a, b, numeric) => {
    let i = 0,
      j = 0;
    while (i < a.length && j < b.length) {
      if (numeric && /\d/.test(a[i]) && /\d/.test(b[j])) {
        const [left, right] = [a.slice(i), b.slice(j)].map((rest) => /^\d+/.exec(rest.join(""))[0]);
        const [x, y] = [left, right].map((digits) => digits.replace(/^0+(?=\d)/, ""));
        if (x.length !== y.length) return x.length - y.length;
        if (x !== y) return x < y ? -1 : 1;
        i += left.length;
        j += right.length;
        continue;
      }
      const difference = weight(a[i++]) - weight(b[j++]);
      if (difference) return difference;
    }
    return a.length - i - (b.length - j);
  };

  const compare = (left, right, { numeric = false, sensitivity = "variant" } = {}) => {
    if (left === right) return 0;
    const [a, b] = [left, right].map((text) =>
      text.normalize("NFD").replace(/[^\0-\x7f]/gu, (c) => LETTERS[c] ?? c),
    );
    const base = (text) => Array.from(text.replace(/\p{M}/gu, ""));
    let order = compareBase(base(a), base(b), numeric);
    if (!order && /accent|variant/.test(sensitivity)) {
      const marks = (text) => text.replace(/[^\p{M}]/gu, " ");
      order = marks(a) < marks(b) ? -1 : marks(a) > marks(b) ? 1 : 0;
    }
    if (!order && /case|variant/.test(sensitivity)) {
      const [x, y] = [a, b].map((text) =>
        text.replace(/[^]/gu, (c) => (c === c.toLowerCase() ? "a" : "b")),
      );
      order = x < y ? -1 : x > y ? 1 : 0;
    }
    return Math.sign(order);
  };

  const define = (object, name, value) =>
    Object.defineProperty(object, name, { value, writable: true, configurable: true });
  const { localeCompare } = {
    localeCompare(other, locale = undefined, options = undefined) {
      if (this === undefined || this === null) throw new TypeError(`${this} is not a string`);
      return compare(`${this}`, `${other}`, options ?? {});
    },
  };
  define(String.prototype, "localeCompare", localeCompare);

  class Collator {
    #options;
    constructor(locale, options) {
      this.#options = { ...options };
      this.compare = (a, b) => compare(`${a}`, `${b}`, this.#options);
    }
    resolvedOptions() {
      return { locale: "en-US", ...this.#options };
    }
  }
  if (!globalThis.Intl) define(globalThis, "Intl", {});
  // May be called without `new`.
  define(Intl, "Collator", new Proxy(Collator, { apply: (type, self, args) => new type(...args) }));
};
