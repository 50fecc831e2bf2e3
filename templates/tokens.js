"use strict";
// Draws each tree as an icicle: one column a level, heights by tokens.  A click makes a part the
// first column's; names are only ever set as text.
const SVG = "http://www.w3.org/2000/svg";
const COLUMNS = 4, HEIGHT = 560, LEAST = 1.5, LABELLED = 13, LETTER = 6.6;

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

function icicle(section) {
  const svg = section.querySelector(".icicle"), path = section.querySelector(".path");
  const root = JSON.parse(section.querySelector('script[type="application/json"]').textContent);

  function show(chain) {
    const focus = chain.at(-1), width = svg.getBoundingClientRect().width / COLUMNS;
    svg.replaceChildren();
    path.textContent = chain.map((part) => part.name).join(" › ") + " — " + label(focus, root.tokens);
    draw(chain, 0, 0, HEIGHT, width, chain.length > 1 ? chain.slice(0, -1) : chain);
  }

  function draw(chain, column, top, height, width, target) {
    const part = chain.at(-1);
    const box = make("g", { tabindex: 0, role: "button", "aria-label": label(part, root.tokens) }, svg);
    const fill = `hsl(${hue(chain.length > 2 ? chain[2].name : part.name)} 45% ${78 - 4 * column}%)`;
    make("rect", { x: column * width, y: top, width, height, fill }, box);
    make("title", {}, box).textContent = label(part, root.tokens);
    if (height >= LABELLED) {
      const text = `${part.name} ${part.tokens.toLocaleString("en")}`, room = Math.floor(width / LETTER) - 1;
      const short = text.length > room ? text.slice(0, Math.max(room - 1, 1)) + "…" : text;
      make("text", { x: column * width + 5, y: top + Math.min(height / 2 + 4, 18) }, box).textContent = short;
    }
    const open = () => show(target);
    box.addEventListener("click", open);
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(); }
    });
    if (column + 1 < COLUMNS) rows(chain, column + 1, top, height, width);
  }

  function rows(chain, column, top, height, width) {
    const parts = chain.at(-1).parts ?? [], whole = chain.at(-1).tokens || 1;
    for (const part of parts) {
      const own = height * part.tokens / whole;
      if (own >= LEAST) {
        const inner = [...chain, part];
        draw(inner, column, top, own, width, part.parts ? inner : chain);
      }
      top += own;
    }
  }

  show([root]);
  addEventListener("resize", () => show([root]));
}

document.querySelectorAll("section").forEach(icicle);
