// URL and URLSearchParams over the parser of web_url.js (WHATWG URL, sections 5 and 6).
(native) => {
  const { encode, decodeText, inFragment, inUserinfo } = native.percent;
  const { parseHost, Failure } = native.host;
  const {
    parse,
    write,
    writeHost,
    writePath,
    clean,
    encodeQuery,
    parsePath,
    parsePort,
    splitAuthority,
    splitPort,
    isSpecial,
    SPECIAL,
  } = native.url;

  const INSPECT = Symbol.for("nodejs.util.inspect.custom"); // see web_inspect.js

  // ---- URLSearchParams ------------------------------------------------------------------------

  const readForm = (text) =>
    text
      .split("&")
      .filter((pair) => pair !== "")
      .map((pair) => {
        const at = pair.indexOf("=");
        const part = (piece) => decodeText(piece.replaceAll("+", " "));
        return at < 0 ? [part(pair), ""] : [part(pair.slice(0, at)), part(pair.slice(at + 1))];
      });
  const formPart = (text) =>
    encodeURIComponent(text.toWellFormed())
      .replaceAll("%20", "+")
      .replace(/[!'()~]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
  const writeForm = (pairs) =>
    pairs.map(([name, value]) => `${formPart(name)}=${formPart(value)}`).join("&");
  const text = (value) => `${value}`.toWellFormed();

  const readInit = (init) => {
    if ((typeof init !== "object" && typeof init !== "function") || init === null) {
      return readForm(text(init).replace(/^\?/, ""));
    }
    if (init[Symbol.iterator] == null)
      return Object.keys(init).map((key) => [text(key), text(init[key])]);
    return Array.from(init, (pair) => {
      const [name, value, ...rest] = pair;
      if ([...pair].length !== 2 || rest.length)
        throw new TypeError("each entry must be a pair of name and value");
      return [text(name), text(value)];
    });
  };

  let attach; // makes the URLSearchParams of a URL

  class URLSearchParams {
    #pairs = [];
    #changed = () => {};

    static {
      attach = (query, changed) => {
        const params = new URLSearchParams();
        params.#pairs = readForm(query);
        params.#changed = () => changed(writeForm(params.#pairs));
        return {
          params,
          reset: (to) => {
            params.#pairs = readForm(to);
          },
        };
      };
    }

    constructor(init = "") {
      this.#pairs = readInit(init);
    }

    get size() {
      return this.#pairs.length;
    }

    append(name, value) {
      this.#pairs.push([text(name), text(value)]);
      this.#changed();
    }

    delete(name, value) {
      const [key, only] = [text(name), value === undefined ? null : text(value)];
      this.#pairs = this.#pairs.filter(
        (pair) => pair[0] !== key || (only !== null && pair[1] !== only),
      );
      this.#changed();
    }

    get(name) {
      const key = text(name);
      return this.#pairs.find((pair) => pair[0] === key)?.[1] ?? null;
    }

    getAll(name) {
      const key = text(name);
      return this.#pairs.filter((pair) => pair[0] === key).map((pair) => pair[1]);
    }

    has(name, value) {
      const [key, only] = [text(name), value === undefined ? null : text(value)];
      return this.#pairs.some((pair) => pair[0] === key && (only === null || pair[1] === only));
    }

    set(name, value) {
      const key = text(name);
      const first = this.#pairs.findIndex((pair) => pair[0] === key);
      if (first < 0) return this.append(name, value);
      this.#pairs[first][1] = text(value);
      this.#pairs = this.#pairs.filter((pair, index) => pair[0] !== key || index === first);
      this.#changed();
    }

    sort() {
      this.#pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      this.#changed();
    }

    forEach(callback, self) {
      for (const [name, value] of this) callback.call(self, value, name, this);
    }

    *entries() {
      for (let i = 0; i < this.#pairs.length; i++) yield [...this.#pairs[i]];
    }

    *keys() {
      for (const [name] of this) yield name;
    }

    *values() {
      for (const [, value] of this) yield value;
    }

    [Symbol.iterator]() {
      return this.entries();
    }

    toString() {
      return writeForm(this.#pairs);
    }

    [INSPECT](depth, options, inspect) {
      const pairs = this.#pairs.map(([name, value]) => `${inspect(name)} => ${inspect(value)}`);
      return pairs.length ? `URLSearchParams { ${pairs.join(", ")} }` : "URLSearchParams {}";
    }
  }

  // ---- URL ------------------------------------------------------------------------------------

  // What a setter is given may be no part of a URL: then it does nothing.
  const attempt = (change) => {
    try {
      return change();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  };
  const hasNoAuthority = (url) => url.host === null || url.host === "" || url.scheme === "file:";

  const setProtocol = (url, value) => {
    const found = /^([A-Za-z][A-Za-z0-9+.-]*)(:|$)/.exec(clean(value));
    const scheme = found && found[1].toLowerCase() + ":";
    if (!scheme || isSpecial(url) !== scheme in SPECIAL) return;
    if (scheme === "file:" && (url.username || url.password || url.port !== null)) return;
    if (url.scheme === "file:" && url.host === "") return;
    url.scheme = scheme;
    if (url.port === SPECIAL[scheme]) url.port = null;
  };

  const setHost = (url, value, withPort) =>
    attempt(() => {
      if (typeof url.path === "string") return;
      const [authority] = splitAuthority(url, clean(value).split(/[?#]/, 1)[0]);
      const [host, port] = splitPort(authority);
      if (port !== null && (!withPort || url.scheme === "file:")) return;
      if (
        host === "" &&
        ((isSpecial(url) && url.scheme !== "file:") ||
          port !== null ||
          url.username ||
          url.password ||
          url.port !== null)
      )
        return;
      const parsed = host === "" ? "" : parseHost(host, isSpecial(url));
      url.host = url.scheme === "file:" && parsed === "localhost" ? "" : parsed;
      const digits = port === null ? null : /^[0-9]+/.exec(port);
      if (digits) attempt(() => parsePort(url, digits[0]));
    });

  const setPort = (url, value) => {
    if (hasNoAuthority(url)) return;
    const digits = /^[0-9]+/.exec(clean(value));
    if (value === "") url.port = null;
    else if (digits) attempt(() => parsePort(url, digits[0]));
  };

  const setPathname = (url, value) => {
    if (typeof url.path === "string") return;
    url.path = [];
    const given = clean(value);
    if (given === "" && url.host === null && !isSpecial(url)) url.path.push("");
    else parsePath(url, given);
  };

  class URL {
    #url;
    #search; // { params, reset }, made when asked for

    constructor(input, base) {
      try {
        this.#url = parse(
          `${input}`.toWellFormed(),
          base === undefined ? null : parse(`${base}`.toWellFormed()),
        );
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        const wrong = new TypeError(`"${input}" is no URL: ${error.message}`);
        wrong.code = "ERR_INVALID_URL";
        wrong.input = `${input}`;
        throw wrong;
      }
    }

    static canParse(input, base) {
      return URL.parse(input, base) !== null;
    }

    static parse(input, base) {
      try {
        return new URL(input, base);
      } catch (error) {
        if (error.code === "ERR_INVALID_URL") return null;
        throw error;
      }
    }

    #setQuery(query) {
      this.#url.query = query;
      this.#search?.reset(query ?? "");
    }

    get href() {
      return write(this.#url);
    }
    set href(value) {
      this.#url = new URL(value).#url;
      this.#search?.reset(this.#url.query ?? "");
    }

    get origin() {
      const url = this.#url;
      if (url.scheme === "blob:") {
        const inner = URL.parse(writePath(url));
        return inner && /^https?:$/.test(inner.protocol) ? inner.origin : "null";
      }
      return isSpecial(url) && url.scheme !== "file:" ? `${url.scheme}//${writeHost(url)}` : "null";
    }

    get protocol() {
      return this.#url.scheme;
    }
    set protocol(value) {
      setProtocol(this.#url, `${value}`);
    }

    get username() {
      return this.#url.username;
    }
    set username(value) {
      if (!hasNoAuthority(this.#url)) this.#url.username = encode(text(value), inUserinfo);
    }

    get password() {
      return this.#url.password;
    }
    set password(value) {
      if (!hasNoAuthority(this.#url)) this.#url.password = encode(text(value), inUserinfo);
    }

    get host() {
      return writeHost(this.#url);
    }
    set host(value) {
      setHost(this.#url, text(value), true);
    }

    get hostname() {
      return this.#url.host ?? "";
    }
    set hostname(value) {
      setHost(this.#url, text(value), false);
    }

    get port() {
      return this.#url.port === null ? "" : `${this.#url.port}`;
    }
    set port(value) {
      setPort(this.#url, `${value}`);
    }

    get pathname() {
      return writePath(this.#url);
    }
    set pathname(value) {
      setPathname(this.#url, text(value));
    }

    get search() {
      return this.#url.query ? "?" + this.#url.query : "";
    }
    set search(value) {
      const query = text(value);
      this.#setQuery(query === "" ? null : encodeQuery(this.#url, clean(query.replace(/^\?/, ""))));
    }

    get searchParams() {
      this.#search ??= attach(this.#url.query ?? "", (query) => {
        this.#url.query = query || null;
      });
      return this.#search.params;
    }

    get hash() {
      return this.#url.fragment ? "#" + this.#url.fragment : "";
    }
    set hash(value) {
      const fragment = text(value);
      this.#url.fragment =
        fragment === "" ? null : encode(clean(fragment.replace(/^#/, "")), inFragment);
    }

    toString() {
      return this.href;
    }
    toJSON() {
      return this.href;
    }

    [INSPECT](depth, options, inspect) {
      return `URL { href: ${inspect(this.href)} }`;
    }
  }

  for (const type of [URL, URLSearchParams]) {
    for (const key of Object.keys(Object.getOwnPropertyDescriptors(type.prototype))) {
      if (key !== "constructor") Object.defineProperty(type.prototype, key, { enumerable: true });
    }
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
