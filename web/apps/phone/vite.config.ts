import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What the service worker keeps for use without a network: it stands in `sw.js` as `__PRECACHE__` and `__RELEASE__`. */
function precache(): Plugin {
  return {
    name: "precache",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      const worker = bundle["sw.js"];
      if (worker?.type !== "chunk") return;
      const names = Object.keys(bundle).filter((name) => name !== "sw.js").sort();
      const hash = createHash("sha256");
      for (const name of names) {
        const file = bundle[name]!;
        hash.update(name).update(file.type === "chunk" ? file.code : file.source);
      }
      worker.code = worker.code
        .replaceAll("__PRECACHE__", JSON.stringify(names))
        .replaceAll("__RELEASE__", JSON.stringify(hash.digest("hex").slice(0, 16)));
    },
  };
}

export default defineConfig({
  root: here("."),
  base: "/phone/",
  plugins: [precache()],
  build: {
    outDir: here("../../dist/phone"),
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    // Every file is one that the content security policy can name: nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        index: here("index.html"),
        "device-link": here("device-link.html"),
        ...(existsSync(here("src/sw.ts")) && { sw: here("src/sw.ts") }),
      },
      output: {
        entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
  worker: { format: "es" },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
