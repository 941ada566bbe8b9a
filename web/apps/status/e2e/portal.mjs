// The e-service of the suite: its pages, its server's part of the API, and its configuration at the service.

import { fileURLToPath } from "node:url";
import { equal } from "../../../e2e/stage.mjs";

const SECRETS = { missswaggerclient: "missswaggerclientsecret", themed: "secret-of-themed" };
/** SHA-256 of the two. */
const HASHES = {
  missswaggerclient: "cfd042905004038ff6c63d7ad507e36c343a5218b060f80c19a9f6b2afa411c4",
  themed: "c5ba3bfbb7d739f9248571adeb4be9af5e1afe110499e6754eb07c30cd4f278b",
};

/** Two clients: one with everything, and one with looks of its own that takes the app alone and asks for no terms. */
export function configuration(site) {
  return `[[registration.client]]
id = "missswaggerclient"
secret_sha256 = "${HASHES.missswaggerclient}"
origins = ["${site}"]
hosted = true

[[registration.client]]
id = "themed"
secret_sha256 = "${HASHES.themed}"
origins = ["${site}"]
methods = ["MID"]
asks_for_terms = false
hosted = true
theme_css = "${site}/brand.css"
`;
}

/** Answers with the page that a case has written. */
export function pagesOf(pages, request, response) {
  const page = pages.get(new URL(request.url, "http://x").pathname);
  if (!page) return response.writeHead(404).end();
  return response.writeHead(200, page.headers).end(page.body);
}

/** A widget token for a page of the e-service, as its server gets it. */
export async function tokenFor(page, origin, site, client = "missswaggerclient") {
  const basic = Buffer.from(`${client}:${SECRETS[client]}`).toString("base64");
  const own = await page.request.post(`${origin}/oauth/token`, { headers: { authorization: `Basic ${basic}` }, form: { grant_type: "client_credentials", scope: "smartflow" } });
  equal(own.status(), 200, "the client's own token");
  const { access_token: bearer } = await own.json();
  const widget = await page.request.post(`${origin}/api/public/widget-token`, { headers: { authorization: `Bearer ${bearer}` }, data: { origin: site } });
  equal(widget.status(), 200, "a token for the page");
  return (await widget.json()).access_token;
}

/** The page in React, bundled as an e-service would. */
export async function react() {
  const [{ build, defaultClientConditions }, example] = [await import("vite"), fileURLToPath(new URL("../../../packages/react/example", import.meta.url))];
  const made = await build({
    configFile: false,
    root: example,
    logLevel: "error",
    // Our own packages as sources, as everywhere in this folder.
    resolve: { conditions: ["countersign-source", ...defaultClientConditions] },
    define: { "process.env.NODE_ENV": '"production"' },
    build: { write: false, lib: { entry: `${example}/page.tsx`, formats: ["es"], fileName: "page" }, rolldownOptions: { output: { codeSplitting: false } } },
  });
  const [{ output }] = Array.isArray(made) ? made : [made];
  return output.find((file) => file.type === "chunk" && file.isEntry).code;
}
