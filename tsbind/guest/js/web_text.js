// TextEncoder and TextDecoder (WHATWG Encoding), UTF-8 only.
() => {
  const encode = (text) => {
    const bytes = [];
    for (let i = 0; i < text.length; i++) {
      let code = text.codePointAt(i);
      if (code > 0xffff) i++;
      if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd; // half of a pair
      if (code < 0x80) bytes.push(code);
      else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
      else if (code < 0x10000)
        bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
      else
        bytes.push(
          0xf0 | (code >> 18),
          0x80 | ((code >> 12) & 63),
          0x80 | ((code >> 6) & 63),
          0x80 | (code & 63),
        );
    }
    return bytes;
  };

  class TextEncoder {
    get encoding() {
      return "utf-8";
    }

    encode(text = "") {
      return Uint8Array.from(encode(`${text}`));
    }

    encodeInto(text, target) {
      if (!(target instanceof Uint8Array)) throw new TypeError("encodeInto needs a Uint8Array");
      let read = 0,
        written = 0;
      for (const character of `${text}`) {
        const bytes = encode(character);
        if (written + bytes.length > target.length) break;
        target.set(bytes, written);
        written += bytes.length;
        read += character.length;
      }
      return { read, written };
    }
  }

  const LABELS = new Set([
    "utf-8",
    "utf8",
    "unicode-1-1-utf-8",
    "unicode11utf8",
    "unicode20utf8",
    "x-unicode20utf8",
  ]);
  const BOM = 0xfeff;
  // Lead byte → [bytes that follow, bits of the lead, lowest and highest second byte].
  const lead = (byte) => {
    if (byte >= 0xc2 && byte <= 0xdf) return [1, byte & 31, 0x80, 0xbf];
    if (byte >= 0xe0 && byte <= 0xef)
      return [2, byte & 15, byte === 0xe0 ? 0xa0 : 0x80, byte === 0xed ? 0x9f : 0xbf];
    if (byte >= 0xf0 && byte <= 0xf4)
      return [3, byte & 7, byte === 0xf0 ? 0x90 : 0x80, byte === 0xf4 ? 0x8f : 0xbf];
    return null;
  };

  const bytesOf = (source) => {
    if (source === undefined) return new Uint8Array();
    if (ArrayBuffer.isView(source))
      return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    return new Uint8Array(Reflect.construct(Uint8Array, [source]).buffer);
  };

  class TextDecoder {
    #fatal;
    #keepsMark;
    #rest = []; // bytes of a character that is not complete, when streaming
    #begun = false;

    constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
      if (!LABELS.has(`${label}`.trim().toLowerCase())) {
        throw new RangeError(`the encoding "${label}" is not supported, only utf-8 is`);
      }
      this.#fatal = Boolean(fatal);
      this.#keepsMark = Boolean(ignoreBOM);
    }

    get encoding() {
      return "utf-8";
    }
    get fatal() {
      return this.#fatal;
    }
    get ignoreBOM() {
      return this.#keepsMark;
    }

    decode(source, { stream = false } = {}) {
      const given = bytesOf(source);
      const bytes = this.#rest.length ? [...this.#rest, ...given] : given;
      const { text, rest } = this.#characters(bytes, stream);
      this.#rest = rest;
      const hasMark = !this.#begun && !this.#keepsMark && text.charCodeAt(0) === BOM;
      this.#begun = stream && (this.#begun || text !== "");
      return hasMark ? text.slice(1) : text;
    }

    #characters(bytes, stream) {
      const parts = [];
      let units = [];
      const push = (code) => {
        if (code > 0xffff) units.push(0xd7c0 + (code >> 10), 0xdc00 | (code & 0x3ff));
        else units.push(code);
        if (units.length > 4096) {
          parts.push(String.fromCharCode(...units));
          units = [];
        }
      };
      const refuse = () => {
        if (this.#fatal) throw new TypeError("the bytes are not valid UTF-8");
        push(0xfffd);
      };
      let at = 0,
        rest = [];
      while (at < bytes.length) {
        const byte = bytes[at++];
        if (byte < 0x80) {
          push(byte);
          continue;
        }
        const head = lead(byte);
        if (!head) {
          refuse();
          continue;
        }
        let [follow, code, low, high] = head;
        const start = at - 1;
        while (follow > 0 && at < bytes.length && bytes[at] >= low && bytes[at] <= high) {
          code = (code << 6) | (bytes[at++] & 63);
          [low, high] = [0x80, 0xbf];
          follow--;
        }
        if (follow === 0) push(code);
        else if (stream && at === bytes.length) rest = Array.from(bytes.slice(start));
        else refuse();
      }
      parts.push(String.fromCharCode(...units));
      return { text: parts.join(""), rest };
    }
  }

  for (const type of [TextEncoder, TextDecoder]) {
    Object.defineProperty(type.prototype, Symbol.toStringTag, {
      value: type.name,
      configurable: true,
    });
    Object.defineProperty(globalThis, type.name, {
      value: type,
      writable: true,
      configurable: true,
    });
  }
};
