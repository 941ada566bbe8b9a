import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { sources } from "../../sources.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  base: "/desk/",
  resolve: sources,
  build: {
    outDir: here("../../dist/desk"),
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    // Every file is one that the content security policy can name: nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: { include: ["src/**/*.test.ts"] },
});
