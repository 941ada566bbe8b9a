import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The gallery: the product's screens with the scripted engine, built as the product is. */
export default defineConfig({
  root: here("."),
  base: "/phone/",
  publicDir: false,
  build: {
    outDir: here("../../../../target/screens/phone/app"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
});
