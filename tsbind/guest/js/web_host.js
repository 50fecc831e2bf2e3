// The host parser of the WHATWG URL standard (section 3.5): domains, IPv4 and IPv6 addresses.  It
// sets `native.host`.
//
// International domain names are mapped with NFKC, lower case and punycode instead of the tables of
// UTS 46, which would be larger than the rest of the bootstrap.
(native) => {
  const { encode, decodeText, isControl } = native.percent;

  class Failure extends Error {}
  const fail = (why) => {
    throw new Failure(why);
  };

  const FORBIDDEN_HOST = /[\0\t\n\r #/:<>?@[\\\]^|]/;
  const FORBIDDEN_DOMAIN = /[\0-\x20#%/:<>?@[\\\]^|\x7f]/;

  const parseHost = (text, special) => {
    if (text[0] === "[") {
      return text.endsWith("]")
        ? parseIPv6(text.slice(1, -1))
        : fail("an IPv6 address is not closed");
    }
    if (!special) {
      if (FORBIDDEN_HOST.test(text)) fail("the host holds a forbidden character");
      return encode(text, isControl);
    }
    const domain = toASCII(decodeText(text));
    if (FORBIDDEN_DOMAIN.test(domain)) fail("the host holds a forbidden character");
    return endsInNumber(domain) ? parseIPv4(domain) : domain;
  };

  const endsInNumber = (domain) => {
    const parts = domain.split(".");
    if (parts.length > 1 && parts.at(-1) === "") parts.pop();
    return /^([0-9]+|0[xX][0-9a-fA-F]*)$/.test(parts.at(-1));
  };

  const parseIPv4Number = (text) => {
    if (/^0[xX][0-9a-fA-F]*$/.test(text)) return text.length === 2 ? 0 : parseInt(text, 16);
    if (/^0[0-7]+$/.test(text)) return parseInt(text, 8);
    return /^(0|[1-9][0-9]*)$/.test(text)
      ? parseInt(text, 10)
      : fail("the IPv4 address is no number");
  };

  const parseIPv4 = (domain) => {
    const parts = domain.split(".");
    if (parts.length > 1 && parts.at(-1) === "") parts.pop();
    if (parts.length > 4) fail("an IPv4 address has more than four parts");
    const numbers = parts.map(parseIPv4Number);
    const last = numbers.pop();
    if (numbers.some((n) => n > 255) || last >= 256 ** (4 - numbers.length)) {
      fail("a part of the IPv4 address is too large");
    }
    const address = numbers.reduce((sum, n, i) => sum + n * 256 ** (3 - i), last);
    return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
  };

  const parseIPv6 = (text) => {
    const bad = () => fail("the IPv6 address is malformed");
    let tail = [];
    const four = /^(.*:)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
    if (four) {
      const bytes = four
        .slice(2)
        .map((part) => (/^(0|[1-9]\d*)$/.test(part) && part < 256 ? +part : bad()));
      tail = [(bytes[0] << 8) | bytes[1], (bytes[2] << 8) | bytes[3]];
      text = four[1].endsWith("::") ? four[1] : four[1].slice(0, -1);
      if (!text || text === ":") bad();
    }
    const halves = text.split("::");
    if (halves.length > 2) bad();
    const pieces = halves.map((half) =>
      (half === "" ? [] : half.split(":")).map((piece) =>
        /^[0-9a-fA-F]{1,4}$/.test(piece) ? parseInt(piece, 16) : bad(),
      ),
    );
    const end = [...(pieces[1] ?? []), ...tail];
    const missing = 8 - pieces[0].length - end.length;
    if (halves.length === 2 ? missing < 1 : missing !== 0) bad();
    const zeros = Array(halves.length === 2 ? missing : 0).fill(0);
    return `[${writeIPv6([...pieces[0], ...zeros, ...end])}]`;
  };

  // RFC 5952: the first of the longest runs of two or more zeros becomes `::`.
  const writeIPv6 = (pieces) => {
    let best = 0,
      start = -1;
    for (let i = 0; i < 8; i++) {
      let end = i;
      while (end < 8 && pieces[end] === 0) end++;
      if (end - i > best) [best, start] = [end - i, i];
    }
    const text = (list) => list.map((piece) => piece.toString(16)).join(":");
    if (best < 2) return text(pieces);
    return `${text(pieces.slice(0, start))}::${text(pieces.slice(start + best))}`;
  };

  const toASCII = (domain) => {
    const text = domain
      .normalize("NFKC")
      .replace(/[\u3002\uff0e\uff61]/g, ".")
      .replace(/[\u00ad\u034f\u180b-\u180f\u200b\u2060-\u206f\ufe00-\ufe0f\ufeff]/g, "")
      .replace(/./gu, (c) => c.toLowerCase())
      .normalize("NFC");
    const labels = text.split(".").map((label) => {
      if (/^xn--/.test(label) && /[^\0-\x7f]/.test(label)) fail("a label of the host is malformed");
      return /^[\0-\x7f]*$/.test(label) ? label : `xn--${punycode(label)}`;
    });
    return labels.join(".") || fail("the host is empty");
  };

  // A mark without a letter, or a joiner that joins nothing.
  const BAD_START = /^\p{M}|(?<![\p{M}\p{L}])[\u200c\u200d]/u;
  const BAD_ANYWHERE = /[\u200e\u200f\u202a-\u202e\ufffd\p{Cn}\p{Co}\p{Cs}\p{Cc}\p{Z}]/u;

  // RFC 3492 with the parameters of IDNA.
  const punycode = (label) => {
    if (BAD_START.test(label) || BAD_ANYWHERE.test(label)) fail("a label of the host is malformed");
    const codes = Array.from(label, (c) => c.codePointAt(0));
    let out = codes
      .filter((c) => c < 0x80)
      .map((c) => String.fromCharCode(c))
      .join("");
    let done = out.length,
      delta = 0,
      bias = 72,
      next = 0x80,
      first = true;
    if (done) out += "-";
    while (done < codes.length) {
      const least = Math.min(...codes.filter((c) => c >= next));
      delta += (least - next) * (done + 1);
      next = least;
      for (const code of codes) {
        if (code < next) delta++;
        if (code !== next) continue;
        let rest = delta;
        for (let k = 36; ; k += 36) {
          const t = Math.min(Math.max(k - bias, 1), 26);
          if (rest < t) break;
          out += digit(t + ((rest - t) % (36 - t)));
          rest = Math.floor((rest - t) / (36 - t));
        }
        out += digit(rest);
        bias = adapt(delta, ++done, first);
        [delta, first] = [0, false];
      }
      (delta++, next++);
    }
    return out;
  };
  const digit = (n) => "abcdefghijklmnopqrstuvwxyz0123456789"[n];
  const adapt = (delta, count, first) => {
    delta = Math.floor(delta / (first ? 700 : 2));
    delta += Math.floor(delta / count);
    let k = 0;
    for (; delta > 455; k += 36) delta = Math.floor(delta / 35);
    return k + Math.floor((36 * delta) / (delta + 38));
  };

  native.host = { parseHost, Failure, fail };
};
