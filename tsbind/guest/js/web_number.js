// Numbers as people write them: toLocaleString and Intl.NumberFormat, for one locale, en-US.  Any
// other locale is answered in en-US, as a Node without its locale data does.
() => {
  const SYMBOLS = {
    USD: "$",
    EUR: "€",
    GBP: "£",
    JPY: "¥",
    INR: "₹",
    CNY: "CN¥",
    KRW: "₩",
    CAD: "CA$",
    AUD: "A$",
    MXN: "MX$",
    BRL: "R$",
  };
  const COMPACT = [
    [1e12, "T"],
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "K"],
  ];

  const group = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ",");

  // The digits of a non-negative number, rounded to `most` fraction digits, at least `least` kept.
  const rounded = (number, least, most, power) => {
    const [whole, fraction = ""] = decimal(number, most, power).split(".");
    const kept = fraction.replace(/0+$/, "").padEnd(least, "0");
    return [whole, kept];
  };
  // toFixed of the shortest decimal times 10 to the `power`: 1.005 is rounded as it is written, not
  // as its nearest binary number.
  const decimal = (number, places, power) => {
    const [mantissa, exponent = "0"] = `${number}`.split("e");
    const [whole, fraction = ""] = mantissa.split(".");
    const shift = Number(exponent) - fraction.length + power;
    let digits = BigInt(whole + fraction);
    if (shift > 0) digits *= 10n ** BigInt(shift);
    let scale = Math.max(0, -shift);
    if (scale > places) {
      const unit = 10n ** BigInt(scale - places);
      digits = (digits + unit / 2n) / unit;
      scale = places;
    }
    const text = `${digits}`.padStart(scale + 1, "0");
    return scale ? `${text.slice(0, -scale)}.${text.slice(-scale)}` : text;
  };

  const fractionDigits = (options, least, most) => {
    const asked = (key) => {
      const value = options[key];
      if (value === undefined) return undefined;
      const digits = Math.floor(Number(value));
      if (!(digits >= 0 && digits <= 100)) throw new RangeError(`${key} value is out of range`);
      return digits;
    };
    const low = asked("minimumFractionDigits"),
      high = asked("maximumFractionDigits");
    if (low !== undefined && high !== undefined && low > high)
      throw new RangeError("maximumFractionDigits value is out of range");
    return [low ?? Math.min(least, high ?? least), high ?? Math.max(most, low ?? most)];
  };

  // Two significant digits, or all before the point: [fraction digits, power, letter].
  const compact = (size) => {
    let index = COMPACT.findIndex(([least]) => size >= least);
    // What rounds up to the next letter's thousand takes that letter.
    if (index > 0 && Math.round(Number(size) / COMPACT[index][0]) === 1000) index--;
    const [scale, letter] = COMPACT[index] ?? [1, ""];
    const scaled = Number(size) / scale;
    const places =
      scaled === 0 || scaled >= 10 ? 0 : Math.max(0, 1 - Math.floor(Math.log10(scaled)));
    return [places, -Math.round(Math.log10(scale)), letter];
  };

  const formatNumber = (number, options) => {
    const {
      style = "decimal",
      currency,
      notation,
      useGrouping = true,
      minimumIntegerDigits = 1,
    } = options;
    const negative = number < 0 || Object.is(number, -0);
    const size = negative ? -number : number;
    let [prefix, suffix, digits, power] = ["", "", [0, 3], 0];
    if (style === "percent") {
      [suffix, digits, power] = ["%", [0, 0], 2];
    } else if (style === "currency") {
      if (typeof currency !== "string") throw new TypeError("the style currency needs a currency");
      const code = currency.toUpperCase();
      prefix = SYMBOLS[code] ?? `${code}\u00a0`;
      digits = code === "JPY" || code === "KRW" ? [0, 0] : [2, 2];
    } else if (style === "unit") {
      suffix = ` ${options.unit}`;
    }
    const sign = negative ? "-" : "";
    if (Number.isNaN(number)) return `${prefix}NaN${suffix}`;
    if (size === Infinity) return `${sign}${prefix}∞${suffix}`;
    if (notation === "compact") {
      const [places, shift, letter] = compact(size);
      [digits, power, suffix] = [[0, places], power + shift, letter + suffix];
    }
    const [whole, fraction] = rounded(size, ...fractionDigits(options, ...digits), power);
    const padded = whole.padStart(minimumIntegerDigits, "0");
    const grouped = useGrouping === false || useGrouping === "false" ? padded : group(padded);
    return sign + prefix + grouped + (fraction ? `.${fraction}` : "") + suffix;
  };

  // ---- Globals --------------------------------------------------------------------------------

  const define = (object, name, value) =>
    Object.defineProperty(object, name, { value, writable: true, configurable: true });
  const numberValue = Number.prototype.valueOf;
  const bigintValue = BigInt.prototype.valueOf;
  // Methods, which are no constructors; both parameters may be left out, so their length is 0.
  const ofNumber = {
    toLocaleString(locale = undefined, options = undefined) {
      return formatNumber(numberValue.call(this), options ?? {});
    },
  };
  const ofBigInt = {
    toLocaleString(locale = undefined, options = undefined) {
      return formatNumber(bigintValue.call(this), options ?? {});
    },
  };
  define(Number.prototype, "toLocaleString", ofNumber.toLocaleString);
  define(BigInt.prototype, "toLocaleString", ofBigInt.toLocaleString);

  class NumberFormat {
    #options;
    constructor(locale, options) {
      this.#options = { ...options };
      this.format = (number) =>
        formatNumber(typeof number === "bigint" ? number : Number(number), this.#options);
    }
    resolvedOptions() {
      return { locale: "en-US", numberingSystem: "latn", ...this.#options };
    }
  }
  if (!globalThis.Intl) define(globalThis, "Intl", {});
  // May be called without `new`.
  define(
    Intl,
    "NumberFormat",
    new Proxy(NumberFormat, { apply: (type, self, args) => new type(...args) }),
  );
};
