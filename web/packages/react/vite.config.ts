import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { sources } from "../../sources.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The npm package: React and the elements are the page's own. */
export default defineConfig({
  root: here("."),
  publicDir: false,
  resolve: sources,
  ssr: { resolve: sources },
  build: {
    outDir: here("dist"),
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    minify: false,
    lib: { entry: { index: here("src/index.ts") }, formats: ["es"] },
    rolldownOptions: { external: [/^react/, /^@countersign\/elements/] },
  },
  test: { include: ["{src,test}/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 120_000 },
});
