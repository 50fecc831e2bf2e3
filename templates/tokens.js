"use strict";
// Draws each tree as an icicle: one column a level, heights by tokens.  A click, Enter or a space
// makes a part the first column's; names are only ever set as text.  Parts too low for a label are
// one part together, so that every part can be read, hit and reached with the Tab key.
const SVG = "http://www.w3.org/2000/svg";
const COLUMNS = 4, HEIGHT = 560, LEAST = 2, LABELLED = 14, LETTER = 6.6, COMFORTABLE = 160;

function make(name, attributes, parent) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent.append(element);
  return element;
}

function hue(text) {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + letter.codePointAt(0)) % 360;
  return sum;
}

function label(part, whole) {
  const share = whole ? (100 * part.tokens / whole).toFixed(1) : "0";
  return `${part.name}: ${part.tokens.toLocaleString("en")} tokens, ${share} %`;
}

function together(parts, name) {
  if (parts.length < 2) return parts;
  return [{ name, tokens: parts.reduce((sum, part) => sum + part.tokens, 0), parts, group: true }];
}

// The parts, largest first as they are, with those below a label's height put together: as one
// beside others, else as many as have a label's height each.
function gathered(parts, scale) {
  const high = parts.filter((part) => part.tokens * scale >= LABELLED), low = parts.slice(high.length);
  if (high.length) return [...high, ...together(low, `${low.length} smaller`)];
  const groups = [];
  let group = [], tokens = 0;
  for (const part of low) {
    group.push(part);
    tokens += part.tokens;
    if (tokens * scale >= LABELLED) {
      groups.push(...together(group, `${group[0].name} and ${group.length - 1} more`));
      group = [], tokens = 0;
    }
  }
  return [...groups, ...(group.length === parts.length ? [] : together(group, `${group.length} smaller`))];
}

function icicle(section) {
  const svg = section.querySelector(".icicle"), path = section.querySelector(".path");
  const root = JSON.parse(section.querySelector('script[type="application/json"]').textContent);

  let shown = [root], columns = COLUMNS;

  function show(chain) {
    shown = chain;
    const focus = chain.at(-1), room = svg.getBoundingClientRect().width;
    columns = Math.max(2, Math.min(COLUMNS, Math.floor(room / COMFORTABLE)));
    svg.replaceChildren();
    path.textContent = [...chain.slice(0, -1).map((part) => part.name), label(focus, root.tokens)].join(" › ");
    draw(chain, 0, 0, HEIGHT, room / columns, chain.length > 1 ? chain.slice(0, -1) : chain);
  }

  function draw(chain, column, top, height, width, target) {
    const part = chain.at(-1);
    const box = make("g", { tabindex: 0, role: "button", "aria-label": label(part, root.tokens) }, svg);
    const fill = `hsl(${hue(chain.length > 2 ? chain[2].name : part.name)} 45% ${78 - 3 * column}%)`;
    make("rect", { x: column * width, y: top, width: Math.max(width - 1, 0), height: height - Math.min(1, height / 4), fill }, box);
    make("title", {}, box).textContent = label(part, root.tokens);
    if (height >= LABELLED) {
      const text = `${part.name} ${part.tokens.toLocaleString("en")}`, room = Math.floor(width / LETTER) - 1;
      const short = text.length > room ? text.slice(0, Math.max(room - 1, 1)) + "…" : text;
      make("text", { x: column * width + 5, y: top + Math.min(height / 2 + 4, 18) }, box).textContent = short;
    }
    box.addEventListener("click", () => show(target));
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      show(target);
      svg.firstElementChild.focus();
    });
    if (column + 1 < columns && (column === 0 || !part.group)) rows(chain, column + 1, top, height, width);
  }

  function rows(chain, column, top, height, width) {
    const whole = chain.at(-1).tokens || 1;
    for (const part of gathered(chain.at(-1).parts ?? [], height / whole)) {
      const own = height * part.tokens / whole;
      if (own >= LEAST) {
        const inner = [...chain, part];
        draw(inner, column, top, own, width, part.parts ? inner : chain);
      }
      top += own;
    }
  }

  show([root]);
  addEventListener("resize", () => show(shown));
}

document.querySelectorAll("section").forEach(icicle);
