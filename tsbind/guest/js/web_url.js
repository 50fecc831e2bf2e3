// The URL parser of the WHATWG URL standard (https://url.spec.whatwg.org, section 4), in its words:
// a record {scheme, username, password, host, port, path, query, fragment}; `path` is an array of
// segments, or a string when it is opaque.  It sets `native.url`.
(native) => {
  const { encode, isControl, inFragment, inQuery, inSpecialQuery, inPath, inUserinfo } =
    native.percent;
  const { parseHost, fail } = native.host;

  const SPECIAL = {
    __proto__: null,
    "ftp:": 21,
    "file:": null,
    "http:": 80,
    "https:": 443,
    "ws:": 80,
    "wss:": 443,
  };
  const isSpecial = (url) => url.scheme in SPECIAL;

  // ---- Paths ----------------------------------------------------------------------------------

  const isDrive = (segment) => /^[A-Za-z][:|]$/.test(segment);
  const isNormalDrive = (segment) => /^[A-Za-z]:$/.test(segment);
  const startsWithDrive = (text) => /^[A-Za-z][:|]([/\\]|$)/.test(text);
  const isOneDot = (segment) => /^(\.|%2e)$/i.test(segment);
  const isTwoDots = (segment) => /^(\.|%2e)(\.|%2e)$/i.test(segment);

  const shorten = (url) => {
    const { path } = url;
    if (url.scheme === "file:" && path.length === 1 && isNormalDrive(path[0])) return;
    path.pop();
  };

  // Append the segments of `text`, which has no leading slash of its own any more.
  const parseSegments = (url, text) => {
    const segments = text.split(isSpecial(url) ? /[/\\]/ : "/");
    segments.forEach((segment, index) => {
      const isLast = index === segments.length - 1;
      if (isTwoDots(segment)) {
        shorten(url);
        if (isLast) url.path.push("");
      } else if (isOneDot(segment)) {
        if (isLast) url.path.push("");
      } else if (url.scheme === "file:" && url.path.length === 0 && isDrive(segment)) {
        url.path.push(segment[0] + ":");
      } else {
        url.path.push(encode(segment, inPath));
      }
    });
  };

  // The standard's "path start state".
  const parsePath = (url, text) => {
    if (isSpecial(url)) parseSegments(url, text.replace(/^[/\\]/, ""));
    else if (text !== "") parseSegments(url, text.replace(/^\//, ""));
  };

  // ---- Authority ------------------------------------------------------------------------------

  const splitAuthority = (url, text) => {
    const end = text.search(isSpecial(url) ? /[/\\]/ : /\//);
    return end < 0 ? [text, ""] : [text.slice(0, end), text.slice(end)];
  };

  const parsePort = (url, text) => {
    if (!/^[0-9]*$/.test(text)) fail("the port is no number");
    if (text === "") return;
    const port = parseInt(text, 10);
    if (port > 65535) fail("the port is above 65535");
    url.port = port === SPECIAL[url.scheme] ? null : port;
  };

  // Host and port; the colon of an IPv6 address lies between brackets.
  const splitPort = (text) => {
    let inside = false;
    for (let at = 0; at < text.length; at++) {
      if (text[at] === "[") inside = true;
      else if (text[at] === "]") inside = false;
      else if (text[at] === ":" && !inside) return [text.slice(0, at), text.slice(at + 1)];
    }
    return [text, null];
  };

  const parseAuthority = (url, text) => {
    const [authority, rest] = splitAuthority(url, text);
    const at = authority.lastIndexOf("@");
    if (at >= 0) {
      const userinfo = authority.slice(0, at);
      const colon = userinfo.indexOf(":");
      url.username = encode(colon < 0 ? userinfo : userinfo.slice(0, colon), inUserinfo);
      url.password = colon < 0 ? "" : encode(userinfo.slice(colon + 1), inUserinfo);
    }
    const [host, port] = splitPort(authority.slice(at + 1));
    if (host === "" && (isSpecial(url) || at >= 0 || port !== null)) fail("the host is empty");
    url.host = host === "" ? "" : parseHost(host, isSpecial(url));
    if (port !== null) parsePort(url, port);
    parsePath(url, rest);
  };

  const parseFile = (url, text, base) => {
    url.host = "";
    const from = base?.scheme === "file:" ? base : null;
    if (/^[/\\]{2}/.test(text)) {
      const [host, rest] = splitAuthority(url, text.slice(2));
      if (isDrive(host)) return parseSegments(url, text.slice(2));
      url.host = host === "" ? "" : parseHost(host, true);
      if (url.host === "localhost") url.host = "";
      return parsePath(url, rest);
    }
    if (/^[/\\]/.test(text)) {
      if (from) {
        url.host = from.host;
        if (!startsWithDrive(text.slice(1)) && isNormalDrive(from.path[0] ?? ""))
          url.path.push(from.path[0]);
      }
      return parseSegments(url, text.slice(1));
    }
    if (!from) return parseSegments(url, text);
    url.host = from.host;
    if (!startsWithDrive(text)) url.path = [...from.path];
    return parseRelativePath(url, text, from);
  };

  const parseRelativePath = (url, text, base) => {
    if (text === "") {
      url.query ??= base.query;
      return;
    }
    shorten(url);
    parseSegments(url, text);
  };

  const parseRelative = (url, text, base) => {
    url.scheme = base.scheme;
    if (isSpecial(url) && /^[/\\]{2}/.test(text))
      return parseAuthority(url, text.replace(/^[/\\]+/, ""));
    if (text.startsWith("//")) return parseAuthority(url, text.slice(2));
    const { username, password, host, port } = base;
    Object.assign(url, { username, password, host, port });
    if (isSpecial(url) ? /^[/\\]/.test(text) : text.startsWith("/"))
      return parseSegments(url, text.slice(1));
    url.path = [...base.path];
    return parseRelativePath(url, text, base);
  };

  // ---- The whole ------------------------------------------------------------------------------

  const clean = (text) => text.replace(/[\t\n\r]/g, "");
  const cutAt = (text, mark) => {
    const at = text.indexOf(mark);
    return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
  };
  const encodeQuery = (url, text) => encode(text, isSpecial(url) ? inSpecialQuery : inQuery);

  const parse = (input, base = null) => {
    const [head, fragment] = cutAt(clean(input.replace(/^[\0-\x20]+|[\0-\x20]+$/g, "")), "#");
    const [text, query] = cutAt(head, "?");
    const url = {
      scheme: "",
      username: "",
      password: "",
      host: null,
      port: null,
      path: [],
      query: query,
      fragment: fragment === null ? null : encode(fragment, inFragment),
    };
    const scheme = /^([A-Za-z][A-Za-z0-9+.-]*:)([^]*)$/.exec(text);
    if (scheme) {
      url.scheme = scheme[1].toLowerCase();
      parseAfterScheme(url, scheme[2], base);
    } else if (!base) {
      fail("it has no scheme, and there is no base");
    } else if (typeof base.path === "string") {
      if (text !== "" || query !== null || fragment === null) fail("the base cannot be a base");
      return { ...base, fragment: url.fragment };
    } else {
      url.scheme = base.scheme;
      if (base.scheme === "file:") parseFile(url, text, base);
      else parseRelative(url, text, base);
    }
    // A query taken over from the base is encoded already.
    if (query !== null) url.query = encodeQuery(url, query);
    return url;
  };

  const parseAfterScheme = (url, text, base) => {
    if (url.scheme === "file:") return parseFile(url, text, base);
    if (isSpecial(url)) {
      const isRelative = base?.scheme === url.scheme && !text.startsWith("//");
      return isRelative
        ? parseRelative(url, text, base)
        : parseAuthority(url, text.replace(/^[/\\]+/, ""));
    }
    if (text.startsWith("//")) return parseAuthority(url, text.slice(2));
    if (text.startsWith("/")) return parseSegments(url, text.slice(1));
    const path = encode(text, isControl);
    // A space at the end of an opaque path would be lost by the next parse.
    const isLast = url.query === null && url.fragment === null;
    url.path = isLast ? path : path.replace(/ $/, "%20");
  };

  // ---- Serialising ----------------------------------------------------------------------------

  const writeHost = (url) => (url.host ?? "") + (url.port === null ? "" : `:${url.port}`);
  const writePath = (url) =>
    typeof url.path === "string" ? url.path : url.path.map((segment) => "/" + segment).join("");

  const write = (url) => {
    let out = url.scheme;
    if (url.host !== null) {
      out += "//" + url.username + (url.password ? ":" + url.password : "");
      if (url.username || url.password) out += "@";
      out += writeHost(url);
    } else if (typeof url.path !== "string" && url.path.length > 1 && url.path[0] === "") {
      out += "/."; // or the path would be read as an authority
    }
    out += writePath(url);
    if (url.query !== null) out += "?" + url.query;
    if (url.fragment !== null) out += "#" + url.fragment;
    return out;
  };

  native.url = {
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
  };
};
