/** How our pages are built: what all of them say to browsers, and where the program finds them. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { HtmlTagDescriptor } from "vite";
import { defineConfig } from "vitest/config";
import { sources } from "./sources.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The page of this name, in `apps/`. */
export const page = (name: string) =>
  defineConfig({
    root: here(`apps/${name}`),
    base: `/${name}/`,
    resolve: sources,
    plugins: [{ name: "head", transformIndexHtml: head }],
    build: {
      outDir: here(`dist/${name}`),
      emptyOutDir: true,
      target: "es2022",
      sourcemap: false,
      // Every file is one that the content security policy can name: nothing inline.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
    test: { include: ["src/**/*.test.ts"] },
  });

/** Title, description and what is said without scripts are each page's own. */
function head(): HtmlTagDescriptor[] {
  const meta = (attrs: Record<string, string>): HtmlTagDescriptor => ({ tag: "meta", attrs, injectTo: "head-prepend" });
  const [light, dark] = paper();
  return [
    meta({ charset: "utf-8" }),
    meta({ name: "viewport", content: "width=device-width, initial-scale=1, viewport-fit=cover" }),
    meta({ name: "theme-color", content: light, media: "(prefers-color-scheme: light)" }),
    meta({ name: "theme-color", content: dark, media: "(prefers-color-scheme: dark)" }),
    meta({ name: "referrer", content: "no-referrer" }),
    { tag: "link", attrs: { rel: "icon", href: "data:," }, injectTo: "head" },
  ];
}

/** The colours behind everything, light and dark, from the one place that has them. */
function paper(): [string, string] {
  const found = /--paper: light-dark\((#\w+), (#\w+)\)/.exec(readFileSync(here("packages/look/look.css"), "utf8"));
  if (!found?.[1] || !found[2]) throw new Error("look.css has no --paper of two colours");
  return [found[1], found[2]];
}
