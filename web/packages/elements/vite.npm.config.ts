import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { sources } from "../../sources.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The npm package: modules to be bundled by whoever uses it. */
export default defineConfig({
  root: here("."),
  publicDir: false,
  resolve: sources,
  build: {
    outDir: here("dist"),
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    minify: false,
    lib: { entry: { index: here("src/index.ts"), register: here("src/register.ts"), qr: here("src/qr.ts"), "register-qr": here("src/register-qr.ts") }, formats: ["es"] },
    rolldownOptions: { external: ["uqr"], output: { chunkFileNames: "[name]-[hash].js" } },
  },
});
