// Lets Swagger's client write requests: `node swagger_client.cjs MODULE`.
// Standard input: [document, [[operation, parameters, body or null], …]].
// Standard output: a list of {url, headers, body}.
"use strict";
const { buildRequest } = require(process.argv[2]);
const [spec, calls] = JSON.parse(require("node:fs").readFileSync(0, "utf8"));

const written = calls.map(([operationId, parameters, requestBody]) => {
  const { url, headers, body } = buildRequest({
    spec,
    operationId,
    parameters,
    ...(requestBody === null ? {} : { requestBody }),
  });
  return { url, headers, body: body === undefined ? null : String(body) };
});
process.stdout.write(JSON.stringify(written));
