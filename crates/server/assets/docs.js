// The API viewer: reads /openapi.json, shows every operation, and sends requests from the page.
// Everything is built with DOM calls, so nothing in the description can become markup.

/** @typedef {{id: string, method: string, path: string, tag: string, op: any, words: string}} Operation */

const nav = byId("nav");
const list = byId("list");
const main = byId("main");
const search = /** @type {HTMLInputElement} */ (byId("search"));
const menu = byId("menu");

let doc = {};
/** @type {Operation[]} */
let operations = [];

start();

async function start() {
  try {
    const response = await fetch("/openapi.json");
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    doc = await response.json();
  } catch (error) {
    main.replaceChildren(el("p", {}, `The description could not be loaded: ${error.message}`));
    return;
  }
  byId("version").textContent = doc.info.version;
  operations = collect(doc);
  search.addEventListener("input", () => {
    setMenu(search.value !== "");
    showList();
  });
  menu.addEventListener("click", () => setMenu(!nav.classList.contains("open")));
  addEventListener("hashchange", showPage);
  addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
    if (event.key === "/" && !typing && !event.metaKey && !event.ctrlKey) {
      event.preventDefault();
      setMenu(true);
      search.focus();
    }
    if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      showList();
    }
  });
  showList();
  showPage();
}

/** Every operation in the order of the document. @returns {Operation[]} */
function collect(document) {
  const found = [];
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of ["get", "post", "put", "patch", "delete"]) {
      const op = item[method];
      if (!op) continue;
      const tag = op.tags?.[0] ?? "Other";
      const words = [method, path, op.summary, op.operationId, tag].join(" ").toLowerCase();
      found.push({ id: op.operationId, method, path, tag, op, words });
    }
  }
  return found;
}

function showList() {
  const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = operations.filter((each) => wanted.every((word) => each.words.includes(word)));
  const groups = Map.groupBy ? Map.groupBy(shown, (each) => each.tag) : group(shown);
  const current = currentId();
  list.replaceChildren(
    ...[...groups].map(([tag, members]) =>
      el("div", { class: "group" },
        el("h2", {}, tag),
        el("ul", {}, ...members.map((each) =>
          el("li", {},
            el("a", { class: "entry", href: `#${each.id}`, ...(each.id === current ? { "aria-current": "page" } : {}) },
              el("span", { class: `method ${each.method}` }, each.method.toUpperCase()),
              el("span", {}, each.op.summary ?? each.path))))))),
    ...(shown.length ? [] : [el("p", { class: "none" }, "No operation has all these words.")]),
  );
}

function group(members) {
  const groups = new Map();
  for (const each of members) groups.set(each.tag, [...(groups.get(each.tag) ?? []), each]);
  return groups;
}

function showPage() {
  const found = operations.find((each) => each.id === currentId());
  main.replaceChildren(found ? operationPage(found) : overview());
  document.title = found ? `${found.op.summary} · Countersign API` : "Countersign API";
  setMenu(false);
  showList();
  scrollTo(0, 0);
}

function overview() {
  const tags = doc.tags ?? [];
  return el("div", { class: "operation" },
    el("h1", {}, doc.info.title),
    ...paragraphs(doc.info.description),
    el("section", { class: "sheet" },
      el("h2", {}, "Parts"),
      el("dl", { class: "facts" }, ...tags.flatMap((tag) => [el("dt", {}, tag.name), el("dd", {}, tag.description ?? "")]))),
    el("p", {}, "The same description for programs: ", el("a", { href: "/openapi.json" }, "/openapi.json"), "."));
}

/** @param {Operation} operation */
function operationPage({ method, path, op, id }) {
  const body = op.requestBody ? resolve(op.requestBody) : undefined;
  const parameters = (op.parameters ?? []).map(resolve);
  return el("article", { class: "operation" },
    el("h1", {}, op.summary ?? id),
    el("p", { class: "title" }, el("span", { class: `method ${method}` }, method.toUpperCase()), el("span", { class: "path" }, path)),
    ...paragraphs(op.description),
    tryOut(method, path, op, parameters, body),
    ...(parameters.length ? [section("Parameters", schemaOfParameters(parameters))] : []),
    ...(body ? [section("Request body", bodySchema(body))] : []),
    section("Answers", ...Object.entries(op.responses).map(([status, response], index) => responseView(status, resolve(response), index === 0))));
}

function tryOut(method, path, op, parameters, body) {
  const form = el("form", { class: "sheet try" }, el("h2", {}, "Try it"));
  const inputs = parameters.map((parameter) => {
    const name = `p-${parameter.in}-${parameter.name}`;
    const input = el("input", {
      id: name, name, autocomplete: "off", spellcheck: "false",
      value: parameter.example ?? "", placeholder: parameter.required ? "" : "left out when empty",
      ...(parameter.required ? { required: "" } : {}),
    });
    form.append(el("div", { class: "field" },
      el("label", { for: name }, parameter.name, el("span", { class: "quiet small" }, `  ${parameter.in}`)), input));
    return { parameter, input };
  });

  const [type, media] = body ? Object.entries(body.content)[0] : [];
  const binary = type !== undefined && !/json|text|urlencoded/.test(type);
  let editor;
  let file;
  if (binary) {
    file = el("input", { type: "file", id: "body" });
    form.append(el("div", { class: "field" }, el("label", { for: "body" }, `Body (${type})`), file));
  } else if (type) {
    const examples = exampleList(media);
    editor = el("textarea", { id: "body", name: "body", spellcheck: "false", autocomplete: "off" });
    editor.value = examples[0]?.text ?? "";
    const field = el("div", { class: "field" }, el("label", { for: "body" }, `Body (${type})`));
    if (examples.length > 1) {
      const choice = el("select", { "aria-label": "Example" }, ...examples.map((each, index) => el("option", { value: String(index) }, each.name)));
      choice.addEventListener("change", () => { editor.value = examples[Number(choice.value)].text; });
      field.append(choice);
    }
    field.append(editor);
    form.append(field);
  }

  const send = el("button", { class: "primary", type: "submit" }, "Send");
  const copy = el("button", { type: "button" }, "Copy as curl");
  const note = el("span", { class: "quiet small", role: "status" });
  const answer = el("div", { class: "answer", "aria-live": "polite" });
  form.append(el("div", { class: "buttons" }, send, copy, note), answer);

  const target = () => {
    let url = path;
    const query = new URLSearchParams();
    const headers = {};
    for (const { parameter, input } of inputs) {
      if (parameter.in === "path") url = url.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      if (parameter.in === "query" && input.value) query.set(parameter.name, input.value);
      if (parameter.in === "header" && input.value) headers[parameter.name] = input.value;
    }
    if (type) headers["Content-Type"] = type;
    return { url: query.size ? `${url}?${query}` : url, headers };
  };

  copy.addEventListener("click", async () => {
    const { url, headers } = target();
    const quote = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;
    const parts = ["curl", "-sS", "-X", method.toUpperCase(), quote(location.origin + url)];
    for (const [name, value] of Object.entries(headers)) parts.push("-H", quote(`${name}: ${value}`));
    if (editor) parts.push("--data-binary", quote(editor.value));
    if (file) parts.push("--data-binary", "@FILE");
    try {
      await navigator.clipboard.writeText(parts.join(" "));
      note.textContent = "Copied.";
    } catch {
      answer.replaceChildren(el("pre", {}, el("code", {}, parts.join(" "))));
    }
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { url, headers } = target();
    send.disabled = true;
    note.textContent = "Waiting for the answer…";
    const begun = performance.now();
    try {
      const response = await fetch(url, {
        method: method.toUpperCase(), headers, body: editor ? editor.value : file?.files?.[0],
      });
      const took = Math.round(performance.now() - begun);
      const answered = response.headers.get("content-type") ?? "";
      const text = /json|text|pem|x-pem/.test(answered) ? await response.text() : undefined;
      const bytes = text === undefined ? (await response.arrayBuffer()).byteLength : 0;
      note.textContent = "";
      answer.replaceChildren(
        el("div", {},
          el("span", { class: `status ${colour(response.status)}` }, `${response.status} ${response.statusText}`),
          el("span", { class: "quiet small" }, `  ${took} ms, ${answered || "no body"}`)),
        el("pre", {}, el("code", {}, text === undefined ? `${bytes} bytes` : pretty(text))));
    } catch (error) {
      note.textContent = "";
      answer.replaceChildren(el("p", { class: "status bad" }, `No answer: ${error.message}`));
    } finally {
      send.disabled = false;
    }
  });
  return el("section", {}, form);
}

function responseView(status, response, open) {
  const content = Object.entries(response.content ?? {});
  return el("details", { class: "response", ...(open ? { open: "" } : {}) },
    el("summary", {}, el("span", { class: `status ${colour(Number(status))}` }, status), el("span", {}, response.description ?? "")),
    el("div", {}, ...content.flatMap(([type, media]) => [
      el("p", { class: "quiet small" }, type),
      ...(media.schema ? [schemaView(media.schema)] : []),
      ...exampleList(media).slice(0, 1).map((example) => el("pre", {}, el("code", {}, example.text))),
    ]), ...(content.length ? [] : [el("p", { class: "quiet small" }, "No body.")])));
}

function bodySchema(body) {
  const [type, media] = Object.entries(body.content)[0];
  return el("div", {}, el("p", { class: "quiet small" }, type), media.schema ? schemaView(media.schema) : "");
}

function schemaOfParameters(parameters) {
  return el("div", { class: "schema" }, ...parameters.map((parameter) =>
    memberView(parameter.name, { ...resolve(parameter.schema ?? {}), description: parameter.description }, parameter.required)));
}

function schemaView(schema, depth = 0) {
  const resolved = resolve(schema);
  if (resolved.oneOf) {
    return el("div", { class: "choices" }, el("p", { class: "quiet small" }, "One of:"), ...resolved.oneOf.map((each) => schemaView(each, depth + 1)));
  }
  if (resolved.type === "array" && resolved.items) {
    return el("div", {}, el("p", { class: "quiet small" }, "An array of:"), schemaView(resolved.items, depth + 1));
  }
  const properties = Object.entries(resolved.properties ?? {});
  if (!properties.length) return el("p", { class: "quiet small" }, kindOf(resolved) || "Any JSON value.");
  const required = new Set(resolved.required ?? []);
  return el("div", { class: "schema" }, ...properties.map(([name, member]) => memberView(name, member, required.has(name), depth)));
}

function memberView(name, member, required, depth = 0) {
  const schema = resolve(member);
  const nested = schema.properties ? schema : schema.items ? resolve(schema.items) : undefined;
  return el("div", { class: "member" },
    el("div", {}, el("span", { class: "name", ...(required ? { "data-mark": "*", title: "required" } : {}) }, name)),
    el("div", {}, el("span", { class: "kind" }, kindOf(schema)), ...paragraphs(schema.description)),
    ...(nested?.properties && depth < 5 ? [schemaView(nested, depth + 1)] : []));
}

/** A line of text about a schema: its type and its limits. */
function kindOf(schema) {
  const parts = [[schema.type].flat().filter(Boolean).join(" or ")];
  if (schema.format) parts.push(schema.format);
  if (schema.const !== undefined) parts.push(`always ${JSON.stringify(schema.const)}`);
  if (schema.enum) parts.push(`one of ${schema.enum.join(", ")}`);
  const range = (least, most, unit) => {
    if (least === undefined && most === undefined) return;
    const text = least === undefined ? `at most ${most}` : most === undefined ? `at least ${least}` : least === most ? `${least}` : `${least} to ${most}`;
    parts.push(`${text}${unit}`);
  };
  range(schema.minLength, schema.maxLength, " characters");
  range(schema.minimum, schema.maximum, "");
  range(schema.minItems, schema.maxItems, " items");
  if (schema.pattern) parts.push(schema.pattern);
  if (schema.default !== undefined) parts.push(`default ${JSON.stringify(schema.default)}`);
  return parts.filter(Boolean).join(" · ");
}

function exampleList(media) {
  const show = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));
  if (media.examples) {
    return Object.entries(media.examples).map(([name, example]) => ({ name: example.summary ?? name, text: show(resolve(example).value) }));
  }
  return media.example === undefined ? [] : [{ name: "Example", text: show(media.example) }];
}

/** Follows `$ref` within the document; members beside the reference win. */
function resolve(value) {
  let found = value;
  for (let hops = 0; found?.$ref && hops < 8; hops += 1) {
    const { $ref, ...beside } = found;
    const target = $ref.replace(/^#\//, "").split("/").reduce((node, key) => node?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], doc);
    found = { ...target, ...beside };
  }
  // A member that may be null is shown as what it is otherwise.
  const other = found?.anyOf?.filter((each) => each.type !== "null");
  if (other?.length === 1) {
    const { anyOf, ...beside } = found;
    return { ...resolve(other[0]), ...beside };
  }
  return found ?? {};
}

function section(title, ...children) {
  return el("section", {}, el("h2", {}, title), ...children);
}

function paragraphs(text) {
  return (text ?? "").split(/\n\n+/).filter(Boolean).map((each) =>
    el("p", {}, ...each.split(/(`[^`]+`)/).map((part) => (part.startsWith("`") && part.length > 2 ? el("code", {}, part.slice(1, -1)) : part))));
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function colour(status) {
  return status < 400 ? "good" : status < 500 ? "warn" : "bad";
}

function currentId() {
  return decodeURIComponent(location.hash.slice(1));
}

function setMenu(open) {
  nav.classList.toggle("open", open);
  menu.setAttribute("aria-expanded", String(open));
}

function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/** An element with attributes and children; text children stay text. */
function el(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}
