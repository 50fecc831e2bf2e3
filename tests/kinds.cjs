// Reads declaration texts, one JSON string per line, and prints for each, as JSON: the kinds of all
// nodes of TypeScript's own syntax tree, the statements' kinds, and what did not parse.
// usage: node kinds.cjs PATH-OF-typescript.js
const ts = require(process.argv[2]);
// Some kinds have a second name, such as FirstStatement.
const names = {};
for (const [name, kind] of Object.entries(ts.SyntaxKind)) {
  if (typeof kind === "number" && !/^(First|Last)/.test(name)) names[kind] ??= name;
}
const lines = require("fs").readFileSync(0, "utf8").split("\n");
for (const line of lines) {
  if (!line) continue;
  const file = ts.createSourceFile("declarations.ts", JSON.parse(line), ts.ScriptTarget.ES2022, true);
  const kinds = new Set();
  const visit = (node) => {
    kinds.add(names[node.kind]);
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(file, visit);
  const statements = file.statements.map((one) => names[one.kind]);
  const wrong = file.parseDiagnostics.map((one) => ts.flattenDiagnosticMessageText(one.messageText, " "));
  console.log(JSON.stringify({ kinds: [...kinds], statements, wrong }));
}
