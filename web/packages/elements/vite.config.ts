import { cpSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { sources } from "../../sources.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Pages of other origins name these files, so their names stay. */
export default defineConfig({
  root: here("."),
  base: "/elements/",
  publicDir: false,
  plugins: [
    {
      name: "example",
      apply: "build",
      closeBundle: () => {
        cpSync(here("example"), here("../../dist/elements/example"), { recursive: true });
        cpSync(here("theme.css"), here("../../dist/elements/theme.css"));
      },
    },
  ],
  resolve: sources,
  build: {
    outDir: here("../../dist/elements"),
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    lib: {
      entry: { "countersign-elements": here("src/register.ts"), "countersign-qr": here("src/qr.ts") },
      formats: ["es"],
    },
    rolldownOptions: { output: { chunkFileNames: "chunk-[hash].js" } },
  },
  test: { include: ["src/**/*.test.ts"] },
});
