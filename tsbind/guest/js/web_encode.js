// Percent-encoding (WHATWG URL, section 1.3).  It sets `native.percent`.
(native) => {
  const set =
    (characters, base = () => false) =>
    (c) =>
      characters.includes(c) || base(c);
  const isControl = (c) => c < " " || c > "~";
  const inFragment = set(' "<>`', isControl);
  const inQuery = set(' "#<>', isControl);
  const inSpecialQuery = set("'", inQuery);
  const inPath = set("?^`{}", inQuery);
  const inUserinfo = set("/:;=@[\\]|", inPath);

  const hex = (byte) => "%" + (byte < 16 ? "0" : "") + byte.toString(16).toUpperCase();
  const escapeAll = (character) => {
    if (character > "\x7f") return encodeURIComponent(character.toWellFormed());
    return hex(character.charCodeAt(0));
  };
  const encode = (text, isEncoded) => {
    let out = "";
    for (const c of text) out += isEncoded(c) ? escapeAll(c) : c;
    return out;
  };

  // The bytes that percent-encoded ASCII text and UTF-8 stand for, one UTF-16 unit for each.
  const decodeBytes = (text) => {
    let out = "";
    for (const c of text) {
      out += c > "\x7f" ? encodeURIComponent(c.toWellFormed()) : c;
    }
    return out.replace(/%([0-9a-fA-F]{2})/g, (_, digits) =>
      String.fromCharCode(parseInt(digits, 16)),
    );
  };
  const decodeText = (text) =>
    new TextDecoder("utf-8", { ignoreBOM: true }).decode(
      Uint8Array.from(decodeBytes(text), (unit) => unit.charCodeAt(0)),
    );

  native.percent = {
    encode,
    decodeText,
    isControl,
    inFragment,
    inQuery,
    inSpecialQuery,
    inPath,
    inUserinfo,
  };
};
