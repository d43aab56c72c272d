/**
 * How the page is built.
 *
 * Invariant: the same sources give the same bytes, whatever machine builds them; a browser is sent nothing of another
 * site and no script or style that is not a file of its own.
 */
import { defineConfig } from "vite";

const server = process.env["MLTRACK_URL"] ?? "http://127.0.0.1:5000";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  base: "/",
  build: {
    target: "es2022",
    // Nothing is written into the document itself: the policy of the server forbids it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: true,
    reportCompressedSize: true,
    rolldownOptions: {
      output: {
        entryFileNames: "assets/[name]-[hash].js",
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
  server: {
    proxy: {
      "/api": { target: server, changeOrigin: true },
      "/health": { target: server, changeOrigin: true },
    },
  },
});
